// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Testing

@testable import portcullis

/// Wrong arguments are told in one way, whoever finds them.
@Suite struct ArgumentMessageTests {
    private func parsed(_ words: String...) throws -> any Error {
        do {
            var command = try Portcullis.parseAsRoot(words)
            try command.run()
        } catch {
            return error
        }
        throw CancellationError()
    }

    @Test func lateOnesLookLikeEarlyOnes() throws {
        let error = try parsed("log", "prune", "log")
        let early = try #require(ArgumentMessage.text(error, of: Portcullis.self))
        #expect(
            early.hasPrefix("error: expected either --before or --keep\nUsage: portcullis log "))
        #expect(early.hasSuffix("\n  See 'portcullis log prune --help' for more information.\n"))
        let late = ValidationError("expected either --before or --keep")
        #expect(ArgumentMessage.text(late, of: LogPruneCommand.self) == early)
    }

    @Test func missingArgumentsAreTold() throws {
        let text = try #require(
            ArgumentMessage.text(try parsed("log", "show"), of: Portcullis.self))
        #expect(text.hasPrefix("error: Missing expected argument"))
        #expect(text.contains("\nUsage: portcullis log show "))
    }

    /// Though there is no such log.
    @Test(
        arguments: [
            (["log", "grep", "none", "--kind", "foo"], "--kind: expected one of decision"),
            (["log", "tail", "none", "--since", "x"], "--since: expected `10m`"),
            (["log", "verify", "none", "--vkey", "x"], "--vkey: "),
            (["log", "verify-proof", "none", "--vkey", "x", "--record", "r"], "--vkey: "),
            (["log", "prune", "none", "--before", "x"], "--before: expected `10m`"),
            (["log", "erase", "--until", "x"], "--until: expected `10m`"),
            (["replay", "none", "--vkey", "x"], "--vkey: "),
        ])
    func argumentsComeFirst(_ words: [String], _ message: String) {
        #expect {
            try Portcullis.parseAsRoot(words)
        } throws: { error in
            ArgumentMessage.text(error, of: Portcullis.self)?.hasPrefix("error: " + message) == true
        }
    }

    @Test func addressesAreArguments() throws {
        let error = try parsed("agents", "list", "--url", "gopher://example.org")
        #expect(
            ArgumentMessage.text(error, of: AgentsListCommand.self)?.hasPrefix(
                "error: --url: unsupported protocol scheme") == true)
    }

    @Test func otherErrorsAreNotAboutArguments() throws {
        let error = try parsed("log", "show", "/there/is/none", "1")
        #expect((error as? ExitCode)?.rawValue == ExitStatus.failure)
        #expect(ArgumentMessage.text(error, of: LogShowCommand.self) == nil)
    }

    @Test func exitCodesAreThoseOfTheVerbs() {
        for verb in ["log", "eval", "replay"] {
            #expect(ExitStatus.wrongArguments(of: verb) == 2)
        }
        for verb in ["serve", "agents", "nonsense", nil] {
            #expect(ExitStatus.wrongArguments(of: verb) == 3)
        }
    }
}
