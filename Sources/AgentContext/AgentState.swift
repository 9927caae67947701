// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// Everything that is kept of one agent: about 1.6 KB, plus its key, plus 192 bytes for each label
/// or restriction.
struct AgentState {
    /// Memory of its own; guarded, as all of this, by the shard's lock.
    var key = Bytes.empty
    var firstSeen: Int64 = 0
    var lastSeen: Int64 = 0
    var total: UInt64 = 0
    var requests = WindowCounts()
    var denials = WindowCounts()
    var destinations = SeenSet()
    var tools = SeenSet()
    var events = EventLog()
    var marks = MarkList()

    /// The fold: all that a decision changes. Depends on the event alone, never on a clock.
    mutating func apply(_ event: ContextEvent) {
        if total == 0 { firstSeen = event.time }
        lastSeen = max(lastSeen, event.time)
        total &+= 1
        requests.add(at: event.time)
        if !event.isAllowed { denials.add(at: event.time) }
        // What was refused did not happen, so it makes nothing familiar.
        if event.isAllowed {
            if !event.destination.isEmpty { destinations.insert(Self.hash(event.destination)) }
            if !event.tool.isEmpty { tools.insert(Self.hash(event.tool)) }
        }
        events.append(event)
        marks.expire(at: event.time)
        for label in event.labels {
            marks.add(
                .label, label.name, seconds: label.seconds, at: event.time, cause: event.decision)
        }
        for restriction in event.restrictions {
            marks.add(
                .restriction, restriction.name, seconds: restriction.seconds, at: event.time,
                cause: event.decision)
        }
    }

    /// Nothing is familiar any more.
    mutating func forgetFamiliar() {
        destinations = SeenSet()
        tools = SeenSet()
    }

    /// Keyed anew in each process, so that nobody can choose texts that collide.
    static func hash(_ bytes: Bytes) -> UInt64 { Value.string(bytes.start, bytes.count).hash }
}
