// SPDX-License-Identifier: Apache-2.0
import CheckpointSharing
import DecisionLog
import HTTPClient
import Platform
import Synchronization
import Telemetry
import TransparencyLog

extension Configuration.Log {
    /// What brings this log's checkpoints elsewhere; nil when nothing is configured.
    ///
    /// - Parameter verifierKey: the log's.
    func sharer(_ verifierKey: VerifierKey) throws -> CheckpointSharer<StorageTiles>? {
        let transport = CurlTransport()
        var destinations = CheckpointSharer<StorageTiles>.Destinations()
        destinations.file = checkpoints.file
        destinations.push = checkpoints.push
        destinations.quorum = quorum
        destinations.witnesses = witnesses.map {
            Witness(url: $0.url, key: $0.key, transport: transport)
        }
        guard !destinations.isEmpty else { return nil }
        let tiles = StorageTiles(try StorageFolder(directory, creating: false))
        let keys = try LogKey.history(key) + [verifierKey]
        return CheckpointSharer(
            tiles, folder: directory, keys: keys, to: destinations, transport: transport)
    }
}

/// Shares checkpoints at an interval, and a last time when it stops.
final class CheckpointThread: Sendable {
    private let sharer: CheckpointSharer<StorageTiles>
    private let interval: Int64
    private let logger: Logger
    private let signal = Signal()
    private let isStopping = Atomic(false)
    private let thread = Mutex<SystemThread?>(nil)

    /// Nil when nothing is configured.
    ///
    /// - Throws: when the log does not begin with what the configured file holds.
    init?(_ log: Configuration.Log, _ key: VerifierKey, _ logger: Logger) throws {
        guard let sharer = try log.sharer(key) else { return nil }
        self.sharer = sharer
        self.logger = logger
        interval = log.checkpoints.interval
        do throws(SharingError) {
            try sharer.checkFile()
        } catch {
            throw LogError(
                .checkpointDiffers,
                "the log does not begin with the checkpoint in "
                    + "`\(error.place)`: \(error.message)",
                hint: "the log was rolled back or is another one; restore it, or move the file "
                    + "away if that was meant")
        }
        let started = try SystemThread.start(name: "log-checkpoints") { self.run() }
        thread.withLock { $0 = started }
    }

    /// Shares the last checkpoint and ends.
    func stop() {
        isStopping.store(true, ordering: .releasing)
        signal.raise()
        thread.withLock { thread in
            thread?.join()
            thread = nil
        }
    }

    private func run() {
        let clock = SystemClock()
        while !isStopping.load(ordering: .acquiring) {
            share()
            signal.wait(until: clock.monotonic() + interval)
        }
        share()
    }

    private func share() {
        let outcome = sharer.share()
        for error in outcome.errors {
            logger.error(error.code.rawValue, error.message, ["place": LogValue(error.place)])
        }
        guard outcome.errors.isEmpty else { return }
        logger.debug(
            "checkpoint_shared", "the log's checkpoint is elsewhere too",
            ["size": LogValue(outcome.size), "cosigned": LogValue(outcome.cosigned.count)])
    }
}
