// SPDX-License-Identifier: Apache-2.0

/// Terms as OPA prints them in messages.
enum RegoPrinter {
    static func text(_ term: Term) -> String {
        switch term.kind {
        case .null: "null"
        case .boolean(let value): value ? "true" : "false"
        case .number(let text): text
        case .string(let text): quoted(text)
        case .local(_, let name), .variable(let name): name.hasPrefix("$") ? "_" : name
        case .ref(let head, let operands): ref(head, operands[...])
        case .array(let elements): "[\(list(elements))]"
        case .set(let elements): elements.isEmpty ? "set()" : "{\(list(elements))}"
        case .object(let entries):
            "{\(entries.map { "\(text($0.key)): \(text($0.value))" }.joined(separator: ", "))}"
        case .call(let name, _, let arguments): "\(TermText.path(name))(\(list(arguments)))"
        case .template: "$\"...\""
        case .arrayComprehension(let head, _): "[\(text(head)) | ...]"
        case .setComprehension(let head, _): "{\(text(head)) | ...}"
        case .objectComprehension(let key, let value, _): "{\(text(key)): \(text(value)) | ...}"
        }
    }

    /// A ref's head and operands: `data.a["b-c"][x]`.
    static func ref(_ head: Term, _ operands: ArraySlice<Term>) -> String {
        var result = text(head)
        for operand in operands {
            if case .string(let name) = operand.kind, TermText.isName(name) {
                result += "." + name
            } else {
                result += "[\(text(operand))]"
            }
        }
        return result
    }

    private static func list(_ terms: [Term]) -> String { terms.map(text).joined(separator: ", ") }

    /// A string in double quotes, with JSON's escapes.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case let control where control.value < 0x20:
                let digits = String(control.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
