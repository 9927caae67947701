// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Platform
import Testing

@testable import Server

private final class Event: OrderedEntry {
    var index = 0
    let place: EventPlace
    var isApplied = false

    /// - Parameter fingerprint: nil for nobody's.
    init(_ fingerprint: UInt64?, knowing stamp: ContextStamp?) {
        place = EventPlace(
            agent: "a", stamp: stamp, fingerprint: fingerprint, isOperation: stamp == nil)
    }
}

/// One agent's life: threads that look at its context, and some time later add to it.
private struct Life {
    private(set) var stamp = ContextStamp()
    /// In the order in which they came.
    private(set) var events: [Event] = []
    /// Of each thread, as it commits them.
    private var batches: [[Event]]
    private(set) var log: [Event] = []
    private var open: [Event?]
    private var random: SplitMix

    private let hasOperations: Bool

    init(threads: Int, seed: UInt64, hasOperations: Bool = true) {
        self.hasOperations = hasOperations
        batches = Array(repeating: [], count: threads)
        open = Array(repeating: nil, count: threads)
        random = SplitMix(state: seed)
    }

    mutating func goOn(_ steps: Int) {
        for _ in 0..<steps {
            let thread = Int.random(in: 0..<open.count, using: &random)
            if let event = open[thread] {
                add(event, thread)
                open[thread] = nil
            } else {
                open[thread] = Event(random.next(), knowing: stamp)
            }
            switch Int.random(in: 0..<8, using: &random) {
            case 0: commit(thread)
            case 1 where hasOperations: change()
            default: break
            }
        }
    }

    /// What somebody does to the agent is in the log before it is in the context.
    private mutating func change() {
        let event = Event(random.next(), knowing: nil)
        event.index = log.count
        log.append(event)
        stamp.add(event.fingerprint ?? 0)
        events.append(event)
    }

    /// All threads commit, and a last decision knows everything.
    mutating func end() {
        for thread in open.indices {
            if let event = open[thread] { add(event, thread) }
            open[thread] = nil
            commit(thread)
        }
        add(Event(random.next(), knowing: stamp), 0)
        commit(0)
    }

    private mutating func add(_ event: Event, _ thread: Int) {
        stamp.add(event.fingerprint ?? 0)
        events.append(event)
        batches[thread].append(event)
    }

    private mutating func commit(_ thread: Int) {
        for event in batches[thread] {
            event.index = log.count
            log.append(event)
        }
        batches[thread] = []
    }
}

/// What the order made of a log.
private struct Found {
    var applied: [Int] = []
    var missing: [Int] = []
    var forgotten = 0
    /// Decisions that were given out with another context than theirs.
    var wrong = 0

    init(_ log: [Event]) throws {
        var order = OrderedLog<Event>()
        var stamp = ContextStamp()
        func take(_ step: OrderedLog<Event>.Step) {
            switch step {
            case .decide(let event) where event.fingerprint == nil: break
            case .decide(let event): if event.stamp != stamp { wrong += 1 }
            case .apply(let event) where event.fingerprint == nil: break
            case .apply(let event):
                applied.append(event.index)
                stamp.add(event.fingerprint ?? 0)
            case .missing(let event):
                missing.append(event.index)
                stamp = event.stamp ?? stamp
            case .forgotten:
                forgotten += 1
                stamp = ContextStamp()
            }
        }
        for event in log { try order.add(event, take) }
        try order.finish(take)
    }
}

@Suite struct EventOrderTests {
    @Test(arguments: [1, 2, 3, 4, 6], 1...12 as ClosedRange<UInt64>)
    func theOrderIsThatOfTheContext(_ threads: Int, _ seed: UInt64) throws {
        var life = Life(threads: threads, seed: seed)
        life.goOn(600)
        life.end()
        let found = try Found(life.log)
        let firstWrong = zip(found.applied, life.events).first { $0 != $1.index }
        #expect(firstWrong == nil && found.applied.count == life.events.count)
        #expect(found.wrong == 0 && found.missing.isEmpty && found.forgotten == 0)
    }

    /// Longer than what is read ahead.
    @Test func aLongLogComesInItsOrder() throws {
        var life = Life(threads: 2, seed: 1)
        life.goOn(30_000)
        life.end()
        #expect(life.log.count > 3 * 4096)
        let found = try Found(life.log)
        let firstWrong = zip(found.applied, life.events).first { $0 != $1.index }
        #expect(firstWrong == nil && found.applied.count == life.events.count)
    }

    /// Two decisions that knew the same, of which the log has the later one first.
    @Test func whatKnewTheSameIsToldApartByTheNext() throws {
        var stamp = ContextStamp()
        let events = [Event(11, knowing: stamp), Event(22, knowing: stamp)]
        for event in events { stamp.add(event.fingerprint ?? 0) }
        let last = Event(33, knowing: stamp)
        for (index, event) in [events[1], events[0], last].enumerated() { event.index = index }
        #expect(try Found([events[1], events[0], last]).applied == [1, 0, 2])
    }

    /// Between two decisions a detector said much, and a decision of another loop came late.
    @Test func manyEventsWithoutStampsKeepTheirOrder() throws {
        var stamp = ContextStamp()
        let early = Event(1, knowing: stamp)
        let said = (0..<200).map { Event(UInt64(100 + $0), knowing: nil) }
        let happened = said[0..<150] + [early] + said[150...]
        for event in happened { stamp.add(event.fingerprint ?? 0) }
        let log = [early] + said + [Event(2, knowing: stamp)]
        for (index, event) in log.enumerated() { event.index = index }
        #expect(try Found(log).applied == happened.map(\.index) + [201])
    }

    /// A decision that knew of what a crash took is not made again; those after it are.
    @Test func whatIsLostIsMissedOnce() throws {
        var life = Life(threads: 2, seed: 7)
        life.goOn(300)
        life.end()
        let lost = life.events[life.events.count / 2]
        let found = try Found(life.log.filter { $0 !== lost })
        #expect(found.missing.count == 1 && found.wrong == 0)
        #expect(Set(found.applied) == Set(life.events.map(\.index)).subtracting([lost.index]))
    }

    /// It takes as many others as there is room for until an agent is forgotten.
    @Test func whoWasForgottenBeginsAnew() throws {
        var first = Life(threads: 2, seed: 3)
        first.goOn(50)
        first.end()
        var second = Life(threads: 1, seed: 4, hasOperations: false)
        second.goOn(50)
        second.end()
        for event in second.log { event.index += first.log.count }
        let others = (0..<5000).map { _ in Event(nil, knowing: nil) }
        let found = try Found(first.log + others + second.log)
        #expect(found.applied == (first.events + second.events).map(\.index))
        #expect(found.forgotten == 1 && found.missing.isEmpty && found.wrong == 0)
    }

    /// Each decision's answer tells all that it knew, down to the order of events.
    @Test func aReplayMakesTheDecisionsOfAllLoopsAgain() throws {
        let policy = """
            decision := {"action": "allow", "reasons": [
                {"code": crypto.md5(json.marshal(input.context))},
            ]}
            """
        var runtime = try Runtime(policy)
        for _ in 0..<2 {
            let running = runtime
            let threads = try (0..<3).map { number in
                let loop = running.makeLoop()
                return try SystemThread.start(name: "loop-\(number)") {
                    do {
                        for turn in 0..<400 {
                            try loop.answer(.tool("t\(number)-\(turn)", agent: "a\(turn % 2)"))
                            if turn % (3 + number) == 0 { try loop.commit() }
                        }
                        try loop.commit()
                    } catch {
                        Issue.record("a check was not decided: \(error)")
                    }
                }
            }
            for thread in threads { thread.join() }
            runtime = try runtime.restarted()
        }
        let report = try runtime.replay(policy)
        #expect(report.decisions == 2400 && report.equal == 2400)
        #expect(report.adopted == 0)
    }
}
