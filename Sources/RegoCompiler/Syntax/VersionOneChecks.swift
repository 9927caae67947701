// SPDX-License-Identifier: Apache-2.0

/// What version 1 demands of rules beyond version 0's grammar.
enum VersionOneChecks {
    static func check(_ rules: [ParsedRule]) -> [Diagnostic] {
        rules.flatMap(check)
    }

    private static func check(_ parsed: ParsedRule) -> [Diagnostic] {
        let rule = parsed.rule
        let sort = rule.head.arguments == nil ? "rule" : "function"
        var messages: [String] = []
        if rule.head.ref.count == 1, case .variable(let name) = rule.head.ref[0].kind,
            RegoVersion.v1.reserves(name)
        {
            messages.append("\(name) keyword cannot be used for rule name")
        }
        if parsed.isBare {
            messages.append("\(sort) must have value assignment and/or body declaration")
        }
        if !rule.body.isEmpty, !parsed.usesIf {
            messages.append("`if` keyword is required before \(sort) body")
        }
        if rule.head.key != nil, !parsed.usesContains {
            messages.append("`contains` keyword is required for partial set rules")
        }
        let own = messages.map { Diagnostic(.parse, $0, at: rule.location) }
        let branches = parsed.bareElseBodies.map {
            Diagnostic(.parse, "`if` keyword is required before \(sort) body", at: $0)
        }
        return own + branches
    }
}
