// SPDX-License-Identifier: Apache-2.0

/// Replaces `rego.metadata.rule()` and `rego.metadata.chain()` by constants (OPA's stages
/// SetAnnotationSet and RewriteRegoMetadataCalls).
enum MetadataCalls {
    @Sendable
    static func rewrite(_ compilation: Compilation) -> [Diagnostic] {
        let annotations = AnnotationSet(compilation)
        guard annotations.diagnostics.isEmpty else { return annotations.diagnostics }
        for rule in compilation.rules {
            for (clause, resolved) in zip(rule.group.clauses, rule.clauses) {
                replace(in: resolved, clause, rule.group, annotations)
            }
            if let clause = rule.group.defaultRule, let resolved = rule.defaultClause {
                replace(in: resolved, clause, rule.group, annotations)
            }
        }
        return []
    }

    private static func replace(
        in resolved: ResolvedClause, _ clause: Clause, _ group: RuleGroup,
        _ annotations: AnnotationSet
    ) {
        let all = [resolved] + resolved.elseClauses
        guard all.contains(where: { $0.features.contains(.metadata) }) else { return }
        let walk = ExpressionWalk(onTerm: { term in
            guard case .call(let name, _, let none) = term.kind, none.isEmpty, name.count == 3,
                name[0] == "rego", name[1] == "metadata"
            else { return }
            if name[2] == "rule" { term.kind = annotations.rule(clause).kind }
            if name[2] == "chain" { term.kind = annotations.chain(clause, group.path).kind }
        })
        walk.walk(resolved)
    }
}
