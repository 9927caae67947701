// SPDX-License-Identifier: Apache-2.0
import Admin
import Glibc
import Platform
import Synchronization
import Telemetry

/// Takes up the operators' tokens and certificates when their files have changed, on a thread of
/// its own. Files that cannot be used change nothing: what was read before stays, and the error is
/// told once. A certificate and its key may be written one after the other.
final class CredentialWatch: Sendable {
    /// Nanoseconds between two looks, and how long stopping may take.
    private static let interval: Int64 = 1_000_000_000
    private static let step: Int64 = 100_000_000

    private let server: AdminServer
    private let settings: Configuration.Operators
    private let files: [String]
    private let logger: Logger
    /// What the files looked like when they were last read.
    private let seen: Mutex<[FileState]>
    private let isStopped = Atomic<Bool>(false)
    private let thread = Mutex<SystemThread?>(nil)

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
        let started = try SystemThread.start(name: "credentials") { [self] in run() }
        thread.withLock { $0 = started }
    }

    func stop() {
        isStopped.store(true, ordering: .releasing)
        thread.withLock { thread in
            thread?.join()
            thread = nil
        }
    }

    private func run() {
        var waited: Int64 = 0
        while !isStopped.load(ordering: .acquiring) {
            usleep(useconds_t(Self.step / 1000))
            waited += Self.step
            guard waited >= Self.interval else { continue }
            waited = 0
            renewIfChanged()
        }
    }

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
