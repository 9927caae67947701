// SPDX-License-Identifier: Apache-2.0

/// Globs as `gobwas/glob` reads them: `*` and `?` stop at delimiters, `**` does not; `[abc]`,
/// `[!a-c]` and `{a,b}` choose.
enum GlobBuiltins {
    static let all: [Builtin] = [
        Builtin("glob.match", "string, any<null, array[string]>, string -> boolean") {
            evaluation, operands throws(BuiltinError) in
            let glob = try operands.string(0)
            let delimiters = try delimiters(operands[1], evaluation)
            let text = try operands.string(2)
            let pattern = try PatternCache.of(evaluation).pattern(.glob, glob, delimiters) {
                () throws(BuiltinError) in
                try GlobCompiler.compile(glob.bytes, delimiters.bytes, evaluation)
            }
            return .boolean(pattern.matches(text.bytes, whole: true))
        },
        Builtin("glob.quote_meta", "string -> string") {
            evaluation, operands throws(BuiltinError) in
            let text = try operands.string(0)
            var quoted = ByteBuilder(evaluation.arena, capacity: text.count + 16)
            for byte in text.bytes {
                if GlobCompiler.isSpecial(byte) { quoted.append(UInt8(ascii: "\\")) }
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

/// Turns a glob into a regular expression.
struct GlobCompiler {
    private let glob: UnsafeBufferPointer<UInt8>
    private let delimiters: UnsafeBufferPointer<UInt8>
    private var position = 0
    private var depth = 0
    private var expression: ByteBuilder

    static func compile(
        _ glob: UnsafeBufferPointer<UInt8>, _ delimiters: UnsafeBufferPointer<UInt8>,
        _ evaluation: Evaluation
    ) throws(BuiltinError) -> Pattern {
        guard glob.count <= Limits.patternBytes, delimiters.count <= Limits.patternBytes else {
            throw BuiltinError(.limit, "pattern of \(glob.count) bytes exceeds the limit")
        }
        var compiler = GlobCompiler(
            glob: glob, delimiters: delimiters,
            expression: ByteBuilder(evaluation.arena, capacity: glob.count * 2 + 64))
        try compiler.run()
        // Escaping makes an expression up to eight times as long as its glob.
        let bytes = compiler.expression.bytes
        guard bytes.count <= Limits.patternBytes * 8 else {
            throw BuiltinError(.limit, "pattern of \(bytes.count) bytes exceeds the limit")
        }
        return try PatternCache.compile(bytes, dotMatchesNewline: true)
    }

    private init(
        glob: UnsafeBufferPointer<UInt8>, delimiters: UnsafeBufferPointer<UInt8>,
        expression: ByteBuilder
    ) {
        self.glob = glob
        self.delimiters = delimiters
        self.expression = expression
    }

    static func isSpecial(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "\\"), UInt8(ascii: "["),
            UInt8(ascii: "]"), UInt8(ascii: "{"), UInt8(ascii: "}"):
            return true
        default: return false
        }
    }

    private mutating func run() throws(BuiltinError) {
        while position < glob.count {
            let (scalar, length) = Runes.decode(glob, position)
            position += length
            switch scalar {
            case 0x2A: star()
            case 0x3F: appendSingle()
            case 0x5B: try characterClass()
            case 0x7B:
                depth += 1
                expression.append("(?:")
            case 0x7D where depth > 0:
                depth -= 1
                expression.append(")")
            case 0x2C where depth > 0: expression.append("|")
            case 0x5C:
                // One at the end escapes nothing.
                guard position < glob.count else { break }
                let (escaped, length) = Runes.decode(glob, position)
                position += length
                appendEscaped(escaped)
            default: appendEscaped(scalar)
            }
        }
        guard depth == 0 else { throw .failed("unclosed alternatives in glob") }
    }

    private mutating func star() {
        if position < glob.count, glob[position] == UInt8(ascii: "*") {
            position += 1
            expression.append(".*")
        } else {
            appendSingle()
            expression.append("*")
        }
    }

    /// One character that is no delimiter.
    private mutating func appendSingle() {
        guard delimiters.count > 0 else { return expression.append(".") }
        expression.append("[^")
        var index = 0
        while index < delimiters.count {
            let (scalar, length) = Runes.decode(delimiters, index)
            appendEscaped(scalar)
            index += length
        }
        expression.append("]")
    }

    /// `[abc]`, `[!abc]`, `[a-c]` or `[!a-c]`: a list or one range, never both.
    private mutating func characterClass() throws(BuiltinError) {
        var isNegated = false
        if position < glob.count, glob[position] == UInt8(ascii: "!") {
            isNegated = true
            position += 1
        }
        expression.append(isNegated ? "[^" : "[")
        guard position < glob.count else { throw .failed("unexpected end of input") }
        let (first, length) = Runes.decode(glob, position)
        let next = position + length
        if next < glob.count, glob[next] == UInt8(ascii: "-") {
            guard next + 1 < glob.count else { throw .failed("unexpected end of input") }
            let (last, lastLength) = Runes.decode(glob, next + 1)
            guard last >= first else { throw .failed("hi character should be greater than lo") }
            position = next + 1 + lastLength
            appendEscaped(first)
            expression.append("-")
            appendEscaped(last)
        } else {
            try list()
        }
        guard position < glob.count else { throw .failed("unexpected end of input") }
        guard glob[position] == UInt8(ascii: "]") else {
            throw .failed("expected close range character")
        }
        position += 1
        expression.append("]")
    }

    private mutating func list() throws(BuiltinError) {
        let start = position
        while position < glob.count, glob[position] != UInt8(ascii: "]") {
            if glob[position] == UInt8(ascii: "\\") { position += 1 }
            guard position < glob.count else { throw .failed("trailing backslash") }
            let (scalar, length) = Runes.decode(glob, position)
            position += length
            appendEscaped(scalar)
        }
        guard position > start else { throw .failed("could not parse range") }
    }

    private mutating func appendEscaped(_ scalar: UInt32) {
        let isLetter = (scalar | 0x20) >= 0x61 && (scalar | 0x20) <= 0x7A
        if isLetter || (scalar >= 0x30 && scalar <= 0x39) || scalar >= 0x80 {
            return expression.append(scalar: scalar)
        }
        expression.append("\\x")
        RegoText.appendHexadecimal(scalar, digits: 2, to: &expression)
    }
}
