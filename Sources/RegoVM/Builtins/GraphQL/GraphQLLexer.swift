// SPDX-License-Identifier: Apache-2.0

struct GraphQLToken {
    enum Kind: String {
        case invalid = "<Invalid>"
        case end = "<EOF>"
        case bang = "!"
        case dollar = "$"
        case ampersand = "&"
        case leftParenthesis = "("
        case rightParenthesis = ")"
        case spread = "..."
        case colon = ":"
        case equals = "="
        case at = "@"
        case leftBracket = "["
        case rightBracket = "]"
        case leftBrace = "{"
        case rightBrace = "}"
        case pipe = "|"
        case name = "Name"
        case int = "Int"
        case float = "Float"
        case string = "String"
        case blockString = "BlockString"
    }

    var kind: Kind
    var text = ""
    var position: GraphQLPosition
    /// Why the token is invalid.
    var error: GraphQLError?

    /// As messages show it.
    var shown: String { text.isEmpty ? kind.rawValue : "\(kind.rawValue) \(GoText.quoted(text))" }
}

/// Splits GraphQL text into tokens (specification section 2.1).
struct GraphQLLexer {
    private let input: [Unicode.Scalar]
    private var position = 0
    private var start = 0
    private var line = 1
    private var lineStart = 0

    private static let punctuation: [Unicode.Scalar: GraphQLToken.Kind] = [
        "!": .bang, "$": .dollar, "&": .ampersand, "(": .leftParenthesis, ")": .rightParenthesis,
        ":": .colon, "=": .equals, "@": .at, "[": .leftBracket, "]": .rightBracket, "{": .leftBrace,
        "}": .rightBrace, "|": .pipe,
    ]

    init(_ text: String) { input = Array(text.unicodeScalars) }

    mutating func next() -> GraphQLToken {
        skipIgnored()
        start = position
        guard position < input.count else { return token(.end) }
        let scalar = input[position]
        if let kind = Self.punctuation[scalar] {
            position += 1
            return token(kind)
        }
        switch scalar {
        case "." where hasPrefix("..."):
            position += 3
            return token(.spread)
        case "_", "a"..."z", "A"..."Z": return name()
        case "-", "0"..."9": return number()
        case "\"": return hasPrefix("\"\"\"") ? blockString() : string()
        case "'":
            return invalid(
                "Unexpected single quote character ('), did you mean to use a double quote (\")?")
        case _ where scalar.value < 0x20:
            return invalid("Cannot contain the invalid character \"\\u\(padded(scalar.value))\"")
        default: return invalid("Cannot parse the unexpected character \"\(scalar)\".")
        }
    }

    private func hasPrefix(_ text: String) -> Bool {
        input[position...].starts(with: text.unicodeScalars)
    }

    private func token(_ kind: GraphQLToken.Kind, _ text: String = "") -> GraphQLToken {
        GraphQLToken(
            kind: kind, text: text,
            position: GraphQLPosition(line: line, column: start - lineStart + 1))
    }

    private func invalid(_ message: String) -> GraphQLToken {
        let place = GraphQLPosition(line: line, column: position - lineStart + 1)
        return GraphQLToken(
            kind: .invalid, position: place, error: GraphQLError(message, place))
    }

    private func padded(_ number: UInt32) -> String {
        String(repeating: "0", count: max(0, 4 - String(number).count)) + String(number)
    }

    /// Steps over white space, commas, byte order marks and comments.
    private mutating func skipIgnored() {
        while position < input.count {
            switch input[position] {
            case "\t", " ", ",", "\u{FEFF}": position += 1
            case "\n", "\r": newLine()
            case "#":
                while position < input.count,
                    input[position].value > 0x1F || input[position] == "\t"
                {
                    position += 1
                }
            default: return
            }
        }
    }

    private mutating func newLine() {
        let isReturn = input[position] == "\r"
        position += 1
        line += 1
        lineStart = position
        if isReturn, position < input.count, input[position] == "\n" { position += 1 }
    }

    private func text(_ range: Range<Int>) -> String {
        String(String.UnicodeScalarView(input[range]))
    }

    private mutating func name() -> GraphQLToken {
        while position < input.count {
            switch input[position] {
            case "_", "a"..."z", "A"..."Z", "0"..."9": position += 1
            default: return token(.name, text(start..<position))
            }
        }
        return token(.name, text(start..<position))
    }

    // MARK: Numbers

    private mutating func number() -> GraphQLToken {
        _ = accept("-")
        if accept("0") {
            if let scalar = current, ("0"..."9").contains(scalar) {
                return invalid("Invalid number, unexpected digit after 0: \(describedNext).")
            }
        } else if digits() == 0 {
            return invalid("Invalid number, expected digit but got: \(describedNext).")
        }
        var isFloat = false
        if accept(".") {
            isFloat = true
            if digits() == 0 {
                return invalid("Invalid number, expected digit but got: \(describedNext).")
            }
        }
        if accept("e") || accept("E") {
            isFloat = true
            if !accept("-") { _ = accept("+") }
            if digits() == 0 {
                return invalid("Invalid number, expected digit but got: \(describedNext).")
            }
        }
        return token(isFloat ? .float : .int, text(start..<position))
    }

    private var current: Unicode.Scalar? { position < input.count ? input[position] : nil }

    private var describedNext: String { current.map { "\"\($0)\"" } ?? "<EOF>" }

    private mutating func accept(_ scalar: Unicode.Scalar) -> Bool {
        guard current == scalar else { return false }
        position += 1
        return true
    }

    private mutating func digits() -> Int {
        let first = position
        while let scalar = current, ("0"..."9").contains(scalar) { position += 1 }
        return position - first
    }

    // MARK: Strings

    private mutating func string() -> GraphQLToken {
        position += 1
        start = position
        var output = String.UnicodeScalarView()
        while let scalar = current, scalar != "\n", scalar != "\r" {
            switch scalar {
            case "\"":
                let result = token(.string, String(output))
                position += 1
                return result
            case "\\":
                if let failure = escape(&output) { return failure }
            case _ where scalar.value < 0x20 && scalar != "\t":
                return invalid("Invalid character within String: \"\\u\(padded(scalar.value))\".")
            default:
                output.append(scalar)
                position += 1
            }
        }
        return invalid("Unterminated string.")
    }

    private mutating func escape(_ output: inout String.UnicodeScalarView) -> GraphQLToken? {
        position += 1
        guard let scalar = current else { return invalid("Invalid character escape sequence.") }
        if scalar == "u" {
            let digits = input[min(position + 1, input.count)..<min(position + 5, input.count)]
            guard digits.count == 4,
                let value = UInt32(String(String.UnicodeScalarView(digits)), radix: 16),
                digits.first != "+", digits.first != "-"
            else {
                let shown = text(position..<min(position + 5, input.count))
                return invalid("Invalid character escape sequence: \\\(shown).")
            }
            output.append(Unicode.Scalar(value) ?? "\u{FFFD}")
            position += 5
            return nil
        }
        let plain: [Unicode.Scalar: Unicode.Scalar] = [
            "\"": "\"", "/": "/", "\\": "\\", "b": "\u{8}", "f": "\u{C}", "n": "\n", "r": "\r",
            "t": "\t",
        ]
        guard let meant = plain[scalar] else {
            return invalid("Invalid character escape sequence: \\\(scalar).")
        }
        output.append(meant)
        position += 1
        return nil
    }

    private mutating func blockString() -> GraphQLToken {
        position += 3
        start = position
        var output = String.UnicodeScalarView()
        while let scalar = current {
            if hasPrefix("\"\"\"") {
                let result = token(.blockString, Self.dedented(String(output)))
                position += 3
                return result
            }
            if hasPrefix("\\\"\"\"") {
                output.append(contentsOf: "\"\"\"".unicodeScalars)
                position += 4
                continue
            }
            switch scalar {
            case "\n", "\r":
                output.append("\n")
                newLine()
            case _ where scalar.value < 0x20 && scalar != "\t":
                return invalid("Invalid character within String: \"\\u\(padded(scalar.value))\".")
            default:
                output.append(scalar)
                position += 1
            }
        }
        return invalid("Unterminated string.")
    }

    /// Takes the common indentation and blank lines at both ends away (section 2.9.4).
    private static func dedented(_ text: String) -> String {
        let space: [Unicode.Scalar] = [" ", "\t"]
        var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
            .map { Array($0) }
        func indentation(_ line: [Unicode.Scalar]) -> Int? {
            line.firstIndex { !space.contains($0) }
        }
        if let common = lines.compactMap(indentation).min() {
            for index in lines.indices.dropFirst() {
                lines[index] = Array(lines[index].dropFirst(common))
            }
        }
        let kept = lines.drop { indentation($0) == nil }
        let end = kept.lastIndex { indentation($0) != nil } ?? kept.startIndex - 1
        return kept.prefix(max(0, end - kept.startIndex + 1))
            .map { String(String.UnicodeScalarView($0)) }.joined(separator: "\n")
    }
}
