// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// Header values of SEP-2243: plain text, or `=?base64?...?=` for what plain text cannot carry.
enum EncodedHeader {
    /// - Returns: the decoded value; nil when it is not well formed.
    static func decode(_ value: Bytes, _ arena: Arena) -> Bytes? {
        let opening: StaticString = "=?base64?"
        guard value.hasPrefix(opening) else { return value }
        guard value.hasSuffix("?="), value.count >= opening.utf8CodeUnitCount + 2,
            value.count <= Limits.encodedNameBytes
        else { return nil }
        return Base64.decode(
            padded: value[opening.utf8CodeUnitCount..<value.count - 2], arena)
    }

    /// True when a scalar inside `arguments` is written as `text`; numbers are compared as numbers.
    static func occurs(
        _ text: Bytes, in arguments: Value, _ arena: Arena, _ depth: Int, _ left: inout Int
    ) -> Bool {
        guard depth < Limits.argumentDepth, left > 0 else { return false }
        left -= 1
        switch arguments.kind {
        case .object:
            for value in arguments.values where occurs(text, in: value, arena, depth + 1, &left) {
                return true
            }
            return false
        case .string: return arguments.text == text
        case .boolean: return text.equals(arguments.isTrue ? "true" : "false")
        case .integer, .decimal:
            guard let number = try? JSONReader.read(text.buffer, into: arena) else { return false }
            return number.isNumber && number.isEqual(to: arguments)
        default: return false
        }
    }
}
