// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PDP
import ThreatIntelligence

struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Check configuration, policies and data without serving.",
        discussion: """
            Runs what `serve` runs before it listens. Exits with 3 when something is wrong.

            portcullis validate --config portcullis.yaml
            """)

    @OptionGroup var configuration: ConfigurationOption

    func run() throws {
        let settings = try configuration.load()
        let snapshot = try PolicyCompilation.Failure.orInvalid(settings)
        var lists = ThreatLists(settings.threat.files)
        do throws(ThreatListFailure) {
            _ = try lists.read()
        } catch {
            Output.error(error.description + "\n")
            throw Invalid()
        }
        _ = try ConfiguredFiles.orInvalid(settings)
        for warning in settings.listen.warnings { Output.error(warning.description + "\n") }
        let entrypoints = [settings.entrypoint] + settings.routeEntrypoints
        Output.print(
            "valid: \(entrypoints.map { "`data.\($0)`" }.joined(separator: ", ")), "
                + "revision \(snapshot.policy.revision)\n")
    }
}
