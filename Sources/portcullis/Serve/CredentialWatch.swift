// SPDX-License-Identifier: Apache-2.0
import Platform
import Synchronization
import Telemetry

/// Takes up tokens and certificates when their files have changed, on a thread of its own. Files
/// that cannot be used change nothing: what was read before stays, and the error is told once. A
/// certificate and its key may be written one after the other.
final class CredentialWatch: Sendable {
    /// Whose credentials these are: the name of the thread, and the codes of log lines.
    struct Purpose: Sendable {
        let thread: String
        let what: String
        let renewed: String
        let failed: String

        static let operators = Purpose(
            thread: "credentials", what: "the operators' tokens and certificates",
            renewed: "operators_renewed", failed: "operators_not_renewed")
        static let listen = Purpose(
            thread: "certificates", what: "certificates for checks",
            renewed: "listen_tls_renewed", failed: "listen_tls_not_renewed")
    }

    /// Nanoseconds between two looks.
    private static let interval: Int64 = 1_000_000_000

    private struct State {
        /// What the files looked like when they were last read.
        var seen: FileStates
        var renew: (@Sendable () throws -> Void)?
    }

    private let purpose: Purpose
    private let logger: Logger
    private let state: Mutex<State>
    private let thread = PeriodicThread()

    /// - Parameter files: as they were before they were read.
    init(of files: FileStates, _ purpose: Purpose, _ logger: Logger) {
        self.purpose = purpose
        self.logger = logger
        state = Mutex(State(seen: files))
    }

    /// - Parameter renew: reads the files and has them count; throws when that cannot be.
    func start(_ renew: @escaping @Sendable () throws -> Void) throws(SystemError) {
        let isNeeded = state.withLock { state in
            state.renew = renew
            return !state.seen.isEmpty
        }
        guard isNeeded else { return }
        try thread.start(name: purpose.thread, interval: Self.interval) { [self] in
            renewIfChanged()
        }
    }

    func stop() { thread.stop() }

    /// Returns when the new ones count.
    func renewIfChanged() {
        state.withLock { state in
            // Before reading: a change while it goes on is seen the next time.
            let now = state.seen.now
            guard now != state.seen, let renew = state.renew else { return }
            state.seen = now
            do {
                try renew()
                logger.info(purpose.renewed, "\(purpose.what) have changed")
            } catch {
                logger.error(
                    purpose.failed, "\(error)", ["hint": "those read before stay in use"])
            }
        }
    }
}
