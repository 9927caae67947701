// SPDX-License-Identifier: Apache-2.0
import CRE2

/// Regular expressions, matched in time linear in the text by RE2.
enum RegexBuiltins {
    static let all: [Builtin] = [
        Builtin("regex.match", "string, string -> boolean") {
            evaluation, operands throws(BuiltinError) in
            try match(operands, evaluation)
        },
        Builtin("re_match", "string, string -> boolean", .deprecated) {
            evaluation, operands throws(BuiltinError) in
            try match(operands, evaluation)
        },
        Builtin("regex.is_valid", "string -> boolean") { evaluation, operands in
            guard operands[0].isString else { return .false }
            return .boolean((try? PatternCache.of(evaluation).expression(operands[0])) != nil)
        },
        Builtin("regex.split", "string, string -> array[string]") {
            evaluation, operands throws(BuiltinError) in
            try split(operands, evaluation)
        },
        Builtin("regex.find_n", "string, string, number -> array[string]") {
            evaluation, operands throws(BuiltinError) in
            try find(operands, evaluation, allGroups: false)
        },
        Builtin(
            "regex.find_all_string_submatch_n", "string, string, number -> array[array[string]]"
        ) { evaluation, operands throws(BuiltinError) in
            try find(operands, evaluation, allGroups: true)
        },
        Builtin("regex.replace", "string, string, string -> string") {
            evaluation, operands throws(BuiltinError) in
            try replace(operands, evaluation)
        },
        Builtin("regex.template_match", "string, string, string, string -> boolean") {
            evaluation, operands throws(BuiltinError) in
            try RegexTemplate.match(operands, evaluation)
        },
        Builtin("regex.globs_match", "string, string -> boolean") {
            _, operands throws(BuiltinError) in
            try GlobIntersection.match(operands.string(0), operands.string(1))
        },
    ]

    private static func match(
        _ operands: Operands, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        let (pattern, text) = try (operands.string(0), operands.string(1))
        return .boolean(try PatternCache.of(evaluation).expression(pattern).matches(text.bytes))
    }

    /// The parts between matches; an empty match at either end parts nothing (Go's `Split`).
    private static func split(
        _ operands: Operands, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        let (source, text) = try (operands.string(0), operands.string(1))
        let pattern = try PatternCache.of(evaluation).expression(source)
        if source.count > 0 && text.count == 0 { return evaluation.arena.array([.emptyString]) }
        var parts = ValueStack(evaluation.arena)
        var start = 0
        var end = 0
        try matches(of: pattern, in: text, groups: 1, limit: -1, evaluation) { groups in
            end = Int(groups[0].start)
            if groups[0].end != 0 {
                parts.push(text.slice(start, end))
                start = Int(groups[0].end)
            }
        }
        if end != text.count { parts.push(text.slice(start, text.count)) }
        return .array(sharing: parts.base, count: parts.count)
    }

    private static func find(
        _ operands: Operands, _ evaluation: Evaluation, allGroups: Bool
    ) throws(BuiltinError) -> Value {
        let (source, text) = try (operands.string(0), operands.string(1))
        let limit = try operands.integer(2)
        let pattern = try PatternCache.of(evaluation).expression(source)
        let count = allGroups ? pattern.groupCount : 1
        var found = ValueStack(evaluation.arena)
        try matches(of: pattern, in: text, groups: count, limit: limit, evaluation) { groups in
            guard allGroups else { return found.push(text.slice(groups[0])) }
            let parts = evaluation.arena.values(count)
            for index in 0..<count { parts[index] = text.slice(groups[index]) }
            found.push(.array(sharing: parts, count: count))
        }
        return .array(sharing: found.base, count: found.count)
    }

    /// Gives every match from left to right, at most `limit` when that is not negative. After an
    /// empty match the search goes on one character further; an empty match right behind the last
    /// match is none (Go's `FindAll`).
    private static func matches(
        of pattern: Pattern, in text: Value, groups count: Int, limit: Int,
        _ evaluation: Evaluation,
        _ body: (UnsafeMutableBufferPointer<cre2_range>) -> Void
    ) throws(BuiltinError) {
        let memory = evaluation.arena.allocate(cre2_range.self, count: count)
        let groups = UnsafeMutableBufferPointer(start: memory, count: count)
        var position = 0
        var previousEnd = -1
        var found = 0
        while position <= text.count, found != limit,
            pattern.find(text.bytes, from: position, groups)
        {
            let (start, end) = (Int(groups[0].start), Int(groups[0].end))
            let isAccepted = start != end || start != previousEnd
            if end > position {
                position = end
            } else {
                position += position < text.count ? Runes.decode(text.bytes, position).length : 1
            }
            previousEnd = end
            guard isAccepted else { continue }
            found += 1
            guard found <= Limits.collectionEntries, !evaluation.arena.isExhausted else {
                throw BuiltinError(.limit, "collection of \(found) entries exceeds the limit")
            }
            body(groups)
        }
    }
}

extension Value {
    /// What a group matched; empty when it took no part.
    fileprivate func slice(_ range: cre2_range) -> Value {
        range.start < 0 ? .emptyString : slice(Int(range.start), Int(range.end))
    }
}

// MARK: Replacing

extension RegexBuiltins {
    private static func replace(
        _ operands: Operands, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        let (text, source, template) = try (
            operands.string(0), operands.string(1), operands.string(2)
        )
        let pattern = try PatternCache.of(evaluation).expression(source)
        var result = ByteBuilder(evaluation.arena, capacity: text.count + 16)
        var copied = 0
        var isTooLong = false
        try matches(of: pattern, in: text, groups: pattern.groupCount, limit: -1, evaluation) {
            groups in
            guard !isTooLong else { return }
            result.append(text.slice(copied, Int(groups[0].start)).bytes)
            expand(template.bytes, text, groups, pattern, &result)
            copied = Int(groups[0].end)
            isTooLong = result.count > Limits.stringBytes
        }
        guard !isTooLong else {
            throw BuiltinError(.limit, "string of \(result.count) bytes exceeds the limit")
        }
        if copied == 0 && result.count == 0 { return text }
        result.append(text.slice(copied, text.count).bytes)
        return result.string
    }

    /// Go's `Expand`: `$1`, `$name`, `${name}` stand for groups, `$$` for a dollar sign. A name is
    /// as long as it can be; one that no group has is empty.
    private static func expand(
        _ template: UnsafeBufferPointer<UInt8>, _ text: Value,
        _ groups: UnsafeMutableBufferPointer<cre2_range>, _ pattern: Pattern,
        _ result: inout ByteBuilder
    ) {
        var index = 0
        while index < template.count {
            guard template[index] == UInt8(ascii: "$") else {
                result.append(template[index])
                index += 1
                continue
            }
            index += 1
            if index < template.count, template[index] == UInt8(ascii: "$") {
                result.append(UInt8(ascii: "$"))
                index += 1
                continue
            }
            guard let (name, end) = name(template, index) else {
                result.append(UInt8(ascii: "$"))
                continue
            }
            index = end
            if let group = groupNumber(name) ?? pattern.group(named: name), group < groups.count {
                result.append(text.slice(groups[group]).bytes)
            }
        }
    }

    private static func name(
        _ template: UnsafeBufferPointer<UInt8>, _ start: Int
    ) -> (UnsafeBufferPointer<UInt8>, end: Int)? {
        let hasBrace = start < template.count && template[start] == UInt8(ascii: "{")
        let first = hasBrace ? start + 1 : start
        var end = first
        while end < template.count {
            let (scalar, length) = Runes.decode(template, end)
            guard isNamePart(scalar) else { break }
            end += length
        }
        guard end > first else { return nil }
        let name = UnsafeBufferPointer(rebasing: template[first..<end])
        guard hasBrace else { return (name, end) }
        guard end < template.count, template[end] == UInt8(ascii: "}") else { return nil }
        return (name, end + 1)
    }

    private static func isNamePart(_ scalar: UInt32) -> Bool {
        if scalar < 0x80 {
            let letter = scalar | 0x20
            return scalar == 0x5F || (scalar >= 0x30 && scalar <= 0x39)
                || (letter >= 0x61 && letter <= 0x7A)
        }
        guard let properties = Unicode.Scalar(scalar)?.properties else { return false }
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
            .decimalNumber:
            return true
        default: return false
        }
    }

    /// The number that a name of digits alone stands for; out of reach when it is too large.
    private static func groupNumber(_ name: UnsafeBufferPointer<UInt8>) -> Int? {
        var number = 0
        for byte in name {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            number = min(number * 10 + Int(byte - UInt8(ascii: "0")), 100_000_000)
        }
        return number
    }
}
