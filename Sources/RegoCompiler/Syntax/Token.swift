// SPDX-License-Identifier: Apache-2.0

/// One token, with its place in the text.
struct Token {
    enum Kind: UInt8 {
        case illegal, eof, identifier, number, string, rawString
        case templatePart, templateEnd
        case leftBracket, rightBracket, leftBrace, rightBrace, leftParenthesis, rightParenthesis
        case comma, colon, semicolon, dot
        case plus, minus, times, divide, remainder, intersection, union
        case unify, assign, equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
        case package, `import`, `as`, `default`, `else`, not, some, with, null, `true`, `false`
        // Keywords that may be off: in the order of the bits of FutureKeywords.
        case `in`, `if`, contains, every, and, or
    }

    struct Flags: OptionSet {
        let rawValue: UInt8
        static let spaceBefore = Flags(rawValue: 1)
        static let newlineBefore = Flags(rawValue: 2)
        static let hasEscape = Flags(rawValue: 4)
        /// A template text between backticks.
        static let raw = Flags(rawValue: 8)
        /// A template text that goes on after an interpolation.
        static let continued = Flags(rawValue: 16)
    }

    var kind: Kind
    var flags: Flags
    /// Why a token is `.illegal`.
    var fault = LexicalFault.unknownCharacter
    /// Byte offsets of the first byte and one past the last.
    var start: Int32
    var end: Int32
    /// Counted from 1; the column counts Unicode scalars.
    var row: Int32
    var column: Int32
    /// For an opening bracket, the index of the token that closes it; -1 when nothing does.
    var partner: Int32 = -1
}

/// What makes a token illegal.
enum LexicalFault: UInt8 {
    case unknownCharacter, nonTerminatedString, escapeSequence, fraction, exponent, numberFormat
    case exclamationMark, dollar, null, byteOrderMark, tooManyTokens

    var message: String {
        switch self {
        case .unknownCharacter: "illegal token"
        case .nonTerminatedString: "non-terminated string"
        case .escapeSequence: "illegal escape sequence"
        case .fraction: "expected fraction"
        case .exponent: "expected exponent"
        case .numberFormat: "illegal number format"
        case .exclamationMark: "illegal ! character"
        case .dollar: "illegal $ character"
        case .null: "illegal null character"
        case .byteOrderMark: "illegal byte-order mark"
        case .tooManyTokens: "too many tokens"
        }
    }
}

extension Token.Kind {
    /// The first keyword that may be off.
    static let firstFuture = Token.Kind.in.rawValue

    var isKeyword: Bool { rawValue >= Token.Kind.package.rawValue }

    /// The word that OPA's messages use.
    var name: String {
        switch self {
        case .illegal: "illegal"
        case .eof: "eof"
        case .identifier: "identifier"
        case .number: "number"
        case .string, .rawString: "string"
        case .templatePart: "template-string-part"
        case .templateEnd: "template-string-end"
        case .leftBracket: "["
        case .rightBracket: "]"
        case .leftBrace: "{"
        case .rightBrace: "}"
        case .leftParenthesis: "("
        case .rightParenthesis: ")"
        case .comma: ","
        case .colon: ":"
        case .semicolon: ";"
        case .dot: "."
        default: operatorName ?? keywordName
        }
    }

    private var operatorName: String? {
        switch self {
        case .plus: "plus"
        case .minus: "minus"
        case .times: "mul"
        case .divide: "div"
        case .remainder: "rem"
        case .intersection: "and"
        case .union: "or"
        case .unify: "eq"
        case .assign: "assign"
        case .equal: "equal"
        case .notEqual: "neq"
        case .less: "lt"
        case .lessOrEqual: "lte"
        case .greater: "gt"
        case .greaterOrEqual: "gte"
        default: nil
        }
    }

    private var keywordName: String {
        switch self {
        case .package: "package"
        case .import: "import"
        case .as: "as"
        case .default: "default"
        case .else: "else"
        case .not: "not"
        case .some: "some"
        case .with: "with"
        case .null: "null"
        case .true: "true"
        case .false: "false"
        case .in: "in"
        case .if: "if"
        case .contains: "contains"
        case .every: "every"
        case .and: "and"
        case .or: "or"
        default: "unknown"
        }
    }
}
