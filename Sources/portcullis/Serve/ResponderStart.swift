// SPDX-License-Identifier: Apache-2.0
import DecisionLog
import HTTPClient
import Platform
import RegoVM
import Responders
import Synchronization
import Telemetry

/// The responders as the configuration wants them.
enum ResponderStart {
    /// - Returns: nil when there are none; not started.
    static func make(
        _ responders: [Responder], _ configuration: Configuration, _ log: LocalLog?,
        _ metrics: MetricRegistry, _ logger: Logger
    ) throws -> ResponderService? {
        guard let log, !responders.isEmpty else { return nil }
        return try ResponderService(
            responders, log,
            entries: try StorageFolder(configuration.log.directory, creating: false),
            folder: try StorageFolder(configuration.log.responders, creating: true),
            transport: CurlTransport(), metrics: metrics, logger: logger)
    }

    /// The configured responders, with what their files hold.
    static func read(_ configuration: Configuration) throws -> [Responder] {
        try configuration.responders.map { try responder($0) }
    }

    private static func responder(_ entry: Configuration.ResponderEntry) throws -> Responder {
        var responder = try Responder(name: entry.name, url: try Template(entry.url))
        responder.restrictions = entry.restrictions
        responder.method = entry.method
        responder.headers = entry.headers
        responder.body = entry.body
        responder.secrets = entry.secrets
        responder.timeout = entry.timeout
        responder.attempts = entry.attempts
        responder.pause = entry.pause
        responder.accepted = entry.accepted
        for (name, path) in entry.secrets where try SecretFile.read(path) == nil {
            throw AdminStart.Failure(description: "secret `\(name)`: `\(path)` is not there")
        }
        if let authorities = entry.authorities {
            responder.security.trustsSystem = false
            responder.security.authorities = try InputBytes.read(authorities)
        }
        if let certificate = entry.certificate, let key = entry.key {
            responder.security.certificate = try InputBytes.read(certificate)
            guard let bytes = try SecretFile.read(key) else {
                throw AdminStart.Failure(description: "`\(key)` is not there")
            }
            responder.security.key = bytes
        }
        return responder
    }
}

/// Tells the responders that the log grew; they come after it.
final class LogFollower: Sendable {
    private let responders = Mutex<ResponderService?>(nil)

    func follow(with service: ResponderService?) { responders.withLock { $0 = service } }

    func logGrew() { responders.withLock { $0 }?.logGrew() }
}
