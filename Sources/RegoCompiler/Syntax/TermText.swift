// SPDX-License-Identifier: Apache-2.0

extension Term.Kind {
    /// What OPA's messages call the value.
    var name: String {
        switch self {
        case .null: "null"
        case .boolean: "boolean"
        case .number: "number"
        case .string: "string"
        case .variable, .local: "var"
        case .ref: "ref"
        case .array: "array"
        case .object: "object"
        case .set: "set"
        case .arrayComprehension: "arraycomprehension"
        case .setComprehension: "setcomprehension"
        case .objectComprehension: "objectcomprehension"
        case .call: "call"
        case .template: "templatestring"
        }
    }

    var canHeadRef: Bool {
        switch self {
        case .null, .boolean, .number, .string, .ref, .template: false
        default: true
        }
    }

    /// Whether the value holds no variable, ref or call.
    var isGround: Bool {
        switch self {
        case .null, .boolean, .number, .string: true
        case .array(let members), .set(let members):
            members.allSatisfy { $0.kind.isGround }
        case .object(let pairs):
            pairs.allSatisfy { $0.key.kind.isGround && $0.value.kind.isGround }
        case .variable, .local, .ref, .call, .template, .arrayComprehension, .setComprehension,
            .objectComprehension:
            false
        }
    }
}

/// Short texts of terms for messages: heads and refs in full, anything larger by its sort.
enum TermText {
    static func describe(_ term: Term) -> String {
        switch term.kind {
        case .variable(let name): name.first == "$" ? "_" : name
        case .string(let text): "\"\(text)\""
        case .number(let text): text
        case .boolean(let value): value ? "true" : "false"
        case .null: "null"
        case .ref(let head, let operands): describe(head, operands)
        case .call(let name, _, _): name.joined(separator: ".") + "(...)"
        default: "<\(term.kind.name)>"
        }
    }

    static func describe(_ head: Term, _ operands: [Term]) -> String {
        var text = describe(head)
        for operand in operands {
            if case .string(let name) = operand.kind, isName(name) {
                text += "." + name
            } else {
                text += "[" + describe(operand) + "]"
            }
        }
        return text
    }

    static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(0x30...0x39 ~= first) else { return false }
        return text.utf8.allSatisfy {
            0x30...0x39 ~= $0 || 0x61...0x7A ~= $0 | 0x20 || $0 == UInt8(ascii: "_")
        }
    }

    /// A path of names: `data.a["b-c"]`.
    static func path(_ path: [String]) -> String {
        path.dropFirst().reduce(path.first ?? "") { text, name in
            text + (isName(name) ? "." + name : "[\(RegoPrinter.quoted(name))]")
        }
    }
}
