// SPDX-License-Identifier: Apache-2.0
import Admin
import Platform
import Synchronization
import Telemetry

/// Takes up the operators' tokens and certificates when their files have changed, on a thread of
/// its own. Files that cannot be used change nothing: what was read before stays, and the error is
/// told once. A certificate and its key may be written one after the other.
final class CredentialWatch: Sendable {
    /// Nanoseconds between two looks.
    private static let interval: Int64 = 1_000_000_000

    private let server: AdminServer
    private let settings: Configuration.Operators
    private let files: [String]
    private let logger: Logger
    /// What the files looked like when they were last read.
    private let seen: Mutex<[FileState]>
    private let thread = PeriodicThread()

    /// - Parameter server: has just read the files.
    init(_ server: AdminServer, _ settings: Configuration.Operators, _ logger: Logger) {
        self.server = server
        self.settings = settings
        self.logger = logger
        var files = settings.tokens.map(\.file)
        if let tls = settings.tls {
            files += [tls.certificate, tls.key] + (tls.clientAuthorities.map { [$0] } ?? [])
        }
        self.files = files
        seen = Mutex(files.map { FileState($0) })
    }

    func start() throws(SystemError) {
        guard !files.isEmpty else { return }
        try thread.start(name: "credentials", interval: Self.interval) { [self] in
            renewIfChanged()
        }
    }

    func stop() { thread.stop() }

    /// Returns when the new ones count.
    func renewIfChanged() {
        seen.withLock { seen in
            // Before reading: a change while it goes on is seen the next time.
            let now = files.map { FileState($0) }
            guard now != seen else { return }
            seen = now
            do {
                try AdminStart.renew(server, settings)
                logger.info(
                    "operators_renewed", "the operators' tokens and certificates have changed")
            } catch {
                logger.error(
                    "operators_not_renewed", "\(error)",
                    ["hint": "the tokens and certificates read before stay in use"])
            }
        }
    }
}
