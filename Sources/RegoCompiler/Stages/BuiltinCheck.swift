// SPDX-License-Identifier: Apache-2.0

/// Refuses builtins that may not be called (OPA's stages CheckUnsafeBuiltins and
/// CheckDeprecatedBuiltins).
enum BuiltinCheck {
    @Sendable
    static func check(_ compilation: Compilation) -> [Diagnostic] {
        let unsafe = compilation.options.unsafeBuiltins
        var diagnostics: [Diagnostic] = []
        compilation.forEachClause { clause in
            let isDeprecated = clause.features.contains(.deprecated)
            guard !unsafe.isEmpty || isDeprecated else { return }
            let walk = ExpressionWalk(onTerm: { term in
                guard case .call(let name, _, _) = term.kind, name[0] != "data" else { return }
                let function = name.dotted
                if unsafe.contains(function) {
                    diagnostics.append(refusal("unsafe", function, term.location))
                } else if isDeprecated, BuiltinNames.deprecated.contains(function) {
                    diagnostics.append(refusal("deprecated", function, term.location))
                }
            })
            walk.walkOne(clause)
        }
        return diagnostics
    }

    private static func refusal(_ why: String, _ function: String, _ place: Location) -> Diagnostic
    {
        Diagnostic(.type, "\(why) built-in function calls in expression: \(function)", at: place)
    }
}
