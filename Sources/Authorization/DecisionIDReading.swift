// SPDX-License-Identifier: Apache-2.0

extension DecisionID {
    /// Reads what `write` wrote; nil for anything but 36 characters with hyphens in their places
    /// and hexadecimal digits elsewhere, of either case.
    public init?(_ text: Bytes) {
        guard text.count == Self.textLength else { return nil }
        var words: (UInt64, UInt64) = (0, 0)
        var digits = 0
        for index in 0..<text.count {
            if index == 8 || index == 13 || index == 18 || index == 23 {
                guard text[index] == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = Self.digit(text[index]) else { return nil }
            if digits < 16 {
                words.0 = words.0 << 4 | digit
            } else {
                words.1 = words.1 << 4 | digit
            }
            digits += 1
        }
        self.init()
        high = words.0
        low = words.1
    }

    /// Whether `text` is what `write` writes.
    public func isWritten(_ text: Bytes) -> Bool {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.textLength) { own in
            guard let start = own.baseAddress else { return false }
            write(to: start)
            return text == Bytes(start: start, count: Self.textLength)
        }
    }

    private static func digit(_ byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}
