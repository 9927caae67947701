// SPDX-License-Identifier: Apache-2.0
import RegoCompiler
import Server

/// Refuses mask policies that name, as a constant, what no mask may take out. A pointer that is
/// computed is refused when it comes up (`mask_refused`).
enum MaskCheck {
    private static let package = ["system", "log"]

    static func diagnostics(_ module: Module) -> [Diagnostic] {
        guard module.package == package else { return [] }
        var found: [Diagnostic] = []
        for rule in module.rules {
            var next: Rule? = rule
            while let branch = next {
                guard case .variable("mask") = rule.head.ref.first?.kind else { break }
                for term in branch.head.ref.dropFirst() { check(term, &found) }
                if let key = branch.head.key { check(key, &found) }
                if let value = branch.head.value { check(value, &found) }
                next = branch.elseRule
            }
        }
        return found
    }

    private static func check(_ term: Term, _ found: inout [Diagnostic]) {
        switch term.kind {
        case .string(let text):
            guard let part = UnmaskablePart.find(text) else { return }
            found.append(
                Diagnostic(
                    .compile,
                    "mask of `\(part)`: the agents' context is rebuilt from it at each "
                        + "start, so it stays in the record",
                    at: term.location))
        case .array(let terms), .set(let terms):
            for term in terms { check(term, &found) }
        case .object(let members):
            for member in members { check(member.value, &found) }
        default: break
        }
    }
}
