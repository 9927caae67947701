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
            guard let digit = ASCII.hexadecimal(text[index]) else { return nil }
            if digits < 16 {
                words.0 = words.0 << 4 | UInt64(digit)
            } else {
                words.1 = words.1 << 4 | UInt64(digit)
            }
            digits += 1
        }
        self.init()
        high = words.0
        low = words.1
    }

    public init?(_ text: String) {
        var text = text
        guard let id = text.withUTF8({ DecisionID(Bytes(UnsafeRawBufferPointer($0))) }) else {
            return nil
        }
        self = id
    }

    /// Whether `text` is what `write` writes.
    public func isWritten(_ text: Bytes) -> Bool {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.textLength) { own in
            guard let start = own.baseAddress else { return false }
            write(to: start)
            return text == Bytes(start: start, count: Self.textLength)
        }
    }
}
