// SPDX-License-Identifier: Apache-2.0
import RegoCompiler

/// Prints trees as S-expressions, one statement or expression to a line. With `showsPlaces` each
/// expression, rule and call bears its place as `@row:column-end`.
struct SyntaxPrinter {
    var showsPlaces = false

    func module(_ module: Module) -> String {
        var lines = ["(package \(path(module.package))\(place(module.packageLocation)))"]
        if module.version == .v0 { lines[0] = "v0 " + lines[0] }
        for item in module.imports {
            let alias = item.alias.map { " as \($0)" } ?? ""
            lines.append("(import \(path(item.path))\(alias)\(place(item.location)))")
        }
        for annotations in module.annotations { lines.append(text(annotations)) }
        for rule in module.rules { lines.append(text(rule)) }
        return lines.joined(separator: "\n")
    }

    func body(_ body: Body) -> String { body.map(text).joined(separator: "\n") }

    func term(_ term: Term) -> String { text(term) }

    private func path(_ path: [String]) -> String { path.map(quoted).joined(separator: " ") }

    private func quoted(_ text: String) -> String {
        "\"" + text.map { $0 == "\n" ? "\\n" : String($0) }.joined() + "\""
    }

    private func place(_ location: Location) -> String {
        guard showsPlaces else { return "" }
        return " @\(location.row):\(location.column)-\(location.end)"
    }

    private func text(_ annotations: Annotations) -> String {
        "(annotations \(annotations.scope) \(path(annotations.target))"
            + " \(quoted(annotations.yaml))\(place(annotations.location)))"
    }

    // MARK: Rules

    private func text(_ rule: Rule) -> String {
        var parts = [rule.isDefault ? "(default" : "(rule", text(rule.head)]
        if !rule.body.isEmpty { parts.append(bodyText(rule.body)) }
        if let branch = rule.elseRule { parts.append("(else " + text(branch) + ")") }
        if !rule.annotations.isEmpty {
            parts.append("annotated " + rule.annotations.map(\.scope).joined(separator: ","))
        }
        return parts.joined(separator: " ") + place(rule.location) + ")"
    }

    private func text(_ head: Head) -> String {
        var parts = ["(head", list("ref", head.ref)]
        if let arguments = head.arguments { parts.append(list("args", arguments)) }
        if let key = head.key { parts.append("(key \(text(key)))") }
        if let value = head.value {
            parts.append("(\(head.isAssigned ? ":=" : "=") \(text(value)))")
        }
        return parts.joined(separator: " ") + place(head.location) + ")"
    }

    private func bodyText(_ body: Body) -> String { list("body", body.map(text)) }

    private func list(_ name: String, _ terms: [Term]) -> String { list(name, terms.map(text)) }

    private func list(_ name: String, _ parts: [String]) -> String {
        "(" + ([name] + parts).joined(separator: " ") + ")"
    }

    // MARK: Expressions

    private func text(_ expression: RegoCompiler.Expression) -> String {
        var parts: [String] = [kindText(expression.kind)]
        for modifier in expression.modifiers {
            parts.append("(with \(text(modifier.target)) \(text(modifier.value)))")
        }
        if expression.isNegated { parts.insert("not", at: 0) }
        let places = place(expression.location)
        if parts.count == 1, places.isEmpty { return parts[0] }
        return "(expr " + parts.joined(separator: " ") + places + ")"
    }

    private func kindText(_ kind: RegoCompiler.Expression.Kind) -> String {
        switch kind {
        case .term(let term): text(term)
        case .someVariables(let variables): list("some", variables)
        case .someIn(let key, let value, let domain):
            list("some-in", ([key, value].compactMap { $0 }) + [domain])
        case .every(let key, let value, let domain, let body):
            "(every "
                + ([key, value].compactMap { $0 } + [domain]).map(text)
                .joined(separator: " ") + " " + bodyText(body) + ")"
        case .block(let body): list("block", body.map(text))
        case .and(let left, let right): "(and \(bodyText(left)) \(bodyText(right)))"
        case .or(let left, let right): "(or \(bodyText(left)) \(bodyText(right)))"
        }
    }

    // MARK: Terms

    private func text(_ term: Term) -> String {
        switch term.kind {
        case .null: "null"
        case .boolean(let value): value ? "true" : "false"
        case .number(let number): number
        case .string(let string): quoted(string)
        case .variable(let name), .local(_, let name): name
        case .ref(let head, let operands): list("ref", [head] + operands)
        case .array(let members): list("array", members)
        case .set(let members): list("set", members)
        case .object(let pairs):
            list("object", pairs.map { "\(text($0.key)):\(text($0.value))" })
        case .arrayComprehension(let head, let body):
            "(array-of \(text(head)) \(bodyText(body)))"
        case .setComprehension(let head, let body):
            "(set-of \(text(head)) \(bodyText(body)))"
        case .objectComprehension(let key, let value, let body):
            "(object-of \(text(key)):\(text(value)) \(bodyText(body)))"
        case .call(let name, let location, let arguments):
            list(name.joined(separator: ".") + place(location), arguments)
        case .template(let parts): list("template", parts)
        }
    }
}
