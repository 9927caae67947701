// SPDX-License-Identifier: Apache-2.0

/// A call that is to be made.
struct Call: Sendable, Equatable {
    let incident: Incident
    /// The place of its responder in the configuration.
    let responder: Int
    /// The log entry that it came from.
    let entry: Int
    /// Attempts that were made.
    var attempts = 0
    /// Monotonic nanoseconds of the next attempt.
    var due: Int64 = 0
}

/// Calls without an outcome, and which log entries they hold back.
struct CallQueue {
    private var waiting: [[Call]]
    /// Entries with calls that have no outcome, ascending, and how many each has.
    private var open: [(entry: Int, calls: Int)] = []
    /// Calls without an outcome, those under way included.
    private(set) var count = 0

    init(responders: Int) { waiting = Array(repeating: [], count: responders) }

    /// Adds the calls of one entry, which comes after all that were added before.
    mutating func add(_ calls: [Call]) {
        guard let first = calls.first else { return }
        open.append((first.entry, calls.count))
        count += calls.count
        for call in calls { waiting[call.responder].append(call) }
    }

    /// Takes the call of a responder whose time has come first; nil while none is due.
    mutating func take(_ responder: Int, now: Int64) -> Call? {
        let due = waiting[responder].indices.filter { waiting[responder][$0].due <= now }
        guard let index = due.min(by: { waiting[responder][$0].due < waiting[responder][$1].due })
        else { return nil }
        return waiting[responder].remove(at: index)
    }

    /// When the next call of a responder is due, in monotonic nanoseconds; nil when it has none.
    func nextDue(_ responder: Int) -> Int64? { waiting[responder].map(\.due).min() }

    /// Puts back a call for another attempt.
    mutating func retry(_ call: Call) { waiting[call.responder].append(call) }

    /// The call has its outcome.
    mutating func close(_ call: Call) {
        guard let index = open.firstIndex(where: { $0.entry == call.entry }) else { return }
        count -= 1
        open[index].calls -= 1
        if open[index].calls == 0 { open.remove(at: index) }
    }

    /// The first entry with a call that has no outcome; nil when there is none.
    var firstOpenEntry: Int? { open.first?.entry }
}
