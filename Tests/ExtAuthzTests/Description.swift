// SPDX-License-Identifier: Apache-2.0
import Authorization
import CExtAuthz

/// Lists every field of a CheckRequest, one a line, from both readers alike. Text ends at its
/// first NUL, as protobuf-c's strings do.
struct Description {
    private(set) var lines: [String] = []

    mutating func add(_ path: String, _ value: some CustomStringConvertible) {
        lines.append("\(path) = \(value)")
    }

    mutating func add(_ path: String, text: Bytes) {
        add(path, Array(text.buffer.prefix { $0 != 0 }).hexadecimal)
    }

    mutating func add(_ path: String, data: Bytes) { add(path, Array(data.buffer).hexadecimal) }

    mutating func add(_ path: String, text: UnsafePointer<CChar>?) {
        guard let text else { return add(path, "") }
        var bytes: [UInt8] = []
        var next = text
        while next.pointee != 0 {
            bytes.append(UInt8(bitPattern: next.pointee))
            next += 1
        }
        add(path, bytes.hexadecimal)
    }

    mutating func add(_ path: String, data: ProtobufCBinaryData) {
        add(path, Array(UnsafeBufferPointer(start: data.data, count: data.len)).hexadecimal)
    }
}

extension Description {
    /// The first line that differs; nil when both say the same.
    ///
    /// Where two embedded messages merge, protobuf-c loses an int64 that only the first one has;
    /// protobuf's rule is that an absent field changes nothing (`ReaderTests.mergesMessages`).
    func firstDifference(from oracle: Description) -> String? {
        for (own, other) in zip(lines, oracle.lines) where own != other {
            if own.hasPrefix("size = "), other == "size = 0" { continue }
            return "`\(own)`, expected `\(other)`"
        }
        return lines.count == oracle.lines.count ? nil : "one has more lines"
    }
}

extension [UInt8] {
    var hexadecimal: String {
        map { byte in
            byte >= 0x20 && byte < 0x7F
                ? String(UnicodeScalar(byte)) : "<\(String(byte, radix: 16))>"
        }.joined()
    }
}

/// The elements of a C array of pointers, without the nulls.
func elements<Element>(
    _ start: UnsafeMutablePointer<UnsafeMutablePointer<Element>?>?, _ count: Int
) -> [UnsafeMutablePointer<Element>] {
    UnsafeBufferPointer(start: start, count: count).compactMap { $0 }
}
