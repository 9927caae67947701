// SPDX-License-Identifier: Apache-2.0

/// The part of Go's `text/template` that policies use, as a tree.
enum TemplateNode {
    case text(String)
    case action(TemplatePipeline)
    case conditional(TemplatePipeline, then: [TemplateNode], otherwise: [TemplateNode])
    case range(TemplatePipeline, body: [TemplateNode], otherwise: [TemplateNode])
    case with(TemplatePipeline, body: [TemplateNode], otherwise: [TemplateNode])
    case template(String, TemplatePipeline?)
    case stop
    case next
}

struct TemplatePipeline {
    /// Variables that take the value: `$x := ...`, or two of them in a range.
    var variables: [String] = []
    /// `=` instead of `:=`.
    var isAssignment = false
    var commands: [[TemplateOperand]] = []
}

indirect enum TemplateOperand {
    case dot
    case null
    case literal(TemplateDatum)
    case variable(String)
    case function(String)
    case pipeline(TemplatePipeline)
    /// `.a.b` of another operand.
    case fields(TemplateOperand, [String])
}

/// Words and signs of an action.
enum TemplateToken: Equatable {
    case word(String)
    case field(String)
    case variable(String)
    case string(String)
    case number(String)
    case character(UInt32)
    case sign(Character)
    case declare
    case assign
    case space
}

/// Splits a template into text and actions, and actions into tokens.
struct TemplateLexer {
    enum Piece {
        case text(String)
        case action([TemplateToken])
    }

    private let scalars: [Unicode.Scalar]
    private var position = 0

    static func pieces(_ text: String) throws(BuiltinError) -> [Piece] {
        var lexer = TemplateLexer(scalars: Array(text.unicodeScalars))
        return try lexer.run()
    }

    private init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

    static func failure(_ message: String) -> BuiltinError {
        .failed("template: template:1: \(message)")
    }

    private func starts(_ text: String, at place: Int) -> Bool {
        var index = place
        for scalar in text.unicodeScalars {
            guard index < scalars.count, scalars[index] == scalar else { return false }
            index += 1
        }
        return true
    }

    private mutating func run() throws(BuiltinError) -> [Piece] {
        var pieces: [Piece] = []
        var trimsLeft = false
        while position < scalars.count {
            var end = position
            while end < scalars.count, !starts("{{", at: end) { end += 1 }
            var text = scalars[position..<end]
            if trimsLeft { text = text.drop { Self.isSpace($0) } }
            let trimsRight =
                starts("{{-", at: end) && end + 3 < scalars.count && Self.isSpace(scalars[end + 3])
            if trimsRight {
                while let last = text.last, Self.isSpace(last) { text = text.dropLast() }
            }
            if !text.isEmpty { pieces.append(.text(Self.string(text))) }
            guard end < scalars.count else { break }
            position = end + (trimsRight ? 3 : 2)
            if let tokens = try action(&trimsLeft) { pieces.append(.action(tokens)) }
        }
        return pieces
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar == " " || scalar == "\t" || scalar == "\r" || scalar == "\n"
    }

    private static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var result = String.UnicodeScalarView()
        result.append(contentsOf: scalars)
        return String(result)
    }

    /// The tokens up to `}}`; nil for a comment.
    private mutating func action(_ trimsLeft: inout Bool) throws(BuiltinError) -> [TemplateToken]? {
        if starts("/*", at: position) {
            while position < scalars.count, !starts("*/", at: position) { position += 1 }
            position += 2
            try close(&trimsLeft)
            return nil
        }
        var tokens: [TemplateToken] = []
        while position < scalars.count {
            if starts("}}", at: position) || isTrimmedEnd {
                try close(&trimsLeft)
                return tokens
            }
            tokens.append(try token())
        }
        throw Self.failure("unclosed action")
    }

    private var isTrimmedEnd: Bool {
        position < scalars.count && Self.isSpace(scalars[position])
            && starts("-}}", at: position + 1)
    }

    private mutating func close(_ trimsLeft: inout Bool) throws(BuiltinError) {
        trimsLeft = isTrimmedEnd
        if trimsLeft { position += 2 }
        guard starts("}}", at: position) else {
            throw Self.failure("comment ends before closing delimiter")
        }
        position += 2
    }

    private mutating func token() throws(BuiltinError) -> TemplateToken {
        let scalar = scalars[position]
        if Self.isSpace(scalar) {
            while position < scalars.count, Self.isSpace(scalars[position]), !isTrimmedEnd {
                position += 1
            }
            return .space
        }
        position += 1
        switch scalar {
        case ".":
            if position < scalars.count, Self.isDigit(scalars[position]) {
                return number(from: position - 1)
            }
            return .field(word())
        case "$": return .variable(word())
        case "\"", "`": return .string(try quoted(by: scalar))
        case "'":
            let text = try quoted(by: scalar)
            guard let only = text.unicodeScalars.first, text.unicodeScalars.count == 1 else {
                throw Self.failure("malformed character constant: '\(text)'")
            }
            return .character(only.value)
        case "(", ")", "|", ",": return .sign(Character(scalar))
        case ":":
            guard position < scalars.count, scalars[position] == "=" else {
                throw Self.failure("expected :=")
            }
            position += 1
            return .declare
        case "=": return .assign
        case "+", "-": return number(from: position - 1)
        case _ where Self.isDigit(scalar): return number(from: position - 1)
        default:
            position -= 1
            let name = word()
            guard !name.isEmpty else {
                throw Self.failure("unexpected \"\(scalar)\" in command")
            }
            return .word(name)
        }
    }

    private mutating func word() -> String {
        let start = position
        while position < scalars.count, Self.isWordPart(scalars[position]) { position += 1 }
        return Self.string(scalars[start..<position])
    }

    private static func isWordPart(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "_" || isDigit(scalar) || scalar.properties.isAlphabetic
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { scalar >= "0" && scalar <= "9" }

    private mutating func number(from start: Int) -> TemplateToken {
        while position < scalars.count,
            Self.isWordPart(scalars[position]) || scalars[position] == "."
                || ((scalars[position] == "+" || scalars[position] == "-")
                    && (scalars[position - 1] == "e" || scalars[position - 1] == "E"))
        {
            position += 1
        }
        return .number(Self.string(scalars[start..<position]))
    }

    private mutating func quoted(by quote: Unicode.Scalar) throws(BuiltinError) -> String {
        var result = String.UnicodeScalarView()
        while position < scalars.count {
            let scalar = scalars[position]
            position += 1
            if scalar == quote { return String(result) }
            guard scalar == "\\", quote != "`" else {
                result.append(scalar)
                continue
            }
            result.append(try escape())
        }
        throw Self.failure("unterminated quoted string")
    }

    private mutating func escape() throws(BuiltinError) -> Unicode.Scalar {
        guard position < scalars.count else { throw Self.failure("unterminated quoted string") }
        let scalar = scalars[position]
        position += 1
        switch scalar {
        case "n": return "\n"
        case "t": return "\t"
        case "r": return "\r"
        case "a": return "\u{7}"
        case "b": return "\u{8}"
        case "f": return "\u{C}"
        case "v": return "\u{B}"
        case "\\", "\"", "'": return scalar
        case "x": return try hexadecimal(2)
        case "u": return try hexadecimal(4)
        case "U": return try hexadecimal(8)
        default: throw Self.failure("invalid syntax")
        }
    }

    private mutating func hexadecimal(_ count: Int) throws(BuiltinError) -> Unicode.Scalar {
        guard position + count <= scalars.count,
            let code = UInt32(Self.string(scalars[position..<position + count]), radix: 16),
            let scalar = Unicode.Scalar(code)
        else { throw Self.failure("invalid syntax") }
        position += count
        return scalar
    }
}
