// SPDX-License-Identifier: Apache-2.0
import PDP
import Platform
import PolicyBundle
import RegoCompiler
import RegoVM

/// Loads and compiles what the configuration names: `serve` and `validate` run the same code.
enum PolicyCompilation {
    enum Failure: Error {
        case load(LoadFailure)
        /// With the sources, to show the lines.
        case compilation(CompilationFailure, [Source])
        case entrypoint(PolicySnapshot.UnknownEntrypoint)
    }

    static func load(_ configuration: Configuration) throws(Failure) -> PolicySnapshot {
        let sources: PolicySources
        do throws(LoadFailure) {
            sources = try configuration.bundles.load(
                configuration.policies + configuration.dataPaths)
        } catch {
            throw .load(error)
        }
        let policy = try compile(sources)
        do throws(PolicySnapshot.UnknownEntrypoint) {
            return try PolicySnapshot(
                policy: policy, entrypoint: configuration.entrypoint,
                allowed: configuration.routeEntrypoints)
        } catch {
            throw .entrypoint(error)
        }
    }

    private static func compile(_ sources: PolicySources) throws(Failure) -> Policy {
        var modules: [Module] = []
        var diagnostics: [Diagnostic] = []
        for (index, source) in sources.policies.enumerated() {
            do throws(CompilationFailure) {
                let module = try Parser.parse(source, file: Int32(index))
                diagnostics += MaskCheck.diagnostics(module)
                modules.append(module)
            } catch {
                diagnostics += error.diagnostics
            }
        }
        do throws(CompilationFailure) {
            guard diagnostics.isEmpty else { throw CompilationFailure(diagnostics) }
            var options = Compiler.Options()
            options.inputSchema = .check
            options.data = sources.data
            options.sourceNames = sources.policies.map(\.name)
            let output = try Compiler(options: options).compile(modules)
            return try link(output, sources)
        } catch {
            throw .compilation(error, sources.policies)
        }
    }
}

extension PolicyCompilation {
    /// A program that does not pass verification is a fault of the compiler, never run.
    private static func link(_ output: Compiler.Output, _ sources: PolicySources)
        throws(CompilationFailure) -> Policy
    {
        do throws(VerificationError) {
            return try Policy.load(
                program: output.program, data: sources.data, revision: sources.revision,
                owners: [output.owner, sources.memory])
        } catch {
            let start = Location(file: 0, row: 1, column: 1, start: 0, end: 0)
            throw CompilationFailure([Diagnostic(.compile, "\(error)", at: start)])
        }
    }
}

extension Configuration {
    /// `data`, unless it is the default folder and that is not there.
    var dataPaths: [String] {
        if isDataRequired { return data }
        return data.filter { StorageFolder.exists($0) }
    }
}
