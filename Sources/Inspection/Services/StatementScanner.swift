// SPDX-License-Identifier: Apache-2.0
import Authorization

/// Splits SQL into the tokens that tell verbs from data: words, parentheses, semicolons; strings
/// and comments are stepped over by the rules of one dialect.
struct StatementScanner {
    enum Token {
        /// A bare word, as it is written.
        case word(Bytes)
        case opening
        case closing
        case semicolon
        /// Strings, quoted names, numbers, operators.
        case other
        case end
    }

    private let text: Bytes
    private let dialect: Statement.Dialect
    private var position = 0
    /// True when something was met that dialects read differently.
    private(set) var hasPeculiarities = false

    init(_ text: Bytes, _ dialect: Statement.Dialect) {
        self.text = text
        self.dialect = dialect
    }

    mutating func next() -> Token {
        while position < text.count {
            let byte = text[position]
            switch byte {
            case 0x00...0x20: position += 1
            case UInt8(ascii: "-") where peek(1) == UInt8(ascii: "-"):
                if !skipDashes() { return .other }
            case UInt8(ascii: "#"):
                hasPeculiarities = true
                guard dialect.contains(.hashes) else { return symbol(.other) }
                skipLine()
            case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "*"): skipComment()
            case UInt8(ascii: "*") where peek(1) == UInt8(ascii: "/"):
                // The end of a comment that was run.
                position += 2
            case UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "`"): return quoted(byte)
            case UInt8(ascii: "$"): return dollar()
            case UInt8(ascii: "("): return symbol(.opening)
            case UInt8(ascii: ")"): return symbol(.closing)
            case UInt8(ascii: ";"): return symbol(.semicolon)
            default: return Self.isWord(byte) ? word() : symbol(.other)
            }
        }
        return .end
    }

    private func peek(_ distance: Int) -> UInt8 {
        position + distance < text.count ? text[position + distance] : 0
    }

    private mutating func symbol(_ token: Token) -> Token {
        position += 1
        return token
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        ASCII.isDigit(byte) || byte == UInt8(ascii: "_") || byte >= 0x80
            || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
    }

    private mutating func word() -> Token {
        let start = position
        while position < text.count,
            Self.isWord(text[position]) || text[position] == UInt8(ascii: "$")
        {
            position += 1
        }
        let word = text[start..<position]
        return ASCII.isDigit(word[0]) ? .other : .word(word)
    }

    private mutating func skipLine() {
        while position < text.count, text[position] != 0x0A, text[position] != 0x0D {
            position += 1
        }
    }

    /// - Returns: false when the dashes are operators.
    private mutating func skipDashes() -> Bool {
        let after = position + 2 < text.count ? text[position + 2] : 0x20
        if after > 0x20 {
            hasPeculiarities = true
            if dialect.contains(.spacedDashes) {
                position += 1
                return false
            }
        }
        skipLine()
        return true
    }

    private mutating func skipComment() {
        if peek(2) == UInt8(ascii: "!") {
            hasPeculiarities = true
            if dialect.contains(.runComments) {
                position += 3
                while position < text.count, ASCII.isDigit(text[position]) { position += 1 }
                return
            }
        }
        position += 2
        var depth = 1
        while position < text.count, depth > 0 {
            if text[position] == UInt8(ascii: "*"), peek(1) == UInt8(ascii: "/") {
                depth -= 1
                position += 2
            } else if text[position] == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*") {
                hasPeculiarities = true
                if dialect.contains(.nesting) { depth += 1 }
                position += 2
            } else {
                position += 1
            }
        }
    }

    /// A doubled quote stands for itself.
    private mutating func quoted(_ quote: UInt8) -> Token {
        position += 1
        while position < text.count {
            let byte = text[position]
            if byte == UInt8(ascii: "\\"), quote != UInt8(ascii: "`") {
                hasPeculiarities = true
                position += dialect.contains(.backslashes) ? 2 : 1
            } else if byte == quote {
                guard peek(1) == quote else {
                    position += 1
                    return .other
                }
                position += 2
            } else {
                position += 1
            }
        }
        return .other
    }

    /// `$1` is a parameter; `$$` and `$tag$` quote.
    private mutating func dollar() -> Token {
        var end = position + 1
        while end < text.count, Self.isWord(text[end]) { end += 1 }
        guard end < text.count, text[end] == UInt8(ascii: "$"), !ASCII.isDigit(peek(1)) else {
            return symbol(.other)
        }
        hasPeculiarities = true
        guard dialect.contains(.dollars) else { return symbol(.other) }
        let tag = text[position..<end + 1]
        position = end + 1
        while position < text.count {
            if text[position] == UInt8(ascii: "$"), position + tag.count <= text.count,
                text[position..<position + tag.count] == tag
            {
                position += tag.count
                return .other
            }
            position += 1
        }
        return .other
    }
}
