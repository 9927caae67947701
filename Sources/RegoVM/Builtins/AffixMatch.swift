// SPDX-License-Identifier: Apache-2.0

/// `strings.any_prefix_match` and `strings.any_suffix_match`.
enum AffixMatch {
    /// Below this many pairs each is looked at; above, one side is sorted.
    private static let fewPairs = 1024

    /// Whether any string of the first operand starts (or ends) with any of the second.
    static func any(
        _ operands: Operands, isSuffix: Bool, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        let first = operands[0]
        let second = operands[1]
        return try withStrings(first, 1) { texts throws(BuiltinError) in
            try withStrings(second, 2) { affixes throws(BuiltinError) in
                if texts.count * affixes.count > fewPairs {
                    return .boolean(try search(texts, affixes, isSuffix, evaluation))
                }
                for affix in affixes {
                    for text in texts where isSuffix ? text.hasSuffix(affix) : text.hasPrefix(affix)
                    {
                        return .true
                    }
                }
                return .false
            }
        }
    }

    /// Gives a string as a list of one, and the strings of a set or array.
    private static func withStrings(
        _ value: Value, _ position: Int,
        _ body: (UnsafeBufferPointer<Value>) throws(BuiltinError) -> Value
    ) throws(BuiltinError) -> Value {
        switch value.kind {
        case .string:
            var single = value
            let pointer = withUnsafeMutablePointer(to: &single) { $0 }
            return try body(UnsafeBufferPointer(start: pointer, count: 1))
        case .array, .set:
            for element in value.elements where !element.isString {
                throw .element(position, of: value, mustBe: "string", got: element)
            }
            return try body(value.elements)
        default:
            throw .operand(position, mustBeOneOf: "string, set, array", got: value)
        }
    }

    /// Sorts the texts; those that start with a prefix follow right behind the place of the prefix.
    private static func search(
        _ texts: UnsafeBufferPointer<Value>, _ affixes: UnsafeBufferPointer<Value>,
        _ isSuffix: Bool,
        _ evaluation: Evaluation
    ) throws(BuiltinError) -> Bool {
        let keys = try evaluation.values(texts.count)
        for (index, text) in texts.enumerated() {
            keys[index] = isSuffix ? try reversed(text, evaluation) : text
        }
        let order = sortedOrder(keys, texts.count, evaluation.arena)
        for affix in affixes {
            let prefix = isSuffix ? try reversed(affix, evaluation) : affix
            var (low, high) = (0, texts.count)
            while low < high {
                let middle = (low + high) / 2
                if keys[Int(order[middle])].compare(prefix) < 0 {
                    low = middle + 1
                } else {
                    high = middle
                }
            }
            if low < texts.count, keys[Int(order[low])].hasPrefix(prefix) { return true }
        }
        return false
    }

    private static func reversed(_ text: Value, _ evaluation: Evaluation) throws(BuiltinError)
        -> Value
    {
        let copy = try evaluation.bytes(text.count)
        for index in 0..<text.count { copy[index] = text.bytes[text.count - 1 - index] }
        return .string(copy, text.count)
    }
}
