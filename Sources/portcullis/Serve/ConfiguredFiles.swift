// SPDX-License-Identifier: Apache-2.0
import Admin
import Responders
import TLS

/// Certificates, tokens and secrets that a configuration names: `serve` reads them before it makes
/// anything and starts with what it read, and `validate` reads the same.
struct ConfiguredFiles {
    /// nil without `listen.tls`.
    let listen: ServerCredentials?
    /// nil when the operators' API is switched off.
    let operators: AdminConfiguration?
    let responders: [Responder]
    /// Is told of clients that are none of `listen.tls.clients`.
    let refusedClients = RefusedClients()
    /// What the files looked like just before they were read: a change since then is seen.
    let listenFiles: FileStates
    let operatorFiles: FileStates

    init(_ settings: Configuration) throws {
        let refusedClients = refusedClients
        listenFiles = FileStates(settings.listen.tls.map { ListenCredentials.files($0) } ?? [])
        listen = try settings.listen.tls.map {
            try ListenCredentials.read($0, refused: refusedClients)
        }
        operatorFiles = FileStates(AdminStart.files(settings.operators))
        operators = try AdminStart.read(settings.operators)
        responders = try ResponderStart.read(settings)
    }

    /// Says which one cannot be used, and ends the program with 3.
    static func orInvalid(_ settings: Configuration) throws -> ConfiguredFiles {
        do {
            return try ConfiguredFiles(settings)
        } catch {
            Output.error("\(error)\n")
            throw Invalid()
        }
    }
}
