// SPDX-License-Identifier: Apache-2.0
import Authorization
import Cryptography

/// Finds entries by a SHA-256 hash: a hash table that hashes nothing, since any bits of one do.
final class DigestTable: @unchecked Sendable {
    private let slots: EntrySlots
    private let entries: EntryTable

    /// - Parameter numbers: of entries whose values are 64 hexadecimal digits in lower case.
    init(_ numbers: [UInt32], _ entries: EntryTable) {
        self.entries = entries
        slots = EntrySlots(for: numbers.count)
        for number in numbers {
            guard let digest = Digest(hexadecimal: entries[number].value) else { continue }
            slots.insert(number, digest.prefix, entries) { isValue($0, digest) }
        }
    }

    deinit { slots.free() }

    private func isValue(_ number: UInt32, _ digest: Digest) -> Bool {
        Digest(hexadecimal: entries[number].value) == digest
    }

    /// Entries of exactly this hash.
    func find(_ digest: Digest, _ body: (UInt32) -> Void) {
        entries.forEach(from: slots.find(digest.prefix) { isValue($0, digest) }, body)
    }
}

extension Digest {
    /// Nil unless `text` is 64 hexadecimal digits in lower case.
    init?(hexadecimal text: Bytes) {
        guard text.count == 2 * Self.byteCount else { return nil }
        var isHexadecimal = true
        func nibble(_ byte: UInt8) -> UInt8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): return byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): return byte - UInt8(ascii: "a") + 10
            default:
                isHexadecimal = false
                return 0
            }
        }
        self.init()
        withUnsafeMutableBytes { bytes in
            for index in 0..<Self.byteCount {
                bytes[index] = nibble(text[2 * index]) << 4 | nibble(text[2 * index + 1])
            }
        }
        guard isHexadecimal else { return nil }
    }
}
