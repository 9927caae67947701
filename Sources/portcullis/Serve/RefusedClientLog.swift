// SPDX-License-Identifier: Apache-2.0
import Platform
import TLS
import Telemetry

/// Tells now and then which clients were refused, on a thread of its own: event loops write no
/// lines, and a client that tries again and again fills no log.
final class RefusedClientLog: Sendable {
    /// Nanoseconds between two looks.
    private static let interval: Int64 = 5_000_000_000

    private let clients: RefusedClients
    private let logger: Logger
    private let thread = PeriodicThread()

    init(_ clients: RefusedClients, _ logger: Logger) {
        self.clients = clients
        self.logger = logger
    }

    func start() throws(SystemError) {
        try thread.start(name: "refused-clients", interval: Self.interval) { [self] in tell() }
    }

    func stop() {
        thread.stop()
        tell()
    }

    private func tell() {
        for (client, times) in clients.take().sorted(by: { $0.key < $1.key }) {
            logger.warning(
                "listen_client_refused", "a SPIFFE ID is none of `listen.tls.clients`",
                ["client": LogValue(client), "times": LogValue(Int(clamping: times))])
        }
    }
}
