// SPDX-License-Identifier: Apache-2.0

/// Frame types (RFC 9113 section 6).
enum FrameType {
    static let data: UInt8 = 0
    static let headers: UInt8 = 1
    static let priority: UInt8 = 2
    static let rstStream: UInt8 = 3
    static let settings: UInt8 = 4
    static let pushPromise: UInt8 = 5
    static let ping: UInt8 = 6
    static let goAway: UInt8 = 7
    static let windowUpdate: UInt8 = 8
    static let continuation: UInt8 = 9
}

struct FrameFlags: OptionSet {
    let rawValue: UInt8
    static let endStream = FrameFlags(rawValue: 0x1)
    /// Of SETTINGS and PING.
    static let ack = FrameFlags(rawValue: 0x1)
    static let endHeaders = FrameFlags(rawValue: 0x4)
    static let padded = FrameFlags(rawValue: 0x8)
    static let priority = FrameFlags(rawValue: 0x20)
}

/// Error codes (RFC 9113 section 7).
public enum ErrorCode: UInt32, Sendable {
    case noError = 0x0
    case protocolError = 0x1
    case internalError = 0x2
    case flowControlError = 0x3
    case streamClosed = 0x5
    case frameSizeError = 0x6
    case refusedStream = 0x7
    case cancel = 0x8
    case compressionError = 0x9
    case enhanceYourCalm = 0xB
}

/// The settings that concern a server (RFC 9113 section 6.5.2).
enum SettingID {
    static let headerTableSize: UInt16 = 1
    static let enablePush: UInt16 = 2
    static let maxConcurrentStreams: UInt16 = 3
    static let initialWindowSize: UInt16 = 4
    static let maxFrameSize: UInt16 = 5
    static let maxHeaderListSize: UInt16 = 6
}

/// What RFC 9113 itself fixes.
enum HTTP2Constants {
    static let preface: StaticString = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    /// Payload bytes of a frame, for a receiver that announced nothing else.
    static let frameBytes = 16_384
    static let mostFrameBytes = 16_777_215
    static let initialWindow = 65_535
    static let headerTableBytes = 4096
    static let largestWindow = 0x7FFF_FFFF
}

/// The nine bytes before each payload (RFC 9113 section 4.1).
struct FrameHead {
    static let bytes = 9

    var length: Int
    var type: UInt8
    var flags: FrameFlags
    var stream: Int32

    init(length: Int, type: UInt8, flags: FrameFlags = [], stream: Int32) {
        self.length = length
        self.type = type
        self.flags = flags
        self.stream = stream
    }

    /// Reads nine bytes; the reserved bit of the stream is dropped.
    @inline(__always)
    init(_ bytes: UnsafeRawPointer) {
        let word = UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self))
        length = Int(word >> 8)
        type = UInt8(truncatingIfNeeded: word)
        flags = FrameFlags(rawValue: bytes.load(fromByteOffset: 4, as: UInt8.self))
        stream = Int32(bytes.bigEndian(at: 5) & 0x7FFF_FFFF)
    }

    /// Writes nine bytes.
    @inline(__always)
    func write(to bytes: UnsafeMutableRawPointer) {
        let word = UInt32(truncatingIfNeeded: length) << 8 | UInt32(type)
        bytes.storeBytes(of: word.bigEndian, as: UInt32.self)
        bytes.storeBytes(of: flags.rawValue, toByteOffset: 4, as: UInt8.self)
        let id = UInt32(bitPattern: stream).bigEndian
        bytes.storeBytes(of: id, toByteOffset: 5, as: UInt32.self)
    }
}

extension UnsafeRawPointer {
    @inline(__always)
    func bigEndian(at offset: Int) -> UInt32 {
        UInt32(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
}
