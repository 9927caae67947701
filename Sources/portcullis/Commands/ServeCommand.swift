// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import DecisionLog
import Platform
import Server
import Telemetry
import ThreatIntelligence

struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Answer Envoy's checks until SIGTERM.",
        discussion: """
            Without a configuration it serves `policies` and `data` on 127.0.0.1:9191 and keeps \
            its log in `log`.

            portcullis serve --config portcullis.yaml
            """)

    @OptionGroup var configuration: ConfigurationOption

    func run() throws {
        // Before any thread starts, so that all of them leave the signals to us.
        try TerminationSignals.block()
        let settings = try configuration.load()
        let logger = Logger(level: settings.telemetry.level, format: settings.telemetry.format)
        for warning in settings.listen.warnings {
            logger.warning(warning.code, warning.message, ["hint": LogValue(warning.hint)])
        }
        let policy = try PolicyCompilation.Failure.orInvalid(settings)
        let files = try ConfiguredFiles.orInvalid(settings)
        do {
            let service = try Service(settings, policy, files, logger)
            logger.info(
                "serving", "checks are answered",
                [
                    "address": LogValue(
                        service.server.addresses.map(\.description).joined(separator: " ")),
                    "operators": LogValue(service.operatorAddresses.joined(separator: " ")),
                    "entrypoint": LogValue(settings.entrypoint),
                    "revision": LogValue(policy.policy.revision),
                ])
            ProgramCode.releaseUnused()
            try service.runUntilTerminated()
        } catch let error as ThreatListFailure {
            Output.error(error.description + "\n")
            throw Invalid()
        } catch {
            let context = error as? ContextRebuild.Failure
            let code =
                (error as? LogError)?.code.rawValue ?? context?.code.rawValue ?? "failed"
            logger.error(code, "\(error)", hint(error))
            throw ExitCode(ExitStatus.failure)
        }
    }

    private func hint(_ error: any Error) -> KeyValuePairs<String, LogValue> {
        let advice = (error as? LogError)?.hint ?? (error as? ContextRebuild.Failure)?.hint
        guard let hint = advice else { return [:] }
        return ["hint": LogValue(hint)]
    }
}
