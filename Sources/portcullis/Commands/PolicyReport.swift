// SPDX-License-Identifier: Apache-2.0
import PDP
import PolicyBundle
import RegoCompiler

extension PolicyCompilation.Failure {
    /// What is wrong, as text for people: every error with its place.
    func text(_ settings: Configuration) -> String {
        switch self {
        case .load(let failure):
            return failure.errors.map(\.description).joined(separator: "\n")
        case .compilation(let failure, let sources):
            return DiagnosticRenderer(sources, style: .full).render(failure)
        case .entrypoint(let unknown):
            return
                "\(unknown)\n  hint: `entrypoint` and `route_entrypoints` name rules below `data`"
        }
    }

    /// Loads what the configuration names; ends the program with 3 when that cannot serve.
    static func orInvalid(_ settings: Configuration) throws -> PolicySnapshot {
        do throws(PolicyCompilation.Failure) {
            return try PolicyCompilation.load(settings)
        } catch {
            Output.error(error.text(settings) + "\n")
            throw Invalid()
        }
    }
}

/// Something that was given is invalid, and that has been said.
struct Invalid: Error {}
