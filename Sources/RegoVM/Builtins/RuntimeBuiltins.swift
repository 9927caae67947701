// SPDX-License-Identifier: Apache-2.0

/// `opa.runtime`
enum RuntimeBuiltins {
    static let all: [Builtin] = [
        Builtin("opa.runtime", " -> object[string: any]", .nondeterministic) { evaluation, _ in
            evaluation.runtime
        }
    ]
}
