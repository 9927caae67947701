// SPDX-License-Identifier: Apache-2.0

/// Base documents are read as from OPA's store, whose paths are texts: a number finds the member
/// of an object that is called like it, and a text that is an integer an element of an array.
extension Value {
    /// What the base document `self` has under `key`.
    @inline(__always)
    func stored(_ key: Value) -> Value {
        let value = self[key]
        return value.isDefined ? value : storedUnderText(key)
    }

    /// The base document at `path`.
    func document(at path: [Value]) -> Value {
        var result = self
        for step in path {
            result = result.stored(step)
            if result.isUndefined { return result }
        }
        return result
    }

    @inline(never)
    private func storedUnderText(_ key: Value) -> Value {
        switch (kind, key.kind) {
        case (.object, .decimal):
            return self[.string(sharing: key.bytes)]
        case (.object, .integer):
            var name = String(Int64(bitPattern: key.bits))
            return name.withUTF8 { self[.string(sharing: $0)] }
        case (.array, .string):
            guard let index = Self.storedIndex(key.bytes) else { return .undefined }
            return self[.integer(index)]
        default: return .undefined
        }
    }

    /// Digits of the longest index.
    private static let indexDigits = 18

    /// An integer from 0: `7`, `+7`, `07`, `7.`, `7.0`, `-0`; of digits before a point there may
    /// be none.
    private static func storedIndex(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
        var rest = text[...]
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        let digits = rest.prefix { $0 != UInt8(ascii: ".") }
        let fraction = rest[digits.endIndex...]
        guard rest.count > 0, digits.count <= indexDigits,
            fraction.dropFirst().allSatisfy({ $0 == UInt8(ascii: "0") })
        else { return nil }
        var index = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            index = index * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return isNegative && index > 0 ? nil : index
    }
}
