// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Authorization
import Cryptography
import DecisionLog
import Glibc
import Platform
import Synchronization

/// The way of operators' and detectors' deeds into the log and, once they are there, into the
/// context. One at a time; callers may wait for the disk.
final class ControlLog: Sendable {
    /// How often, and how many times, a call looks whether the disk has its record.
    private static let durablePollMicroseconds: UInt32 = 500
    private static let durablePolls = 20_000

    private struct State: @unchecked Sendable {
        let writer: LogWriter?
        let encoder = ControlRecordWriter()
        let fold: ContextFold
    }

    private let state: Mutex<State>
    private let agents: AgentStore
    private let clock: any Clock

    /// - Parameter log: nil when nothing is recorded.
    init(_ agents: AgentStore, log: LocalLog?, clock: any Clock) {
        self.agents = agents
        self.clock = clock
        state = Mutex(State(writer: log?.makeWriter(), fold: ContextFold(agents)))
    }

    /// Nanoseconds since 1970.
    var now: Int64 { clock.wall() }

    /// Records a deed, waits until the log keeps it, and applies it.
    ///
    /// - Returns: the record's id.
    func commit(
        _ agent: String, _ origin: Origin, _ content: ControlRecord.Content
    ) throws(OperationFailure) -> DecisionID {
        let now = clock.wall()
        let id = try Self.makeID(now)
        let record = ControlRecord(
            id: id, time: now, agent: agent, operatorName: origin.operatorName,
            reason: origin.reason, content: content)
        try state.withLock { (state) throws(OperationFailure) in try commit(record, &state) }
        return id
    }

    /// The same for a step of an approval.
    ///
    /// - Parameter makeStep: finds out whether the step can be taken, while no other one is taken.
    func commit(
        _ origin: Origin, _ makeStep: (Int64) throws(OperationFailure) -> ApprovalStep
    ) throws(OperationFailure) {
        try state.withLock { (state) throws(OperationFailure) in
            let now = clock.wall()
            let record = ControlRecord(try makeStep(now), id: try Self.makeID(now))
            try commit(record, &state)
        }
    }

    private func commit(
        _ record: ControlRecord, _ state: inout State
    ) throws(OperationFailure) {
        guard let bytes = state.encoder.encode(record) else {
            throw OperationFailure(.invalidArgument, "a name is too long to be recorded")
        }
        guard Self.reserve(record.agent, record.time, agents) else {
            throw OperationFailure(.full, "every agent is restricted: no place is left")
        }
        let raw = UnsafeRawBufferPointer(bytes.buffer)
        try Self.write(raw, state.writer)
        let outcome: ContextFold.Outcome
        do throws(ContextRecord.Unreadable) {
            outcome = try state.fold.apply(raw)
        } catch {
            throw OperationFailure(.invalidArgument, error.reason)
        }
        // Another thread took the place that was reserved.
        if case .full(let end) = outcome, end > record.time {
            throw OperationFailure(
                .full, "it is in the log, but every agent is restricted: no place is left")
        }
    }

    /// Sees to it that what will be in the log can also be remembered.
    private static func reserve(_ agent: String, _ now: Int64, _ agents: AgentStore) -> Bool {
        var agent = agent
        return agent.withUTF8 { agents.reserve(Bytes(UnsafeRawBufferPointer($0)), now: now) }
    }

    private static func write(
        _ record: UnsafeRawBufferPointer, _ writer: LogWriter?
    ) throws(OperationFailure) {
        guard let writer else { return }
        do throws(LogError) {
            writer.discard()
            try writer.append(record)
            let ticket = try writer.commit()
            for _ in 0..<durablePolls {
                if writer.isDurable(ticket) { return }
                if let failure = writer.failure { throw failure }
                usleep(durablePollMicroseconds)
            }
            throw LogError(.storage, "the disk did not take the record in time")
        } catch {
            throw OperationFailure(.logUnavailable, error.message)
        }
    }

    static func makeID(_ now: Int64) throws(OperationFailure) -> DecisionID {
        do throws(CryptographyError) {
            return DecisionID(time: now, random: try SecureRandom.words())
        } catch {
            throw OperationFailure(.logUnavailable, "no random id: \(error)")
        }
    }
}
