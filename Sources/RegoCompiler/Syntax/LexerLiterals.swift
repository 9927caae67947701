// SPDX-License-Identifier: Apache-2.0

// Numbers, strings and template strings.
extension Lexer {
    // MARK: Numbers

    /// A number as JSON writes it; whether a leading zero is allowed there is the parser's to say.
    mutating func scanNumber(_ flags: Token.Flags) {
        var token = start(.number, flags)
        skipDigits()
        if bytes[position] == UInt8(ascii: ".") {
            position += 1
            if !skipDigits() { token.reject(.fraction) }
        }
        if bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
                position += 1
            }
            if !skipDigits() { token.reject(.exponent) }
        }
        // `0a2b` is one wrong number, not a number and a name.
        if isNameByte(bytes[position]) {
            token.reject(.numberFormat)
            while isNameByte(bytes[position]) { position += 1 }
        }
        append(token)
    }

    @discardableResult
    private mutating func skipDigits() -> Bool {
        let first = position
        while bytes[position] &- UInt8(ascii: "0") < 10 { position += 1 }
        return position > first
    }

    // MARK: Strings

    mutating func scanString(_ flags: Token.Flags) {
        var token = start(.string, flags)
        position += 1
        while true {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") { break }
            if byte == UInt8(ascii: "\\") {
                token.flags.insert(.hasEscape)
                if !skipEscape() { token.reject(.escapeSequence) }
                continue
            }
            guard step(over: byte, inLine: true, &token) else { return append(token) }
        }
        position += 1
        append(token)
    }

    mutating func scanRawString(_ flags: Token.Flags) {
        var token = start(.rawString, flags)
        position += 1
        while bytes[position] != UInt8(ascii: "`") {
            guard step(over: bytes[position], inLine: false, &token) else { return append(token) }
        }
        position += 1
        append(token)
    }

    /// Passes one byte of a string's text. Returns false where the string cannot go on.
    private mutating func step(over byte: UInt8, inLine: Bool, _ token: inout Token) -> Bool {
        if byte == UInt8(ascii: "\n") {
            if inLine {
                token.reject(.nonTerminatedString)
                return false
            }
            position += 1
            newline()
            return true
        }
        if byte == 0 {
            if position == end {
                token.reject(.nonTerminatedString)
                return false
            }
            token.reject(.null)
        }
        if byte & 0xC0 == 0x80 { continuationBytes += 1 }
        position += 1
        return true
    }

    /// Passes a backslash and what it escapes. The digits after `\u` are checked when decoding.
    private mutating func skipEscape() -> Bool {
        position += 1
        switch bytes[position] {
        case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"),
            UInt8(ascii: "u"):
            position += 1
            return true
        default:
            return false
        }
    }

    // MARK: Template strings

    mutating func scanTemplate(_ flags: Token.Flags) {
        var token = start(.templatePart, flags)
        switch bytes[position + 1] {
        case UInt8(ascii: "\""):
            position += 2
            scanTemplateText(token, false)
        case UInt8(ascii: "`"):
            position += 2
            token.flags.insert(.raw)
            scanTemplateText(token, false)
        default:
            position += 1
            token.reject(.dollar)
            append(token)
        }
    }

    /// The text up to the next interpolation or to the template's end. After an interpolation the
    /// caller has just passed its closing brace.
    mutating func scanTemplateText(_ opened: Token, _ continued: Bool) {
        var token = opened
        if continued { token.flags.insert(.continued) }
        let isRaw = token.flags.contains(.raw)
        let delimiter = isRaw ? UInt8(ascii: "`") : UInt8(ascii: "\"")
        while true {
            let byte = bytes[position]
            if byte == delimiter {
                position += 1
                if token.kind == .templatePart { token.kind = .templateEnd }
                return append(token)
            }
            if byte == UInt8(ascii: "{") {
                position += 1
                markOpen()
                return append(token)
            }
            if byte == UInt8(ascii: "\\"), !isRaw || bytes[position + 1] == UInt8(ascii: "{") {
                token.flags.insert(.hasEscape)
                skipTemplateEscape(&token)
                continue
            }
            guard step(over: byte, inLine: !isRaw, &token) else { return append(token) }
        }
    }

    private mutating func skipTemplateEscape(_ token: inout Token) {
        if bytes[position + 1] == UInt8(ascii: "{") {
            position += 2
        } else if !skipEscape() {
            token.reject(.escapeSequence)
        }
    }
}

extension Token {
    /// The first fault of a token is the one reported.
    mutating func reject(_ reason: LexicalFault) {
        guard kind != .illegal else { return }
        kind = .illegal
        fault = reason
    }
}
