// SPDX-License-Identifier: Apache-2.0
import RegoVM

/// Syntax trees as the JSON documents of `rego.parse_module` and `opa parse --format json`,
/// without locations and comments.
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
        do throws(SyntaxDocument.Inexpressible) {
            return try SyntaxDocument(arena).module(module)
        } catch {
            throw .failed("\(error.what) has no form in the syntax tree")
        }
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
    /// OPA has a form for it that this parser's trees do not keep.
    struct Inexpressible: Error {
        let what: String
    }

    let arena: Arena

    init(_ arena: Arena) { self.arena = arena }

    func module(_ module: Module) throws(Inexpressible) -> Value {
        let document = CollectionBuilder.object(in: arena)
        document.insert(
            .string("package"), object([("path", path("data", module.package[...]))]))
        if !module.imports.isEmpty {
            document.insert(.string("imports"), arena.array(module.imports.map(entry)))
        }
        if !module.rules.isEmpty {
            document.insert(.string("rules"), try list(module.rules, rule))
        }
        return document.finish()
    }

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

    private func rule(_ rule: Rule) throws(Inexpressible) -> Value {
        var fields: [(StaticString, Value)] = [
            ("head", try head(rule.head)), ("body", try body(rule.body)),
        ]
        if rule.isDefault { fields.append(("default", .true)) }
        if let branch = rule.elseRule { fields.append(("else", try self.rule(branch))) }
        return object(fields)
    }

    private func head(_ head: Head) throws(Inexpressible) -> Value {
        var fields: [(StaticString, Value)] = [("ref", try list(head.ref, term))]
        if head.ref.count <= 2, case .variable(let name)? = head.ref.first?.kind {
            fields.append(("name", arena.string(name)))
        }
        if let arguments = head.arguments { fields.append(("args", try list(arguments, term))) }
        if let key = head.key {
            fields.append(("key", try term(key)))
        } else if head.ref.count == 2 {
            fields.append(("key", try term(head.ref[1])))
        }
        if let value = head.value {
            fields.append(("value", try term(value)))
        } else if head.key == nil {
            fields.append(("value", node("boolean", .true)))
        }
        if head.isAssigned { fields.append(("assign", .true)) }
        return object(fields)
    }

    // MARK: Bodies

    func body(_ body: Body) throws(Inexpressible) -> Value {
        guard !body.isEmpty else {
            return arena.array([
                object([("index", .integer(0)), ("terms", node("boolean", .true))])
            ])
        }
        var values: [Value] = []
        for (index, item) in body.enumerated() { values.append(try expression(item, index)) }
        return arena.array(values)
    }

    private func expression(
        _ expression: Expression, _ index: Int
    ) throws(Inexpressible) -> Value {
        var fields: [(StaticString, Value)] = [
            ("index", .integer(index)), ("terms", try terms(expression.kind)),
        ]
        if expression.isNegated { fields.append(("negated", .true)) }
        if !expression.modifiers.isEmpty {
            fields.append(
                (
                    "with",
                    try list(expression.modifiers) { modifier throws(Inexpressible) in
                        object([
                            ("target", try term(modifier.target)),
                            ("value", try term(modifier.value)),
                        ])
                    }
                ))
        }
        return object(fields)
    }

    private func terms(_ kind: Expression.Kind) throws(Inexpressible) -> Value {
        switch kind {
        case .term(let term):
            if case .call(let name, _, let operands) = term.kind { return try call(name, operands) }
            return try self.term(term)
        case .someVariables(let variables): return object([("symbols", try list(variables, term))])
        case .someIn(let key, let value, let domain):
            let operands = [key, value, domain].compactMap { $0 }
            let name = ["internal", "member_\(operands.count)"]
            let membership = node("call", try call(name, operands))
            return object([("symbols", arena.array([membership]))])
        case .every(let key, let value, let domain, let body):
            return object([
                ("key", try key.map { key throws(Inexpressible) in try term(key) } ?? .null),
                ("value", try term(value)), ("domain", try term(domain)),
                ("body", try self.body(body)),
            ])
        case .block: throw Inexpressible(what: "`not` before a body")
        case .and: throw Inexpressible(what: "`and`")
        case .or: throw Inexpressible(what: "`or`")
        }
    }
}
