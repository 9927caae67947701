// SPDX-License-Identifier: Apache-2.0

/// Certificates, tokens and secrets that a configuration names: `serve` reads them before it makes
/// anything, and `validate` reads the same.
enum ConfiguredFiles {
    /// Says which one cannot be used, and ends the program with 3.
    static func orInvalid(_ settings: Configuration) throws {
        do {
            if let tls = settings.listen.tls { _ = try ListenCredentials.read(tls) }
            try AdminStart.check(settings.operators)
            try ResponderStart.check(settings)
        } catch {
            Output.error("\(error)\n")
            throw Invalid()
        }
    }
}
