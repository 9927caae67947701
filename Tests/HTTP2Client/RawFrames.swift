// SPDX-License-Identifier: Apache-2.0

/// HTTP/2 by hand, for what no decent client would send.
public enum Raw {
    public static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    public static let emptySettings = frame(type: 4)
    /// What every connection begins with.
    public static let greeting = preface + emptySettings

    public static let data: UInt8 = 0
    public static let headers: UInt8 = 1
    public static let priority: UInt8 = 2
    public static let rstStream: UInt8 = 3
    public static let settings: UInt8 = 4
    public static let pushPromise: UInt8 = 5
    public static let ping: UInt8 = 6
    public static let goAway: UInt8 = 7
    public static let windowUpdate: UInt8 = 8
    public static let continuation: UInt8 = 9

    public static let endStream: UInt8 = 1
    public static let endHeaders: UInt8 = 4

    /// - Parameter length: what the frame says of its payload, true or not.
    public static func frame(
        type: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = [],
        length: Int? = nil
    ) -> [UInt8] {
        let count = length ?? payload.count
        return bytes(UInt32(count)).dropFirst() + [type, flags] + bytes(stream) + payload
    }

    public static func bytes(_ word: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> $0) }
    }

    /// Fields as literals that are not indexed (RFC 7541 section 6.2.2), without Huffman codes.
    public static func block(_ fields: [(String, String)]) -> [UInt8] {
        fields.flatMap { [0x00] + text($0.0) + text($0.1) }
    }

    private static func text(_ value: String) -> [UInt8] {
        let bytes = Array(value.utf8)
        if bytes.count < 127 { return [UInt8(bytes.count)] + bytes }
        var rest = bytes.count - 127
        var prefix: [UInt8] = [127]
        while rest >= 128 {
            prefix.append(UInt8(rest & 127 | 128))
            rest >>= 7
        }
        return prefix + [UInt8(rest)] + bytes
    }

    public static func callFields(_ path: String) -> [(String, String)] {
        [
            (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "authz"),
            ("content-type", "application/grpc"), ("te", "trailers"),
        ]
    }

    /// HEADERS of a gRPC call.
    public static func call(_ path: String, stream: UInt32, ends: Bool = false) -> [UInt8] {
        let flags = endHeaders | (ends ? endStream : 0)
        return frame(type: headers, flags: flags, stream: stream, block(callFields(path)))
    }
}
