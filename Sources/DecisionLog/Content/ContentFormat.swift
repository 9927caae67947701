// SPDX-License-Identifier: Apache-2.0
import Authorization
import Cryptography

// The content store's files, which lie beside the log and are no part of it. A segment is a header
// and entries; an entry is a header and a text. All numbers are little-endian.

/// The first 32 bytes of a segment.
///
/// | bytes | what |
/// | --- | --- |
/// | 8 | `PCCONT1` and a line feed |
/// | 8 | the segment's number |
/// | 8 | when it was begun, in nanoseconds since 1970 |
/// | 8 | XXH64 of the bytes before |
struct ContentSegmentHeader: Equatable {
    static let length = 32
    private static let magic = UInt64(littleEndian: 0x0A31_544E_4F43_4350)

    let ordinal: Int
    let begun: Int64

    init(ordinal: Int, begun: Int64) {
        self.ordinal = ordinal
        self.begun = begun
    }

    func write(to buffer: UnsafeMutableRawBufferPointer) {
        buffer.storeBytes(of: Self.magic.littleEndian, as: UInt64.self)
        buffer.storeBytes(of: UInt64(ordinal).littleEndian, toByteOffset: 8, as: UInt64.self)
        buffer.storeBytes(of: begun.littleEndian, toByteOffset: 16, as: Int64.self)
        let sum = Checksum.of(UnsafeRawBufferPointer(rebasing: buffer[..<24]))
        buffer.storeBytes(of: sum.littleEndian, toByteOffset: 24, as: UInt64.self)
    }

    /// Nil when the bytes are no segment header.
    init?(_ bytes: UnsafeRawBufferPointer) {
        func number(_ offset: Int) -> UInt64 {
            UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        guard bytes.count >= Self.length, number(0) == Self.magic,
            number(24) == Checksum.of(UnsafeRawBufferPointer(rebasing: bytes[..<24])),
            let ordinal = Int(exactly: number(8))
        else { return nil }
        self.init(ordinal: ordinal, begun: Int64(bitPattern: number(16)))
    }
}

/// The first 48 bytes of an entry, before its text.
///
/// | bytes | what |
/// | --- | --- |
/// | 4 | `PCE1`; `PCX1` once it is erased |
/// | 4 | bytes of the text |
/// | 16 | the decision's id |
/// | 8 | nanoseconds since 1970: of the decision, or of the erasure |
/// | 16 | the salt; zero once it is erased |
struct ContentEntryHeader {
    static let length = 48
    static let saltOffset = 32
    static let saltLength = 16
    private static let kept: UInt32 = 0x3145_4350
    private static let erased: UInt32 = 0x3158_4350

    var isErased: Bool
    var bytes: Int
    var id: DecisionID
    var time: Int64

    /// Writes all but the salt.
    func write(to buffer: UnsafeMutableRawPointer) {
        let magic = isErased ? Self.erased : Self.kept
        buffer.storeBytes(of: magic.littleEndian, as: UInt32.self)
        buffer.storeBytes(of: UInt32(bytes).littleEndian, toByteOffset: 4, as: UInt32.self)
        buffer.storeBytes(of: id.high.littleEndian, toByteOffset: 8, as: UInt64.self)
        buffer.storeBytes(of: id.low.littleEndian, toByteOffset: 16, as: UInt64.self)
        buffer.storeBytes(of: time.littleEndian, toByteOffset: 24, as: Int64.self)
    }

    init(isErased: Bool, bytes: Int, id: DecisionID, time: Int64) {
        self.isErased = isErased
        self.bytes = bytes
        self.id = id
        self.time = time
    }

    /// Nil when the bytes are no entry header.
    init?(_ buffer: UnsafeRawBufferPointer) {
        guard buffer.count >= Self.length else { return nil }
        let magic = UInt32(littleEndian: buffer.loadUnaligned(as: UInt32.self))
        guard magic == Self.kept || magic == Self.erased else { return nil }
        isErased = magic == Self.erased
        bytes = Int(UInt32(littleEndian: buffer.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
        id = DecisionID()
        id.high = UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        id.low = UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
        time = Int64(littleEndian: buffer.loadUnaligned(fromByteOffset: 24, as: Int64.self))
    }
}

/// Names of segment files: `0000000000000001.content`.
enum ContentSegmentName {
    private static let suffix = ".content"

    static func of(_ ordinal: Int) -> String {
        let digits = String(ordinal)
        let zeros = max(0, DecisionLogLimits.segmentDigits - digits.utf8.count)
        return String(repeating: "0", count: zeros) + digits + suffix
    }

    /// The number in a name; nil for any other name.
    static func ordinal(_ name: String) -> Int? {
        guard name.hasSuffix(suffix), let ordinal = Int(name.dropLast(suffix.count)),
            ordinal >= 0, of(ordinal) == name
        else { return nil }
        return ordinal
    }
}
