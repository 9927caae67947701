// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Decides which operation of a `StorageMemory` goes wrong, and how. Several storages may share
/// one, so that their operations are counted together.
public final class StorageFaults: Sendable {
    /// What happens to the chosen operation.
    public enum Kind: Sendable, CaseIterable {
        /// It fails and has not happened.
        case lost
        /// It fails, yet it has happened.
        case reportedLost
        /// An append fails half-way; any other operation is `lost`.
        case torn
        /// The process dies before it: nothing works until `clear`.
        case killedBefore
        /// The process dies after it.
        case killedAfter
    }

    private struct State {
        var count = 0
        var target: Int?
        var kind = Kind.lost
        var number: Int32 = 5
        var isDead = false
        /// Every operation from `target` on fails, not that one alone.
        var isLasting = false
    }

    private let state = Mutex(State())

    public init() {}

    /// Makes the operation with number `target` (from now, the first is 0) go wrong.
    ///
    /// - Parameters:
    ///   - number: errno of the failure.
    ///   - isLasting: every later one goes wrong too, until `clear`.
    public func plan(_ kind: Kind, at target: Int, number: Int32, isLasting: Bool = false) {
        state.withLock {
            $0 = State(target: target, kind: kind, number: number, isLasting: isLasting)
        }
    }

    /// From now on everything works, and counting starts again.
    public func clear() { state.withLock { $0 = State() } }

    /// Operations since `plan` or `clear`.
    public var count: Int { state.withLock { $0.count } }
    public var isDead: Bool { state.withLock { $0.isDead } }

    enum Verdict {
        case normal
        case fail(Int32, isApplied: Bool, isTorn: Bool)
    }

    func next() -> Verdict {
        state.withLock { state in
            if state.isDead { return .fail(state.number, isApplied: false, isTorn: false) }
            let index = state.count
            state.count += 1
            guard let target = state.target else { return .normal }
            guard index == target || state.isLasting && index > target else { return .normal }
            switch state.kind {
            case .lost: return .fail(state.number, isApplied: false, isTorn: false)
            case .reportedLost: return .fail(state.number, isApplied: true, isTorn: false)
            case .torn: return .fail(state.number, isApplied: false, isTorn: true)
            case .killedBefore:
                state.isDead = true
                return .fail(state.number, isApplied: false, isTorn: false)
            case .killedAfter:
                state.isDead = true
                return .fail(state.number, isApplied: true, isTorn: false)
            }
        }
    }
}
