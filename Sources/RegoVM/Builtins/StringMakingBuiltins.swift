// SPDX-License-Identifier: Apache-2.0
import BigInt

/// Builtins that make new strings.
enum StringMakingBuiltins {
    static let all: [Builtin] = [
        Builtin("concat", "string, any<array[string], set[string]> -> string") {
            evaluation, operands throws(BuiltinError) in
            try concat(operands, evaluation)
        },
        Builtin("lower", "string -> string") { evaluation, operands throws(BuiltinError) in
            try mapCase(operands.string(0), toUpper: false, evaluation)
        },
        Builtin("upper", "string -> string") { evaluation, operands throws(BuiltinError) in
            try mapCase(operands.string(0), toUpper: true, evaluation)
        },
        Builtin("strings.reverse", "string -> string") {
            evaluation, operands throws(BuiltinError) in
            try reverse(operands.string(0), evaluation)
        },
        Builtin("replace", "string, string, string -> string") {
            evaluation, operands throws(BuiltinError) in
            try replace(operands.string(0), operands.string(1), operands.string(2), evaluation)
        },
        Builtin("strings.replace_n", "object[string: string], string -> string") {
            evaluation, operands throws(BuiltinError) in
            try ReplaceMany.run(operands, evaluation)
        },
        Builtin("format_int", "number, number -> string") {
            evaluation, operands throws(BuiltinError) in
            try formatInteger(operands, evaluation)
        },
        Builtin("sprintf", "string, array[any] -> string") {
            evaluation, operands throws(BuiltinError) in
            try GoFormat.format(operands.string(0), operands.array(1).elements, evaluation)
        },
        Builtin("strings.render_template", "string, object[string: any] -> string") {
            evaluation, operands throws(BuiltinError) in
            try TextTemplate.render(operands.string(0), operands.object(1), evaluation)
        },
    ]

    private static func concat(
        _ operands: Operands, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        let separator = try operands.string(0)
        let list = try operands.list(1)
        var size = separator.count * max(list.count - 1, 0)
        for element in list.elements {
            guard element.isString else {
                throw .element(2, of: list, mustBe: "string", got: element)
            }
            size += element.count
        }
        if list.count == 1 { return list.elements[0] }
        let text = try evaluation.bytes(size)
        var position = 0
        for (index, element) in list.elements.enumerated() {
            if index > 0 { position += separator.write(to: text + position) }
            position += element.write(to: text + position)
        }
        return .string(text, size)
    }

    private static func mapCase(
        _ text: Value, toUpper: Bool, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        let bytes = text.bytes
        guard Runes.isASCII(bytes) else { return try mapLongCase(text, toUpper, evaluation) }
        let first = UInt8(ascii: toUpper ? "a" : "A")
        guard bytes.contains(where: { $0 &- first < 26 }) else { return text }
        let mapped = try evaluation.bytes(text.count)
        for index in 0..<bytes.count {
            mapped[index] = bytes[index] &- first < 26 ? bytes[index] ^ 0x20 : bytes[index]
        }
        return .string(mapped, bytes.count)
    }

    private static func mapLongCase(
        _ text: Value, _ toUpper: Bool, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        // A mapped character takes at most three bytes where it took one or two.
        let mapped = try evaluation.bytes(text.count * 3)
        var (index, count) = (0, 0)
        while index < text.count {
            let (scalar, length) = Runes.decode(text.bytes, index)
            index += length
            count += UTF8Text.encode(Runes.mapCase(scalar, toUpper: toUpper), into: mapped + count)
        }
        return .string(mapped, count)
    }

    private static func reverse(_ text: Value, _ evaluation: Evaluation) throws(BuiltinError)
        -> Value
    {
        let reversed = try evaluation.bytes(text.count)
        var index = 0
        while index < text.count {
            let length = Runes.decode(text.bytes, index).length
            for offset in 0..<length {
                reversed[text.count - index - length + offset] = text.bytes[index + offset]
            }
            index += length
        }
        return .string(reversed, text.count)
    }

    private static func replace(
        _ text: Value, _ old: Value, _ new: Value, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        if old.count == 0 { return try insertEverywhere(new, text, evaluation) }
        let count = try StringBuiltins.occurrences(of: old, in: text, evaluation)
        if count == 0 { return text }
        let search = try ByteSearch(old.bytes, evaluation)
        let size = text.count - count * old.count + count * new.count
        let replaced = try evaluation.bytes(size)
        var (start, position) = (0, 0)
        for _ in 0..<count {
            let place = search.find(in: text.bytes, from: start)
            position += text.slice(start, place).write(to: replaced + position)
            position += new.write(to: replaced + position)
            start = place + old.count
        }
        _ = text.slice(start, text.count).write(to: replaced + position)
        return .string(replaced, size)
    }

    /// An empty string is found before every character and at the end.
    private static func insertEverywhere(
        _ new: Value, _ text: Value, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        let size = text.count + (Runes.count(text.bytes) + 1) * new.count
        let result = try evaluation.bytes(size)
        var (index, position) = (0, 0)
        while index < text.count {
            position += new.write(to: result + position)
            let end = index + Runes.decode(text.bytes, index).length
            position += text.slice(index, end).write(to: result + position)
            index = end
        }
        _ = new.write(to: result + position)
        return .string(result, size)
    }

    private static func formatInteger(
        _ operands: Operands, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        let value = try operands.number(0)
        let base = try operands.number(1).asInteger ?? 0
        guard base == 2 || base == 8 || base == 10 || base == 16 else {
            throw .operand(2, "must be one of {2, 8, 10, 16}")
        }
        if base == 10, let integer = value.asInteger {
            var text = ByteBuilder(evaluation.arena, capacity: IntegerText.capacity)
            text.append(integer)
            return text.string
        }
        let integer: BigInt
        if value.asInteger != nil || Number.isPlainInteger(value.bytes),
            let exact = try Number.bigInteger(value, evaluation)
        {
            integer = exact
        } else {
            integer = try ExtendedFloat(value, evaluation).truncated
        }
        try evaluation.charge(digits: integer.bitWidth * 301 / 1000)
        return evaluation.string(String(integer, radix: Int(base)))
    }
}

extension Value {
    /// Copies a string's bytes; returns how many.
    @inline(__always)
    func write(to memory: UnsafeMutablePointer<UInt8>) -> Int {
        guard count > 0, let base = bytes.baseAddress else { return 0 }
        memory.update(from: base, count: count)
        return count
    }
}

/// `strings.replace_n`: several replacements in one pass, as Go's `strings.Replacer`.
enum ReplaceMany {
    /// Byte comparisons that one call may spend.
    private static let workLimit = 200_000_000

    static func run(_ operands: Operands, _ evaluation: Evaluation) throws(BuiltinError) -> Value {
        let patterns = try operands.object(0)
        let text = try operands.string(1)
        for key in patterns.keys where !key.isString {
            throw .operand(1, "non-string key found in pattern object")
        }
        for value in patterns.values where !value.isString {
            throw .operand(1, "non-string value found in pattern object")
        }
        var result = ByteBuilder(evaluation.arena, capacity: text.count + 16)
        var (index, copied, work) = (0, 0, 0)
        var isAfterEmpty = false
        while index <= text.count {
            let found = match(patterns.keys, text.bytes, index, skipEmpty: isAfterEmpty, &work)
            guard work <= workLimit else {
                throw BuiltinError(.limit, "too many patterns for the text")
            }
            isAfterEmpty = found >= 0 && patterns.keys[found].count == 0
            if found < 0 {
                index += index < text.count ? Runes.decode(text.bytes, index).length : 1
                continue
            }
            result.append(text.slice(copied, index).bytes)
            result.append(patterns.values[found].bytes)
            guard result.count <= Limits.stringBytes else {
                throw BuiltinError(.limit, "string of \(result.count) bytes exceeds the limit")
            }
            index += patterns.keys[found].count
            copied = index
        }
        result.append(text.slice(copied, text.count).bytes)
        return result.string
    }

    /// The first of the sorted keys that the text has at `index`, which is the shortest; else -1.
    private static func match(
        _ keys: UnsafeBufferPointer<Value>, _ text: UnsafeBufferPointer<UInt8>, _ index: Int,
        skipEmpty: Bool, _ work: inout Int
    ) -> Int {
        var (low, high, depth) = (0, keys.count, 0)
        if skipEmpty, keys.count > 0, keys[0].count == 0 { low = 1 }
        while low < high {
            if keys[low].count == depth { return low }
            guard index + depth < text.count else { return -1 }
            let byte = text[index + depth]
            low = bound(keys, low, high, depth) { $0 < byte }
            high = bound(keys, low, high, depth) { $0 <= byte }
            depth += 1
            work += 16
        }
        return -1
    }

    /// The first key in `low..<high` whose byte at `depth` does not satisfy `isBefore`.
    private static func bound(
        _ keys: UnsafeBufferPointer<Value>, _ low: Int, _ high: Int, _ depth: Int,
        _ isBefore: (UInt8) -> Bool
    ) -> Int {
        var (low, high) = (low, high)
        while low < high {
            let middle = (low + high) / 2
            if isBefore(keys[middle].bytes[depth]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
