// SPDX-License-Identifier: Apache-2.0

/// A comment's place; its text is between `start` (after the `#`) and `end`.
struct Comment {
    var start: Int32
    var end: Int32
    var row: Int32
    var column: Int32
}

/// Splits a Rego text into tokens. It never fails: what is no token becomes an illegal one, which
/// the parser reports when it comes to it.
///
/// All tokens are made before parsing, so that the parser can look ahead and back for nothing, and
/// knows for each opening bracket where it is closed.
struct Lexer {
    /// The text's UTF-8, with one zero byte after it.
    let bytes: [UInt8]
    let end: Int
    private let tokenLimit: Int

    var position = 0
    var row: Int32 = 1
    /// Where the current line starts, and how many bytes on it only continue a character.
    var lineStart = 0
    var continuationBytes = 0

    private(set) var tokens: [Token] = []
    private(set) var comments: [Comment] = []
    /// Indices of opening tokens that nothing has closed yet.
    private var open: [Int32] = []

    init(_ text: String, limits: SyntaxLimits) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count + 1)
        bytes.append(contentsOf: text.utf8)
        end = bytes.count
        bytes.append(0)
        self.bytes = bytes
        tokenLimit = limits.tokens
        tokens.reserveCapacity(min(end / 4 + 2, limits.tokens + 2))
        if end >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF {
            position = 3
            lineStart = 3
        }
    }

    mutating func run() {
        while true {
            let flags = skipBlank()
            guard position < end else {
                append(start(.eof, flags))
                return
            }
            guard tokens.count < tokenLimit else {
                var token = start(.illegal, flags)
                token.fault = .tooManyTokens
                append(token)
                position = end
                append(start(.eof, flags))
                return
            }
            scanToken(flags)
        }
    }

    // MARK: Blanks and comments

    private mutating func skipBlank() -> Token.Flags {
        var flags = Token.Flags()
        while true {
            switch bytes[position] {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
                position += 1
                flags.insert(.spaceBefore)
            case UInt8(ascii: "\n"):
                position += 1
                newline()
                flags.insert([.spaceBefore, .newlineBefore])
            case UInt8(ascii: "#"):
                guard skipComment() else { return flags }
            default:
                return flags
            }
        }
    }

    /// Returns false at a null character, which is illegal in comments too.
    private mutating func skipComment() -> Bool {
        let token = start(.eof, [])
        position += 1
        while position < end, bytes[position] != UInt8(ascii: "\n"), bytes[position] != 0 {
            if bytes[position] & 0xC0 == 0x80 { continuationBytes += 1 }
            position += 1
        }
        var stop = position
        if bytes[stop - 1] == UInt8(ascii: "\r") { stop -= 1 }
        comments.append(
            Comment(
                start: token.start + 1, end: Int32(stop), row: token.row, column: token.column))
        return position == end || bytes[position] != 0
    }

    mutating func newline() {
        row += 1
        lineStart = position
        continuationBytes = 0
    }

    // MARK: Tokens

    func start(_ kind: Token.Kind, _ flags: Token.Flags) -> Token {
        Token(
            kind: kind, flags: flags, start: Int32(position), end: Int32(position), row: row,
            column: Int32(position - lineStart - continuationBytes + 1))
    }

    /// Ends the token at the current position and adds it.
    mutating func append(_ token: Token) {
        var token = token
        token.end = Int32(position)
        tokens.append(token)
    }

    private mutating func scanToken(_ flags: Token.Flags) {
        let byte = bytes[position]
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "_"):
            scanName(flags)
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            scanNumber(flags)
        case UInt8(ascii: "\""):
            scanString(flags)
        case UInt8(ascii: "`"):
            scanRawString(flags)
        case UInt8(ascii: "$"):
            scanTemplate(flags)
        case UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "("):
            openBracket(byte, flags)
        case UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: ")"):
            closeBracket(byte, flags)
        default:
            scanPunctuation(byte, flags)
        }
    }

    private mutating func scanName(_ flags: Token.Flags) {
        var token = start(.identifier, flags)
        repeat { position += 1 } while isNameByte(bytes[position])
        token.kind = keyword(from: Int(token.start), to: position)
        append(token)
    }

    func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default:
            false
        }
    }

    private func keyword(from start: Int, to end: Int) -> Token.Kind {
        func matches(_ word: StaticString) -> Bool {
            for index in 0..<(end - start)
            where bytes[start + index] != word.utf8Start[index] { return false }
            return true
        }
        switch end - start {
        case 2:
            if matches("in") { return .in }
            if matches("if") { return .if }
            if matches("as") { return .as }
            if matches("or") { return .or }
        case 3:
            if matches("not") { return .not }
            if matches("and") { return .and }
        case 4:
            if matches("some") { return .some }
            if matches("with") { return .with }
            if matches("true") { return .true }
            if matches("else") { return .else }
            if matches("null") { return .null }
        case 5:
            if matches("every") { return .every }
            if matches("false") { return .false }
        case 6:
            if matches("import") { return .import }
        case 7:
            if matches("default") { return .default }
            if matches("package") { return .package }
        case 8:
            if matches("contains") { return .contains }
        default: break
        }
        return .identifier
    }

    // MARK: Brackets

    private mutating func openBracket(_ byte: UInt8, _ flags: Token.Flags) {
        let kind: Token.Kind =
            switch byte {
            case UInt8(ascii: "["): .leftBracket
            case UInt8(ascii: "{"): .leftBrace
            default: .leftParenthesis
            }
        let token = start(kind, flags)
        position += 1
        markOpen()
        append(token)
    }

    /// The next token to be added is open until something closes it.
    mutating func markOpen() { open.append(Int32(tokens.count)) }

    private mutating func closeBracket(_ byte: UInt8, _ flags: Token.Flags) {
        let kind: Token.Kind =
            switch byte {
            case UInt8(ascii: "]"): .rightBracket
            case UInt8(ascii: "}"): .rightBrace
            default: .rightParenthesis
            }
        let opener = closeOpener(of: kind)
        let token = start(kind, flags)
        position += 1
        append(token)
        if let opener, tokens[opener].kind == .templatePart {
            scanTemplateText(start(.templatePart, tokens[opener].flags.intersection(.raw)), true)
        }
    }

    /// Finds the bracket that `kind` closes. Brackets opened after it stay without a partner.
    private mutating func closeOpener(of kind: Token.Kind) -> Int? {
        while let opener = open.last {
            let openKind = tokens[Int(opener)].kind
            guard closes(kind, openKind) else {
                // A brace also ends what was left open inside it; other brackets do not.
                guard kind == .rightBrace else { return nil }
                open.removeLast()
                continue
            }
            open.removeLast()
            tokens[Int(opener)].partner = Int32(tokens.count)
            return Int(opener)
        }
        return nil
    }

    private func closes(_ close: Token.Kind, _ open: Token.Kind) -> Bool {
        switch close {
        case .rightBracket: open == .leftBracket
        case .rightParenthesis: open == .leftParenthesis
        default: open == .leftBrace || open == .templatePart
        }
    }

    // MARK: Punctuation

    private mutating func scanPunctuation(_ byte: UInt8, _ flags: Token.Flags) {
        var token = start(.illegal, flags)
        position += 1
        let followedByEquals = bytes[position] == UInt8(ascii: "=")
        if let (kind, pair) = punctuation(byte) {
            token.kind = kind
            if followedByEquals, let pair {
                token.kind = pair
                position += 1
            }
        } else if byte == UInt8(ascii: "!") {
            token.fault = .exclamationMark
            if followedByEquals {
                token.kind = .notEqual
                position += 1
            }
        } else {
            token.fault = skipUnknown(byte)
        }
        append(token)
    }

    /// The token of a byte alone, and of the byte with `=` after it.
    private func punctuation(_ byte: UInt8) -> (Token.Kind, Token.Kind?)? {
        switch byte {
        case UInt8(ascii: ","): (.comma, nil)
        case UInt8(ascii: ";"): (.semicolon, nil)
        case UInt8(ascii: "."): (.dot, nil)
        case UInt8(ascii: "+"): (.plus, nil)
        case UInt8(ascii: "-"): (.minus, nil)
        case UInt8(ascii: "*"): (.times, nil)
        case UInt8(ascii: "/"): (.divide, nil)
        case UInt8(ascii: "%"): (.remainder, nil)
        case UInt8(ascii: "&"): (.intersection, nil)
        case UInt8(ascii: "|"): (.union, nil)
        case UInt8(ascii: ":"): (.colon, .assign)
        case UInt8(ascii: "="): (.unify, .equal)
        case UInt8(ascii: "<"): (.less, .lessOrEqual)
        case UInt8(ascii: ">"): (.greater, .greaterOrEqual)
        default: nil
        }
    }

    private mutating func skipUnknown(_ byte: UInt8) -> LexicalFault {
        let isByteOrderMark =
            byte == 0xEF && bytes[position] == 0xBB && bytes[position + 1] == 0xBF
        while bytes[position] & 0xC0 == 0x80 {
            position += 1
            continuationBytes += 1
        }
        if isByteOrderMark { return .byteOrderMark }
        return byte == 0 ? .null : .unknownCharacter
    }
}
