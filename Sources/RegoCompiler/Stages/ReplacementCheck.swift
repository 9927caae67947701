// SPDX-License-Identifier: Apache-2.0

import RegoVM

/// Collects what `with` replaces anywhere in the policy and refuses what it cannot replace (OPA's
/// stage RewriteWithValues).
struct ReplacementCheck {
    private let builder: ProgramBuilder
    private var diagnostics: [Diagnostic] = []

    @Sendable
    static func check(_ compilation: Compilation) -> [Diagnostic] {
        var check = ReplacementCheck(builder: compilation.builder)
        compilation.forEachClause { clause in
            guard clause.features.contains(.modifiers) else { return }
            ExpressionWalk(onModifier: { check.check($0) }).walkOne(clause)
        }
        return check.diagnostics
    }

    private init(builder: ProgramBuilder) { self.builder = builder }

    private mutating func check(_ modifier: Modifier) {
        switch WithTarget(modifier, builder) {
        case .data(let path):
            builder.replacedPaths.append(path)
            if goesThroughRule(modifier.target) {
                refuse("with keyword cannot partially replace virtual document(s)", modifier.target)
            }
        case .callee(let callee):
            builder.replacedCallees.insert(callee)
            checkArity(of: modifier)
            if case .builtin(let index) = callee { check(BuiltinTable.all[index], modifier.target) }
        case .input: break
        case nil:
            if case .call(let name, _, _) = modifier.target.kind, Self.hasNoValue(name) {
                return refuse(Self.prefix + "target must not be a void function", modifier.target)
            }
            diagnostics.append(
                Diagnostic(
                    .type, "with keyword target must reference existing input, data, or a function",
                    at: modifier.target.location))
        }
    }

    private static let prefix = "with keyword replacing built-in function: "

    private static func hasNoValue(_ name: [String]) -> Bool { name == ["print"] }

    private mutating func check(_ builtin: Builtin, _ target: Term) {
        let name = builtin.name
        if name == "eq" || name.hasPrefix("rego.metadata.") {
            refuse(Self.prefix + "replacement of \"\(name)\" invalid", target)
        } else if name.hasPrefix("internal.") {
            refuse(Self.prefix + "replacement of internal function \"\(name)\" invalid", target)
        } else if builtin.traits.contains(.relation) {
            refuse(Self.prefix + "target must not be a relation", target)
        }
    }

    /// A function is replaced by a value or by a function with as many operands.
    private mutating func checkArity(of modifier: Modifier) {
        guard let (name, wanted) = signature(modifier.target),
            let (_, found) = signature(modifier.value), wanted != found
        else { return }
        diagnostics.append(
            Diagnostic(
                .type, "\(name): arity mismatch", at: modifier.location,
                details: ["have: \(found)", "want: \(wanted)"]))
    }

    /// The function that a term names, and how many operands it takes.
    private func signature(_ term: Term) -> (name: String, operands: Int)? {
        guard let callee = WithTarget.callee(of: term, builder) else { return nil }
        switch callee {
        case .builtin(let index):
            return (BuiltinTable.all[index].name, BuiltinTable.all[index].arity)
        case .function:
            guard case .ref(_, let operands) = term.kind else { return nil }
            let steps = operands.map { if case .string(let name) = $0.kind { name } else { "" } }
            let path = ["data"] + steps
            return builder.arity(path).map { (path.dotted, $0) }
        }
    }

    private mutating func refuse(_ message: String, _ target: Term) {
        diagnostics.append(Diagnostic(.compile, message, at: target.location))
    }

    /// True when the path goes on behind a rule.
    private func goesThroughRule(_ target: Term) -> Bool {
        guard case .ref(_, let operands) = target.kind else { return false }
        var node = builder.tree.root
        for operand in operands {
            // A partial object's members are rules of their own.
            if let group = node.group { return group.kind != .partialObject }
            guard case .string(let name) = operand.kind, let child = node.children[name] else {
                return false
            }
            node = child
        }
        return false
    }
}
