// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Responders

@Suite struct IncidentTests {
    private func read(_ text: String) -> RecordMeaning {
        Array(text.utf8).withUnsafeBytes { RecordMeaning.read($0) }
    }

    @Test func decisionsStartRestrictions() {
        let meaning = read(
            #"{"v":1,"kind":"decision","time":"t","decision_id":"d","agent":{"id":"a"},"#
                + #""answer":{"action":"restrict","reasons":[{"code":"risky"}]},"#
                + #""restrictions":[{"name":"isolate","seconds":60},{"name":"x","seconds":0},"#
                + #"{"name":"no_egress","seconds":5}]}"#)
        guard case .started(let incidents) = meaning else {
            Issue.record("expected incidents, got \(meaning)")
            return
        }
        #expect(incidents.map(\.restriction) == ["isolate", "no_egress"])
        #expect(incidents.map(\.ordinal) == [0, 1])
        #expect(incidents[0].record == "d" && incidents[0].reason == "risky")
    }

    @Test func operatorsStartAndEndThem() {
        let restrict = read(
            #"{"v":1,"kind":"operation","time":"t","id":"i","agent":{"id":"a"},"#
                + #""operation":"restrict","restriction":{"name":"isolate","seconds":60},"#
                + #""operator":"unix:0","reason":"why"}"#)
        guard case .started(let incidents) = restrict else {
            Issue.record("expected an incident, got \(restrict)")
            return
        }
        #expect(incidents.first?.operatorName == "unix:0")
        #expect(
            read(
                #"{"v":1,"kind":"operation","id":"i","agent":{"id":"a"},"operation":"release"}"#)
                == .released(agent: "a", restriction: nil))
    }

    @Test func otherRecordsMeanNothing() {
        for text in [
            "", "{", #"{"kind":"signal"}"#, #"{"restrictions":[}"#, #"{"kind":"operation"}"#,
            #"{"kind":"decision","restrictions":["x"]}"#, #"["restrictions":[]"#,
            #"{"kind":"signal","detail":"\"restrictions\":[","restrictions":[]}"#,
        ] {
            #expect(read(text) == .nothing, "\(text)")
        }
    }

    @Test func outcomesAreRecognised() {
        #expect(
            read(
                #"{"kind":"responder","responder":{"name":"r","record":"i","restriction":"x"}}"#)
                == .outcome(CallKey(record: "i", restriction: "x", responder: "r")))
    }

    @Test func aRestrictionThatHoldsIsToldOnce() {
        var active = ActiveRestrictions()
        var incident = incident
        func starts(_ now: Int64) -> Bool { active.start(incident, now: now) }
        #expect(starts(0))
        #expect(!starts(59_000_000_000))
        #expect(!starts(100_000_000_000), "the second one made it longer")
        #expect(starts(1_000_000_000_000))
        active.release(agent: incident.agent, restriction: "isolate")
        #expect(starts(1_000_000_000_001))
        active.release(agent: incident.agent, restriction: nil)
        #expect(starts(1_000_000_000_002))
        incident.seconds = .max
        incident.agent = "b"
        #expect(starts(1))
        #expect(!starts(4_000_000_000_000_000_000))
    }
}

@Suite struct CallQueueTests {
    @Test func theCursorWaitsForTheOldestCall() {
        var queue = CallQueue(responders: 2)
        let calls = [(0, 5), (1, 5), (0, 7)].map { responder, entry in
            Call(incident: incident, responder: responder, entry: entry)
        }
        queue.add(Array(calls[0...1]))
        queue.add([calls[2]])
        #expect(queue.count == 3 && queue.firstOpenEntry == 5)
        let first = queue.take(0, now: 0)
        #expect(first == calls[0])
        queue.close(calls[0])
        #expect(queue.firstOpenEntry == 5)
        queue.close(calls[1])
        #expect(queue.firstOpenEntry == 7)
        let (next, none) = (queue.take(0, now: 0), queue.take(0, now: 0))
        #expect(next == calls[2] && none == nil)
        queue.close(calls[2])
        #expect(queue.firstOpenEntry == nil && queue.count == 0)
    }

    @Test func callsWaitForTheirTime() {
        var queue = CallQueue(responders: 1)
        var late = Call(incident: incident, responder: 0, entry: 1)
        late.due = 10
        queue.add([late])
        let early = queue.take(0, now: 9)
        #expect(early == nil)
        #expect(queue.nextDue(0) == 10)
        let due = queue.take(0, now: 10)
        #expect(due == late)
        late.due = 20
        queue.retry(late)
        #expect(queue.nextDue(0) == 20 && queue.count == 1)
    }
}
