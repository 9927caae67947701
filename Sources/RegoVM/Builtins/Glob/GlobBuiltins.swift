// SPDX-License-Identifier: Apache-2.0

/// Globs as `gobwas/glob` 0.2.3 reads them, which OPA uses: `*` and `?` stop at delimiters, `**`
/// does not; `[abc]`, `[!a-c]` and `{a,b}` choose. Its errors are part of what policies mean:
/// `a**a` matches `a`, and `?` the empty text.
enum GlobBuiltins {
    static let all: [Builtin] = [
        Builtin("glob.match", "string, any<null, array[string]>, string -> boolean") {
            evaluation, operands throws(BuiltinError) in
            let glob = try operands.string(0)
            let delimiters = try delimiters(operands[1], evaluation)
            let text = try operands.string(2)
            let globs = evaluation.cache(CompiledTexts<GlobMatcher>.self) { CompiledTexts() }
            let matcher = try globs.compiled(glob, delimiters) { () throws(BuiltinError) in
                guard max(glob.count, delimiters.count) <= Limits.patternBytes else {
                    throw BuiltinError(.limit, "pattern of \(glob.count) bytes exceeds the limit")
                }
                let tree = try GlobParser.parse(glob.bytes)
                return try GlobCompiler.compile(tree, Delimiters(delimiters.bytes))
            }
            var run = GlobRun()
            let matches = matcher.matches(text.bytes, &run)
            if let failure = run.failure { throw failure }
            return .boolean(matches)
        },
        Builtin("glob.quote_meta", "string -> string") {
            evaluation, operands throws(BuiltinError) in
            let text = try operands.string(0)
            var quoted = ByteBuilder(evaluation.arena, capacity: text.count + 16)
            for byte in text.bytes {
                if GlobParser.isSpecial(byte) { quoted.append(UInt8(ascii: "\\")) }
                quoted.append(byte)
            }
            return quoted.string
        },
    ]

    /// The delimiters in one string; none for null, a dot for an empty array.
    private static func delimiters(
        _ value: Value, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        if value.kind == .null { return .emptyString }
        guard value.kind == .array else {
            throw .operand(2, mustBeOneOf: "array, null", got: value)
        }
        if value.count == 0 { return .string(".") }
        if value.count == 1, value.elements[0].isString, value.elements[0].count == 1 {
            return value.elements[0]
        }
        var text = ByteBuilder(evaluation.arena, capacity: value.count * 4)
        for element in value.elements {
            guard element.isString else {
                throw .element(2, of: value, mustBe: "string", got: element)
            }
            guard Runes.count(element.bytes) == 1 else {
                throw .element(2, of: value, mustBe: "rune", got: element)
            }
            text.append(element.bytes)
        }
        return text.string
    }
}
