// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation

/// The program. Each verb is a file.
struct Portcullis: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "portcullis",
        abstract: "Decides what AI agents may do, for Envoy's ext_authz.",
        discussion: """
            Exit codes: 0 done or allowed, 1 failure, 2 denied, 3 invalid configuration, policy or \
            arguments.

            portcullis serve --config portcullis.yaml
            portcullis eval --data policies --input request.json data.portcullis.authz.decision
            """,
        version: Version.text,
        subcommands: [
            ServeCommand.self, ValidateCommand.self, EvalCommand.self, InputCommand.self,
            DisassembleCommand.self, ExplainCommand.self,
            LogCommand.self, ReplayCommand.self,
            AgentsCommand.self, ApprovalsCommand.self, SignalsCommand.self,
            VersionCommand.self,
        ])
}

/// How the program ends.
enum ExitStatus {
    static let failure: Int32 = 1
    static let denied: Int32 = 2
    static let invalid: Int32 = 3
    /// Wrong arguments of a `log` verb, which never denies.
    static let logUsage: Int32 = 2
}

@main
enum Main {
    /// Free of the main actor, so that nothing started from here is bound to it.
    nonisolated static func main() {
        do {
            var command = try Portcullis.parseAsRoot()
            try command.run()
        } catch {
            end(error)
        }
    }

    private nonisolated static func end(_ error: any Error) -> Never {
        if let failure = error as? ConfigurationFailure {
            Output.error("\(failure)\n")
            exit(ExitStatus.invalid)
        }
        if error is Invalid { exit(ExitStatus.invalid) }
        guard Portcullis.exitCode(for: error) == .validationFailure else {
            Portcullis.exit(withError: error)
        }
        Output.error(Portcullis.fullMessage(for: error) + "\n")
        let isLogVerb = CommandLine.arguments.dropFirst().first == LogCommand._commandName
        exit(isLogVerb ? ExitStatus.logUsage : ExitStatus.invalid)
    }
}

/// Standard output and standard error, unbuffered.
enum Output {
    static func print(_ text: String) { write(Array(text.utf8), to: 1) }
    static func print(_ bytes: [UInt8]) { write(bytes, to: 1) }
    static func error(_ text: String) { write(Array(text.utf8), to: 2) }
    static func error(_ bytes: [UInt8]) { write(bytes, to: 2) }

    /// Ends the program when what was asked for did not come out.
    private static func giveUp(_ descriptor: Int32) {
        let reason = errno
        guard descriptor == 1 else { return }
        error("standard output: \(String(cString: strerror(reason)))\n")
        exit(ExitStatus.failure)
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var start = 0
        while start < bytes.count {
            let count = bytes[start...].withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if count > 0 {
                start += count
            } else if errno != EINTR {
                return giveUp(descriptor)
            }
        }
    }
}

enum Version {
    static let number = "0.1.0"
    static let text = "portcullis \(number)"
}
