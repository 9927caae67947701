// SPDX-License-Identifier: Apache-2.0

/// Refuses rules that cannot stand beside each other, and rules that packages hide (OPA's stage
/// CheckRuleConflicts).
struct ConflictCheck {
    private let compilation: Compilation
    private var diagnostics: [Diagnostic] = []

    @Sendable
    static func check(_ compilation: Compilation) -> [Diagnostic] {
        var check = ConflictCheck(compilation: compilation)
        for group in compilation.tree.groups { check.kinds(group) }
        check.nesting(compilation.tree.root)
        return check.diagnostics
    }

    private init(compilation: Compilation) { self.compilation = compilation }

    private mutating func kinds(_ group: RuleGroup) {
        guard let first = group.clauses.first ?? group.defaultRule else { return }
        if group.isConflicting {
            return refuse("conflicting rules \(name(group)) found", first.rule.location)
        }
        let defaults = group.hiddenDefaults + [group.defaultRule].compactMap { $0 }
        guard defaults.count > 1 else { return }
        let places = defaults.map { compilation.describe($0.rule.location) }.joined(separator: ", ")
        refuse(
            "multiple default rules \(name(group)) found at \(places)",
            defaults[0].module.packageLocation)
    }

    /// A rule with a value cannot have rules below it, nor be a package as well.
    private mutating func nesting(_ root: RuleTree.Node) {
        var nodes = [root]
        while let node = nodes.popLast() {
            nodes += node.order.compactMap { node.children[$0] }
            guard let group = node.group, let first = group.clauses.first ?? group.defaultRule
            else { continue }
            let below = group.kind == .partialObject ? [] : rulesBelow(node)
            if !below.isEmpty {
                refuse(
                    "rule \(name(group)) conflicts with [\(below.joined(separator: " "))]",
                    first.rule.location)
            }
            for module in node.modules { package(module, hides: group) }
        }
    }

    private mutating func package(_ module: Module, hides group: RuleGroup) {
        for clause in group.clauses + [group.defaultRule].compactMap({ $0 })
        where clause.suffix.isEmpty {
            let rule = clause.rule
            let head = RegoPrinter.ref(rule.head.ref[0], rule.head.ref[1...])
            refuse(
                "package \(TermText.path(module.package)) conflicts with rule \(head) defined at "
                    + compilation.describe(rule.location),
                clause.module.packageLocation)
        }
    }

    private func rulesBelow(_ node: RuleTree.Node) -> [String] {
        var names: [String] = []
        var nodes = node.order.compactMap { node.children[$0] }
        while let below = nodes.popLast() {
            if let group = below.group { names.append(name(group)) }
            nodes += below.order.compactMap { below.children[$0] }
        }
        return names.sorted()
    }

    private func name(_ group: RuleGroup) -> String { TermText.path(["data"] + group.path) }

    private mutating func refuse(_ message: String, _ place: Location) {
        diagnostics.append(Diagnostic(.type, message, at: place))
    }
}
