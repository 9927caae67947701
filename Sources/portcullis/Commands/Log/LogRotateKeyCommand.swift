// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import DecisionLog
import Platform
import TransparencyLog

struct LogRotateKeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate-key", abstract: "Make a new signing key and hand the log over to it.",
        discussion: """
            The server must be stopped. What the old key signed stays verifiable by it; both keys \
            sign a statement of the change, `succession/<id of the old key>` in the log. Give the \
            new verifier key to verifiers and witnesses as you gave them the old one; who has only \
            the old one can use `verify --follow-rotation`. Can be repeated when it was interrupted.

            portcullis log rotate-key --config portcullis.yaml
            """)

    @OptionGroup var configuration: ConfigurationOption

    func run() throws {
        let log = try configuration.load().log
        let next = log.key + ".next"
        do {
            // Only the last step was left undone.
            if !StorageFolder.exists(log.key), StorageFolder.exists(next) {
                try FileReplacement.move(next, to: log.key)
                return say(try LogKey.load(log).verifierKey)
            }
            let old = try LogKey.load(log)
            if !StorageFolder.exists(next) { try LogKey.create(next) }
            let new = try LogKey.load(next, origin: log.origin)
            let folders = LocalLog.Folders(
                log: try StorageFolder(log.directory, creating: false),
                journal: try StorageFolder(log.journal, creating: false))
            try LogKey.retire(old.verifierKey, log.key)
            try KeyRotation.run(folders, from: old, to: new, log.options)
            let retired = log.key + "." + old.verifierKey.keyIDText + ".retired"
            try FileReplacement.move(log.key, to: retired)
            try FileReplacement.move(next, to: log.key)
            say(new.verifierKey)
            Output.error(
                "the old key is in `\(retired)`; the log needs it no more, destroy it\n")
        } catch {
            throw Failure.report(error)
        }
    }

    private func say(_ key: VerifierKey) { Output.print(key.text + "\n") }
}
