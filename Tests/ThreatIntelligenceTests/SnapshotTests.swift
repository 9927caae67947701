// SPDX-License-Identifier: Apache-2.0
import Testing
import ThreatIntelligence

@Suite struct SnapshotTests {
    private var lists: [ThreatList] {
        var named = ThreatEntry(kind: .domain, value: Array("evil.example".utf8), severity: 90)
        named.id = Array("7".utf8)
        named.category = Array("phishing".utf8)
        let text = ThreatEntry(kind: .text, value: Array("ignore all é".utf8), severity: 0)
        return [
            ThreatList(name: "one é", entries: [named, text]), ThreatList(name: "", entries: []),
            ThreatList(
                name: "two",
                entries: [ThreatEntry(kind: .hash, value: Array("ab".utf8), severity: 100)]),
        ]
    }

    @Test func listsComeBack() throws {
        let snapshot = ThreatSnapshot(lists)
        let again = ThreatSnapshot(bytes: snapshot.bytes)
        #expect(again.revision == snapshot.revision && snapshot.revision.utf8.count == 32)
        let found = try again.lists()
        #expect(found.map(\.name) == lists.map(\.name))
        #expect(found.map(\.entries) == lists.map(\.entries))
    }

    @Test func everyChangeIsAnotherRevision() {
        let first = ThreatSnapshot(lists).revision
        var changed = lists
        changed[0].name = "one"
        #expect(ThreatSnapshot(changed).revision != first)
        changed = lists
        changed[0].entries[0].severity = 91
        #expect(ThreatSnapshot(changed).revision != first)
        changed = lists
        changed[0].entries[0].id = []
        #expect(ThreatSnapshot(changed).revision != first)
        #expect(ThreatSnapshot([]).revision != first)
    }

    @Test func cutAndWrongBytesAreRefused() {
        let bytes = ThreatSnapshot(lists).bytes
        var whole = 0
        for length in 0...bytes.count
        where (try? ThreatSnapshot(bytes: Array(bytes[..<length])).lists()) != nil {
            whole += 1
        }
        // Nothing, and after each list.
        #expect(whole == 4)
        for bad in [[UInt8](repeating: 0xFF, count: 40), [0, 0, 0, 0, 0, 0, 0, 1, 9, 1]] {
            #expect(throws: ThreatSnapshot.Malformed.self) {
                try ThreatSnapshot(bytes: bad).lists()
            }
        }
    }

    @Test func anIndexHasTheRevisionItIsGiven() throws {
        let index = try ThreatIndex(lists, revision: "abc")
        withExtendedLifetime(index) { #expect(index.revision.string == "abc") }
        let other = try ThreatIndex(lists)
        withExtendedLifetime(other) { #expect(other.revision.isEmpty) }
    }
}
