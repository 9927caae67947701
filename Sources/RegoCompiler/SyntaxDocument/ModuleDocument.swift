// SPDX-License-Identifier: Apache-2.0
import RegoVM

/// Syntax trees as the JSON documents of `rego.parse_module` and `opa parse --format json`,
/// as OPA gives them: without locations, except of comments.
public struct ModuleParser: ModuleParsing {
    public init() {}

    public func document(
        of text: String, name: String, in arena: Arena
    ) throws(BuiltinError) -> Value {
        let module: Module
        do throws(CompilationFailure) {
            module = try Parser.parse(Source(name: name, text: text), file: 0)
        } catch {
            throw .failed(Self.describe(error.diagnostics, name))
        }
        return SyntaxDocument(module, text, name, arena).module(module)
    }

    /// `1 error occurred: x.rego:1: rego_parse_error: ...`
    private static func describe(_ diagnostics: [Diagnostic], _ name: String) -> String {
        let errors = diagnostics.map {
            "\(name):\($0.location.row): \($0.code.rawValue): \($0.message)"
        }
        guard errors.count != 1 else { return "1 error occurred: \(errors[0])" }
        return "\(errors.count) errors occurred:\n" + errors.joined(separator: "\n")
    }
}

/// Writes the parts of a module as values.
struct SyntaxDocument {
    let arena: Arena
    private let text: [UInt8]
    private let name: String
    /// Every `not` has a body, with or without braces.
    private let hasNegatedBodies: Bool

    init(_ module: Module, _ text: String, _ name: String, _ arena: Arena) {
        self.arena = arena
        self.text = Array(text.utf8)
        self.name = name
        hasNegatedBodies = module.imports.contains { $0.path == ["future", "keywords", "not"] }
    }

    func module(_ module: Module) -> Value {
        let document = CollectionBuilder.object(in: arena)
        document.insert(
            .string("package"), object([("path", path("data", module.package[...]))]))
        if !module.imports.isEmpty {
            document.insert(.string("imports"), arena.array(module.imports.map(entry)))
        }
        if !module.rules.isEmpty {
            document.insert(.string("rules"), list(module.rules, rule))
        }
        if !module.comments.isEmpty {
            document.insert(.string("comments"), arena.array(module.comments.map(comment)))
        }
        return document.finish()
    }

    /// A comment's text is in base64, as Go writes bytes.
    private func comment(_ comment: Comment) -> Value {
        object([
            ("Text", arena.base64(text[Int(comment.start)..<Int(comment.end)])),
            (
                "Location",
                object([
                    ("file", arena.string(name)), ("row", .integer(Int(comment.row))),
                    ("col", .integer(Int(comment.column))),
                ])
            ),
        ])
    }

    /// True for a template in backquotes, which may have several lines.
    func isRaw(_ template: Term) -> Bool { text[Int(template.location.start) + 1] == 0x60 }

    private func entry(_ item: Import) -> Value {
        let target = path(item.path.first ?? "", item.path.dropFirst())
        var fields = [("path" as StaticString, node("ref", target))]
        if let alias = item.alias { fields.append(("alias", arena.string(alias))) }
        return object(fields)
    }

    /// A variable and the strings behind it.
    private func path(_ root: String, _ steps: ArraySlice<String>) -> Value {
        arena.array([variable(root)] + steps.map { node("string", arena.string($0)) })
    }

    // MARK: Rules

    private func rule(_ rule: Rule) -> Value {
        var fields: [(StaticString, Value)] = [
            ("head", head(rule.head, hasBody: !rule.body.isEmpty)), ("body", body(rule.body)),
        ]
        if rule.isDefault { fields.append(("default", .true)) }
        if let branch = rule.elseRule { fields.append(("else", self.rule(branch))) }
        return object(fields)
    }

    private func head(_ head: Head, hasBody: Bool) -> Value {
        let reference = self.reference(head.ref[0], Array(head.ref.dropFirst()))
        var fields: [(StaticString, Value)] = [("ref", reference)]
        // What OPA keeps for those who know no heads with refs.
        let isPair = head.ref.count == 2 && head.key == nil
        let hasName = isPair && (hasBody ? head.value != nil : head.arguments == nil)
        if head.ref.count == 1 || hasName, case .variable(let name) = head.ref[0].kind {
            fields.append(("name", arena.string(name)))
        }
        if let arguments = head.arguments { fields.append(("args", list(arguments, term))) }
        if let key = head.key {
            fields.append(("key", term(key)))
        } else if isPair, head.arguments == nil, !hasBody || isOpen(head.ref[1]) {
            fields.append(("key", term(head.ref[1])))
        }
        if let value = head.value {
            fields.append(("value", term(value)))
        } else if head.key == nil {
            fields.append(("value", node("boolean", .true)))
        }
        if head.isAssigned { fields.append(("assign", .true)) }
        return object(fields)
    }

    /// True for a term that OPA does not call ground, and for refs.
    private func isOpen(_ term: Term) -> Bool {
        var isOpen = false
        ExpressionWalk(onTerm: {
            switch $0.kind {
            case .variable, .ref: isOpen = true
            default: break
            }
        }).walk(term)
        return isOpen
    }

    // MARK: Bodies

    func body(_ body: Body) -> Value {
        guard !body.isEmpty else {
            return arena.array([
                object([("index", .integer(0)), ("terms", node("boolean", .true))])
            ])
        }
        var values: [Value] = []
        for (index, item) in body.enumerated() { values.append(expression(item, index)) }
        return arena.array(values)
    }

    func expression(_ expression: Expression, _ index: Int) -> Value {
        var fields: [(StaticString, Value)] = [("index", .integer(index))]
        if case .block(let body) = expression.kind {
            fields.append(("terms", negation(self.body(body), expression)))
        } else if expression.isNegated, hasNegatedBodies {
            let inner = Expression(location: expression.location, kind: expression.kind)
            inner.braces = expression.braces
            fields.append(("terms", negation(body([inner]), expression)))
        } else {
            fields.append(("terms", terms(expression)))
            if expression.isNegated { fields.append(("negated", .true)) }
        }
        if !expression.modifiers.isEmpty {
            let modifiers = list(expression.modifiers) {
                object([("target", term($0.target)), ("value", term($0.value))])
            }
            fields.append(("with", modifiers))
        }
        return object(fields)
    }

    private func negation(_ body: Value, _ expression: Expression) -> Value {
        let hasBraces = expression.isNegated && expression.braces.contains(.left)
        return object([
            ("type", .string("not")), ("body", body), ("explicit_body", .boolean(hasBraces)),
        ])
    }

    private func terms(_ expression: Expression) -> Value {
        switch expression.kind {
        case .term(let term):
            if case .call(let name, _, let operands) = term.kind { return call(name, operands) }
            return self.term(term)
        case .someVariables(let variables): return object([("symbols", list(variables, term))])
        case .someIn(let key, let value, let domain):
            let operands = [key, value, domain].compactMap { $0 }
            let name = ["internal", "member_\(operands.count)"]
            let membership = node("call", call(name, operands))
            return object([("symbols", arena.array([membership]))])
        case .every(let key, let value, let domain, let body):
            return object([
                ("key", key.map { term($0) } ?? .null), ("value", term(value)),
                ("domain", term(domain)), ("body", self.body(body)),
            ])
        case .block(let body): return negation(self.body(body), expression)
        case .and(let left, let right): return logical("and", left, right, expression.braces)
        case .or(let left, let right): return logical("or", left, right, expression.braces)
        }
    }

    private func logical(
        _ type: StaticString, _ left: Body, _ right: Body, _ braces: Expression.Braces
    ) -> Value {
        var fields: [(StaticString, Value)] = [
            ("type", .string(type)), ("lhs", body(left)), ("rhs", body(right)),
        ]
        if braces.contains(.left) { fields.append(("explicit_lhs", .true)) }
        if braces.contains(.right) { fields.append(("explicit_rhs", .true)) }
        return object(fields)
    }
}
