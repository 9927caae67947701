// SPDX-License-Identifier: Apache-2.0
import Authorization

/// Percent-decoding (RFC 3986 section 2.1), strict: what is ambiguous is refused, not repaired.
enum PercentDecoding {
    /// The text; nil for a `%` without two digits, for what is not UTF-8, and for control
    /// characters, which no name has.
    ///
    /// - Parameter plusIsSpace: as in the query of a form.
    static func decode(_ text: Substring, plusIsSpace: Bool = false) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            var decoded = byte
            if byte == UInt8(ascii: "%") {
                guard let high = rest.popFirst().flatMap(ASCII.hexadecimal),
                    let low = rest.popFirst().flatMap(ASCII.hexadecimal)
                else { return nil }
                decoded = high << 4 | low
            } else if byte == UInt8(ascii: "+"), plusIsSpace {
                decoded = UInt8(ascii: " ")
            }
            guard decoded >= 0x20, decoded != 0x7F else { return nil }
            bytes.append(decoded)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

/// The segments of a request's path, decoded one by one: an encoded slash parts nothing.
struct RequestPath: Equatable {
    let segments: [String]

    /// Nil for what cannot be the path of anything here: see `PercentDecoding`; too long; with
    /// empty segments, `.` or `..`.
    init?(_ path: String) {
        guard path.utf8.first == UInt8(ascii: "/") else { return nil }
        let parts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= Limits.segments else { return nil }
        var segments: [String] = []
        for part in parts {
            guard part.utf8.count <= Limits.encodedBytes,
                let segment = PercentDecoding.decode(part), !segment.isEmpty,
                segment != ".", segment != ".."
            else { return nil }
            segments.append(segment)
        }
        self.segments = segments
    }
}
