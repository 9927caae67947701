// SPDX-License-Identifier: Apache-2.0

import RegoVM

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
        if let data = compilation.options.data { check.documents(data) }
        return check.diagnostics
    }

    private init(compilation: Compilation) { self.compilation = compilation }

    private mutating func kinds(_ group: RuleGroup) {
        guard let first = group.clauses.first ?? group.defaultRule else { return }
        if group.isConflicting {
            var place = first.rule.location
            if let other = group.defaultRule?.rule.location, other.precedes(place) { place = other }
            return refuse("conflicting rules \(name(group)) found", place)
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
                    (["rule \(name(group)) conflicts with:"] + below).joined(separator: "\n  "),
                    first.rule.location)
            }
            for module in node.modules { package(module, hides: group) }
        }
    }

    /// A rule cannot stand where data is, nor below a value of the data that is no object.
    private mutating func documents(_ data: Value) {
        for group in compilation.tree.groups {
            guard let first = group.clauses.first ?? group.defaultRule else { continue }
            var value = data
            for step in group.path where value.kind == .object {
                value = value[compilation.builder.interner.string(step)]
            }
            guard value.isDefined else { continue }
            diagnostics.append(
                Diagnostic(
                    .compile,
                    "conflicting rule for data path \(group.path.joined(separator: "/")) found",
                    at: first.rule.location))
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
            if let group = below.group, let first = group.clauses.first ?? group.defaultRule {
                let place = compilation.describe(first.rule.location)
                names.append("rule \(name(group)) at \(place)")
            }
            nodes += below.order.compactMap { below.children[$0] }
        }
        return names.sorted()
    }

    private func name(_ group: RuleGroup) -> String { TermText.path(["data"] + group.path) }

    private mutating func refuse(_ message: String, _ place: Location) {
        diagnostics.append(Diagnostic(.type, message, at: place))
    }
}
