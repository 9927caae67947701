// SPDX-License-Identifier: Apache-2.0
import Cryptography

/// Threat lists as they counted at one time, in a form that can be kept: replay looks up in them
/// what a decision looked up then.
///
/// For each list a uint32 length and its name, a uint32 number of entries, and for each entry kind,
/// severity, and value, id and category each after a uint16 length; all numbers big-endian.
public struct ThreatSnapshot: Sendable {
    /// Names the content: the first 16 bytes of its SHA-256 hash, in hexadecimal digits.
    public let revision: String
    public let bytes: [UInt8]

    /// Why bytes are none.
    public struct Malformed: Error, Equatable {}

    public init(_ lists: [ThreatList]) {
        var bytes: [UInt8] = []
        for list in lists {
            Self.append(list.name.utf8.count, 4, to: &bytes)
            bytes += list.name.utf8
            Self.append(list.entries.count, 4, to: &bytes)
            for entry in list.entries {
                bytes.append(entry.kind.rawValue)
                bytes.append(entry.severity)
                for text in [entry.value, entry.id, entry.category] {
                    Self.append(text.count, 2, to: &bytes)
                    bytes += text
                }
            }
        }
        self.init(bytes: bytes)
    }

    /// - Parameter bytes: of a snapshot; `lists` tells whether they are well formed.
    public init(bytes: [UInt8]) {
        self.bytes = bytes
        let digest = SHA256.hash(bytes).bytes.prefix(16)
        revision = digest.reduce(into: "") { text, byte in
            text += String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }
    }

    private static func append(_ number: Int, _ length: Int, to bytes: inout [UInt8]) {
        for shift in stride(from: 8 * (length - 1), through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }

    /// The lists again.
    public func lists() throws(Malformed) -> [ThreatList] {
        var reader = Reader(bytes: bytes)
        var lists: [ThreatList] = []
        while !reader.isAtEnd {
            guard lists.count < Limits.lists else { throw Malformed() }
            let name = try reader.text(4)
            let count = try reader.number(4)
            guard count <= Limits.entries else { throw Malformed() }
            var list = ThreatList(name: String(decoding: name, as: UTF8.self), entries: [])
            for _ in 0..<count { list.entries.append(try reader.entry()) }
            lists.append(list)
        }
        return lists
    }

    private struct Reader {
        let bytes: [UInt8]
        var place = 0

        var isAtEnd: Bool { place == bytes.count }

        mutating func number(_ length: Int) throws(Malformed) -> Int {
            guard bytes.count - place >= length else { throw Malformed() }
            var number = 0
            for _ in 0..<length {
                number = number << 8 | Int(bytes[place])
                place += 1
            }
            return number
        }

        mutating func text(_ length: Int) throws(Malformed) -> [UInt8] {
            let count = try number(length)
            guard bytes.count - place >= count else { throw Malformed() }
            place += count
            return Array(bytes[(place - count)..<place])
        }

        mutating func entry() throws(Malformed) -> ThreatEntry {
            let kind = ThreatKind(rawValue: UInt8(try number(1)))
            let severity = UInt8(try number(1))
            let value = try text(2)
            guard let kind, severity <= 100, value.count <= Limits.valueBytes else {
                throw Malformed()
            }
            var entry = ThreatEntry(kind: kind, value: value, severity: severity)
            entry.id = try text(2)
            entry.category = try text(2)
            return entry
        }
    }
}
