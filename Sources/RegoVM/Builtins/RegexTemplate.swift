// SPDX-License-Identifier: Apache-2.0

/// `regex.template_match`: text with regular expressions between delimiters.
enum RegexTemplate {
    static func match(_ operands: Operands, _ evaluation: Evaluation) throws(BuiltinError) -> Value
    {
        let (template, text) = try (operands.string(0), operands.string(1))
        let (open, close) = try (operands.string(2), operands.string(3))
        for (name, delimiter) in [("start", open), ("end", close)] where delimiter.count != 1 {
            // OPA tells the start delimiter's length in both cases.
            throw .failed(
                "\(name) delimiter has to be exactly one character long but is \(open.count) long")
        }
        let delimiters = evaluation.arena.allocate(UInt8.self, count: 2)
        delimiters[0] = open.bytes[0]
        delimiters[1] = close.bytes[0]
        let pattern = try PatternCache.of(evaluation).template(
            template, .string(delimiters, 2)
        ) { () throws(BuiltinError) in
            try compile(template.bytes, open.bytes[0], close.bytes[0], evaluation)
        }
        return .boolean(pattern.matches(text.bytes))
    }

    private static func compile(
        _ template: UnsafeBufferPointer<UInt8>, _ open: UInt8, _ close: UInt8,
        _ evaluation: Evaluation
    ) throws(BuiltinError) -> Pattern {
        guard template.count <= Limits.patternBytes else {
            throw BuiltinError(.limit, "pattern of \(template.count) bytes exceeds the limit")
        }
        var expression = ByteBuilder(evaluation.arena, capacity: template.count * 2 + 16)
        expression.append(UInt8(ascii: "^"))
        var (level, copied) = (0, 0)
        for (index, byte) in template.enumerated() {
            if byte == open {
                level += 1
                if level == 1 {
                    appendQuoted(template[copied..<index], to: &expression)
                    copied = index + 1
                }
            } else if byte == close {
                level -= 1
                guard level >= 0 else { throw unbalanced(template, evaluation) }
                if level == 0 {
                    expression.append(UInt8(ascii: "("))
                    expression.append(UnsafeBufferPointer(rebasing: template[copied..<index]))
                    expression.append(UInt8(ascii: ")"))
                    copied = index + 1
                }
            }
        }
        guard level == 0 else { throw unbalanced(template, evaluation) }
        appendQuoted(template[copied...], to: &expression)
        expression.append(UInt8(ascii: "$"))
        return try PatternCache.compile(expression.bytes)
    }

    private static func unbalanced(
        _ template: UnsafeBufferPointer<UInt8>, _ evaluation: Evaluation
    ) -> BuiltinError {
        var text = ByteBuilder(evaluation.arena)
        text.append("unbalanced braces in ")
        RegoText.appendQuoted(template, to: &text)
        return .failed(String(decoding: text.bytes, as: UTF8.self))
    }

    /// Go's `regexp.QuoteMeta`.
    static func appendQuoted(
        _ bytes: Slice<UnsafeBufferPointer<UInt8>>, to output: inout ByteBuilder
    ) {
        for byte in bytes {
            if isMeta(byte) { output.append(UInt8(ascii: "\\")) }
            output.append(byte)
        }
    }

    private static func isMeta(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "\\"), UInt8(ascii: "."), UInt8(ascii: "+"), UInt8(ascii: "*"),
            UInt8(ascii: "?"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "|"),
            UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"), UInt8(ascii: "}"),
            UInt8(ascii: "^"), UInt8(ascii: "$"):
            return true
        default: return false
        }
    }
}
