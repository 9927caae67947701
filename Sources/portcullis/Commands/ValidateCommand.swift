// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PolicyBundle
import RegoCompiler

struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Check configuration, policies and data without serving.",
        discussion: """
            Runs what `serve` runs before it listens. Exits with 3 when something is wrong.

            portcullis validate --config portcullis.yaml
            """)

    @OptionGroup var configuration: ConfigurationOption

    func run() throws {
        let settings = try configuration.load()
        do throws(PolicyFailure) {
            let loaded = try LoadedPolicy(settings)
            Output.print(
                "valid: \(loaded.policyCount) policies, entrypoints "
                    + loaded.entrypoints.map { "`\($0)`" }.joined(separator: ", ")
                    + ", revision \(loaded.policy.revision)\n")
        } catch {
            Output.error(error.text + "\n")
            throw ExitCode(ExitStatus.invalid)
        }
    }
}
