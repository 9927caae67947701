// SPDX-License-Identifier: Apache-2.0

/// Refuses imports and rules whose names hide others (OPA's stages CheckKeywordOverrides and
/// CheckDuplicateImports): in version 1 and in strict mode.
enum ImportCheck {
    @Sendable
    static func check(_ compilation: Compilation) -> [Diagnostic] {
        let modules = compilation.modules.filter {
            $0.version == .v1 || compilation.options.isStrict
        }
        let shadowing = modules.flatMap(shadowedRoots)
        return shadowing.isEmpty ? modules.flatMap(duplicates) : shadowing
    }

    private static func shadowedRoots(_ module: Module) -> [Diagnostic] {
        var diagnostics: [Diagnostic] = []
        for rule in module.rules {
            if case .variable(let name)? = rule.head.ref.first?.kind, isRoot(name) {
                diagnostics.append(
                    Diagnostic(
                        .compile, "rules must not shadow \(name) (use a different rule name)",
                        at: rule.location))
            }
            for argument in rule.head.arguments ?? [] {
                guard case .variable(let name) = argument.kind, isRoot(name) else { continue }
                diagnostics.append(
                    Diagnostic(
                        .compile, "args must not shadow \(name) (use a different variable name)",
                        at: argument.location))
            }
        }
        return diagnostics
    }

    private static func isRoot(_ name: String) -> Bool { name == "input" || name == "data" }

    private static func duplicates(_ module: Module) -> [Diagnostic] {
        guard module.imports.count > 1 else { return [] }
        var first: [String: Import] = [:]
        var diagnostics: [Diagnostic] = []
        for entry in module.imports {
            guard let other = first[entry.name] else {
                first[entry.name] = entry
                continue
            }
            diagnostics.append(
                Diagnostic(.compile, "import must not shadow \(other.text)", at: entry.location))
        }
        return diagnostics
    }

    /// Imports of documents that no name refers to (strict mode).
    static func unused(_ module: Module, used: Set<String>) -> [Diagnostic] {
        module.imports.compactMap { entry in
            guard entry.path[0] == "data" || entry.path[0] == "input", !used.contains(entry.name)
            else {
                return nil
            }
            return Diagnostic(.compile, "\(entry.text) unused", at: entry.location)
        }
    }
}

extension Import {
    /// As written: `import data.a.b as c`.
    var text: String {
        "import \(TermText.path(path))" + (alias.map { " as \($0)" } ?? "")
    }
}
