// SPDX-License-Identifier: Apache-2.0
import Authorization

/// Splits SQL into the tokens that tell verbs from data: words, parentheses, semicolons; strings
/// and comments are stepped over by the rules of one dialect.
struct StatementScanner {
    enum Token {
        /// A bare word, as it is written.
        case word(Bytes)
        /// What stands between the quotes of a name, as it is written.
        case name(Bytes)
        case opening
        case closing
        case semicolon
        case comma
        case dot
        /// A string or a number.
        case literal
        /// Operators.
        case other
        case end
    }

    let text: Bytes
    let dialect: StatementDialect
    var position = 0
    /// True when something was met that dialects read differently.
    var hasPeculiarities = false
    /// True when something was met that no honest client sends and that no dialect here settles.
    var isUnclear = false
    private var runComments = 0
    private var heredocSearches = Limits.heredocSearches

    init(_ text: Bytes, _ dialect: StatementDialect) {
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
            case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "/"):
                hasPeculiarities = true
                guard dialect.contains(.slashes) else { return symbol(.other) }
                skipLine()
            case UInt8(ascii: "*") where runComments > 0 && peek(1) == UInt8(ascii: "/"):
                runComments -= 1
                position += 2
            case UInt8(ascii: "'"): return quoted(byte, dialect.contains(.backslashes))
            case UInt8(ascii: "\""): return quoted(byte, dialect.contains(.backslashes))
            case UInt8(ascii: "`"): return quoted(byte, dialect.contains(.escapedNames))
            case UInt8(ascii: "["):
                hasPeculiarities = true
                return dialect.contains(.brackets) ? bracket() : symbol(.other)
            case UInt8(ascii: "$"): return dollar()
            case UInt8(ascii: "("): return symbol(.opening)
            case UInt8(ascii: ")"): return symbol(.closing)
            case UInt8(ascii: ";"): return symbol(.semicolon)
            case UInt8(ascii: ","): return symbol(.comma)
            case UInt8(ascii: "."): return symbol(.dot)
            case UInt8(ascii: "0")...UInt8(ascii: "9"): return number()
            case 0x80...:
                hasPeculiarities = true
                guard dialect.contains(.asciiWords) else { return word() }
                if let token = typographic() { return token }
            default: return isWord(byte) ? word() : symbol(.other)
            }
        }
        return .end
    }

    func peek(_ distance: Int) -> UInt8 {
        position + distance < text.count ? text[position + distance] : 0
    }

    private mutating func symbol(_ token: Token) -> Token {
        position += 1
        return token
    }

    private func isWord(_ byte: UInt8) -> Bool {
        ASCII.isDigit(byte) || byte == UInt8(ascii: "_")
            || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
            || (byte >= 0x80 && !dialect.contains(.asciiWords))
    }

    private mutating func word() -> Token {
        let start = position
        while position < text.count,
            isWord(text[position]) || text[position] == UInt8(ascii: "$")
        {
            if text[position] >= 0x80 { hasPeculiarities = true }
            position += 1
        }
        if position < text.count, text[position] >= 0x80 { hasPeculiarities = true }
        let word = text[start..<position]
        if word.count <= 2, let string = prefixed(word) { return string }
        return .word(word)
    }

    /// A string whose prefix says how it is quoted: `E'...'` (PostgreSQL), `r'...'` (Spark),
    /// `q'[...]'` and `nq'[...]'` (Oracle).
    private mutating func prefixed(_ prefix: Bytes) -> Token? {
        let quote = peek(0)
        guard quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else { return nil }
        if dialect.contains(.rawStrings), prefix.equalsIgnoringCase("r") {
            _ = quoted(quote, false)
            return .literal
        }
        guard quote == UInt8(ascii: "'") else { return nil }
        if dialect.contains(.escapeStrings), prefix.equalsIgnoringCase("e") {
            return quoted(quote, true)
        }
        guard prefix.equalsIgnoringCase("q") || prefix.equalsIgnoringCase("nq") else { return nil }
        hasPeculiarities = true
        return dialect.contains(.delimited) ? delimited() : nil
    }

    /// Oracle's `'[...]'`: any byte may delimit, brackets in pairs.
    private mutating func delimited() -> Token {
        let end = Self.counterpart(peek(1))
        position += 2
        while position < text.count {
            if text[position] == end, peek(1) == UInt8(ascii: "'") {
                position += 2
                return .literal
            }
            position += 1
        }
        return .literal
    }

    private static func counterpart(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "["): UInt8(ascii: "]")
        case UInt8(ascii: "{"): UInt8(ascii: "}")
        case UInt8(ascii: "("): UInt8(ascii: ")")
        case UInt8(ascii: "<"): UInt8(ascii: ">")
        default: byte
        }
    }

    /// Digits, a fraction, an exponent. What follows without a space is a word of its own to some:
    /// `1DROP TABLE t` is a number and a verb.
    private mutating func number() -> Token {
        if text[position] == UInt8(ascii: "0"), peek(1) | 0x20 == UInt8(ascii: "x") {
            position += 2
            while position < text.count, ASCII.hexadecimal(text[position]) != nil { position += 1 }
            return .literal
        }
        skipDigits()
        if peek(0) == UInt8(ascii: ".") {
            position += 1
            skipDigits()
        }
        guard peek(0) | 0x20 == UInt8(ascii: "e"), !beginsVerb else { return .literal }
        position += 1
        if peek(0) == UInt8(ascii: "-") || peek(0) == UInt8(ascii: "+") {
            // `1e--` is no exponent but a comment.
            if peek(1) != peek(0) { position += 1 }
        }
        skipDigits()
        return .literal
    }

    private mutating func skipDigits() {
        while position < text.count, ASCII.isDigit(text[position]) { position += 1 }
    }

    /// True when an `e` behind digits is the first letter of `exec`, not an exponent.
    private var beginsVerb: Bool {
        var end = position
        while end < text.count, isWord(text[end]) { end += 1 }
        return StatementWords.effect(of: text[position..<end]) != .unknown
    }

    // MARK: Comments

    /// Where a line ends inside a comment, readers differ: at a carriage return, and after a
    /// backslash.
    private mutating func skipLine() {
        while position < text.count, text[position] != 0x0A {
            if text[position] == 0x0D, peek(1) != 0x0A, position + 1 < text.count {
                isUnclear = true
                return
            }
            position += 1
        }
        guard position < text.count else { return }
        let last = text[position - 1] == 0x0D ? text[position - 2] : text[position - 1]
        if last == UInt8(ascii: "\\") { isUnclear = true }
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

    /// True at `/*!` (MySQL), `/*M!` (MariaDB) and `/*T!` (TiDB), whose content is run by some.
    private var isRunComment: Bool {
        if peek(2) == UInt8(ascii: "!") { return true }
        let letter = peek(2) | 0x20
        return peek(3) == UInt8(ascii: "!")
            && (letter == UInt8(ascii: "m") || letter == UInt8(ascii: "t"))
    }

    private mutating func skipComment() {
        if isRunComment {
            hasPeculiarities = true
            if dialect.contains(.runComments) {
                position += peek(2) == UInt8(ascii: "!") ? 3 : 4
                skipDigits()
                runComments += 1
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
                if dialect.contains(.nesting) {
                    depth += 1
                    position += 2
                } else {
                    // `/*/` ends a comment where comments do not nest.
                    position += 1
                }
            } else {
                position += 1
            }
        }
    }

    // MARK: Quotes

    /// A doubled quote stands for itself.
    private mutating func quoted(_ quote: UInt8, _ hasEscapes: Bool) -> Token {
        position += 1
        let start = position
        while position < text.count {
            let byte = text[position]
            if byte == UInt8(ascii: "\\") {
                hasPeculiarities = true
                position += hasEscapes ? 2 : 1
            } else if byte == quote {
                guard peek(1) == quote else {
                    position += 1
                    if quote == UInt8(ascii: "'") { return .literal }
                    return .name(text[start..<position - 1])
                }
                position += 2
            } else {
                position += 1
            }
        }
        return .literal
    }

    /// `[name]` of SQL Server and SQLite.
    private mutating func bracket() -> Token {
        position += 1
        let start = position
        while position < text.count {
            if text[position] == UInt8(ascii: "]") {
                guard peek(1) == UInt8(ascii: "]") else {
                    position += 1
                    return .name(text[start..<position - 1])
                }
                position += 1
            }
            position += 1
        }
        return .literal
    }

    /// ClickHouse's typographic quotes; other bytes beyond ASCII are white space to it, or errors.
    private mutating func typographic() -> Token? {
        let mark = peek(2)
        guard peek(0) == 0xE2, peek(1) == 0x80, mark == 0x98 || mark == 0x9C else {
            position += 1
            return nil
        }
        position += 3
        let start = position
        while position < text.count {
            if peek(0) == 0xE2, peek(1) == 0x80, peek(2) == mark + 1 {
                position += 3
                return mark == 0x98 ? .literal : .name(text[start..<position - 3])
            }
            position += 1
        }
        return .literal
    }

    /// `$1` is a parameter; `$$` and `$tag$` quote.
    private mutating func dollar() -> Token {
        if dialect.contains(.heredocs), heredoc() { return .literal }
        var end = position + 1
        while end < text.count, isWord(text[end]) { end += 1 }
        guard end < text.count, text[end] == UInt8(ascii: "$"), !ASCII.isDigit(peek(1)) else {
            // A tag of ClickHouse's may hold anything.
            if text.firstIndex(of: UInt8(ascii: "$"), from: position + 1) != nil {
                hasPeculiarities = true
            }
            return symbol(.other)
        }
        hasPeculiarities = true
        guard dialect.contains(.dollars) else { return symbol(.other) }
        position = self.end(of: text[position..<end + 1], from: end + 1) ?? text.count
        return .literal
    }

    /// ClickHouse's `$tag$ ... $tag$`, whose tag is all up to the next dollar; without an end it is
    /// none.
    private mutating func heredoc() -> Bool {
        guard let second = text.firstIndex(of: UInt8(ascii: "$"), from: position + 1) else {
            return false
        }
        guard heredocSearches > 0 else {
            isUnclear = true
            return false
        }
        heredocSearches -= 1
        guard let end = end(of: text[position..<second + 1], from: second + 1) else {
            return false
        }
        position = end
        return true
    }

    /// Where `tag`, which begins with a dollar, occurs next and ends.
    private func end(of tag: Bytes, from start: Int) -> Int? {
        var position = start
        while let found = text.firstIndex(of: tag[0], from: position) {
            guard found + tag.count <= text.count else { return nil }
            if text[found..<found + tag.count] == tag { return found + tag.count }
            position = found + 1
        }
        return nil
    }
}
