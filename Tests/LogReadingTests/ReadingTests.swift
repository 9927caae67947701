// SPDX-License-Identifier: Apache-2.0
import Cryptography
import Testing
import TransparencyLog

@testable import LogReading

@Suite struct ReadingTests {
    private func count(_ view: LogView<RecordLog>, _ change: (inout RecordFilter) -> Void)
        throws -> Int
    {
        var filter = RecordFilter()
        change(&filter)
        var count = 0
        try view.scan(0..<view.size) { record in
            if filter.matches(record) { count += 1 }
            return true
        }
        return count
    }

    @Test func filters() throws {
        let view = try RecordLog(700).view()
        #expect(try count(view) { _ in } == 700)
        #expect(try count(view) { $0.agent = Pattern("spiffe://acme/agent/1") } == 233)
        #expect(try count(view) { $0.agent = Pattern("*/agent/*") } == 700)
        #expect(try count(view) { $0.agent = Pattern("*/agent") } == 0)
        #expect(try count(view) { $0.tool = Pattern("tool_2") } == 175)
        #expect(try count(view) { $0.decision = "deny" } == 100)
        #expect(try count(view) { $0.decision = "refused" } == 100)
        #expect(try count(view) { $0.decision = "allow" } == 600)
        #expect(try count(view) { $0.reason = Pattern("tool*") } == 100)
        #expect(try count(view) { $0.destination = Pattern("host-0.*") } == 350)
        #expect(try count(view) { $0.kind = "loss" } == 0)
        #expect(try count(view) { $0.since = RecordLog.start + 10_000_000_000 } == 600)
        #expect(try count(view) { $0.until = RecordLog.start + 10_000_000_000 } == 100)
    }

    @Test(
        "patterns",
        arguments: [
            ("a", "a", true), ("a", "ab", false), ("", "", true), ("*", "", true),
            ("a*", "abc", true),
            ("*c", "abc", true), ("a*c", "abc", true), ("a*c", "ac", true), ("ab*bc", "abc", false),
            ("*b*", "abc", true), ("*x*", "abc", false), ("a**c", "abc", true),
        ])
    func patterns(pattern: String, text: String, fits: Bool) {
        Array(text.utf8).withUnsafeBufferPointer {
            #expect(Pattern(pattern).matches($0) == fits)
        }
    }

    @Test func findsByID() throws {
        let view = try RecordLog(3_000).view()
        for index in [0, 1, 255, 256, 1_777, 2_999] {
            #expect(try view.index(of: RecordLog.id(index)) == index)
        }
        #expect(try view.index(of: RecordLog.id(5_000)) == nil)
        #expect(try view.index(of: "no id") == nil)
    }

    @Test("a clock that jumped hides no record")
    func clock() throws {
        let log = try RecordLog(1_500) { RecordLog.decision($0 < 700 ? $0 + 100_000 : $0) }
        let view = try log.view()
        #expect(try view.index(of: RecordLog.id(100_003)) == 3)
        #expect(try view.index(of: RecordLog.id(1_400)) == 1_400)
    }

    @Test func beginsAtATime() throws {
        let view = try RecordLog(6_000).view()
        let first = try view.firstIndex(since: RecordLog.start + 500_000_000_000)
        #expect(first > 3_500 && first <= 5_000 - 600)
        #expect(try view.firstIndex(since: 0) == 0)
        #expect(try view.last(3, RecordFilter()) == [5_997, 5_998, 5_999])
        var filter = RecordFilter()
        filter.decision = "deny"
        #expect(try view.last(2, filter) == [5_991, 5_998])
    }

    @Test func pruned() throws {
        let log = try RecordLog(1_000)
        let statement = PruningStatement(origin: "example.org/decisions", firstKept: 512)
        log.files["pruned"] = try statement.signed(by: log.signer).bytes
        log.files["tile/entries/000"] = nil
        log.files["tile/entries/001"] = nil
        let view = try log.view()
        #expect(try view.firstPresent() == 512)
        #expect(try view.firstWhole() == 512)
        #expect(try count(view) { _ in } == 488)
        #expect(try view.index(of: RecordLog.id(700)) == 700)
        #expect(try view.index(of: RecordLog.id(7)) == nil)
        #expect(throws: TransparencyError.self) { try view.entry(7) }
        #expect(try LogVerifier(key: log.signer.verifierKey).verify(log).absent == 512)
        // Without the log's word, and beyond it, what is missing is lost.
        log.files["tile/entries/002"] = nil
        #expect(throws: TransparencyError.self) {
            try LogVerifier(key: log.signer.verifierKey).verify(log)
        }
        log.files["pruned"] = nil
        #expect(throws: TransparencyError.self) {
            try LogVerifier(key: log.signer.verifierKey).verify(log)
        }
    }

    @Test("an archive may have older records than those that were deleted later")
    func gap() throws {
        let log = try RecordLog(1_500)
        let statement = PruningStatement(origin: "example.org/decisions", firstKept: 1_024)
        log.files["pruned"] = try statement.signed(by: log.signer).bytes
        for bundle in ["001", "003"] { log.files["tile/entries/" + bundle] = nil }
        let view = try log.view()
        #expect(try view.firstPresent() == 0)
        #expect(try view.firstWhole() == 1_024)
        #expect(try count(view) { _ in } == 1_500 - 512)
        #expect(try view.entry(5).isEmpty == false)
        #expect(throws: TransparencyError.self) { try view.entry(300) }
        for index in [5, 600, 1_100] { #expect(try view.index(of: RecordLog.id(index)) == index) }
        #expect(try view.index(of: RecordLog.id(300)) == nil)
        // 60 seconds, 600 records, before the moment; a bundle that is absent tells nothing.
        #expect(try view.likelyIndex(since: RecordLog.start + 110_000_000_000) == 1_024)
        #expect(try view.likelyIndex(since: RecordLog.start + 80_000_000_000) == 512)
        #expect(try view.likelyIndex(since: RecordLog.start + 30_000_000_000) == 0)
        #expect(try view.last(2, RecordFilter()) == [1_498, 1_499])
        // Beyond its word it is a loss.
        log.files["tile/entries/004"] = nil
        #expect(throws: TransparencyError.self) { try count(log.view()) { _ in } }
    }

    @Test("a claim to have pruned more than there ever was ends soon")
    func absurd() throws {
        let log = try RecordLog(300)
        func claim(_ size: Int) throws {
            let checkpoint = Checkpoint(
                origin: "example.org/decisions", size: size, root: SHA256.hash([]))
            log.files["checkpoint"] = try checkpoint.signed(by: log.signer).bytes
        }
        for size in [Int.max, 1 << 62, LogLimits.entries + 1] {
            try claim(size)
            #expect(throws: TransparencyError.self) { try log.view() }
        }
        try claim(LogLimits.entries)
        let statement = PruningStatement(
            origin: "example.org/decisions", firstKept: LogLimits.entries)
        log.files["pruned"] = try statement.signed(by: log.signer).bytes
        log.files["tile/entries/000"] = nil
        log.files["tile/0/000"] = nil
        let view = try log.view()
        #expect(throws: TransparencyError.self) { try count(view) { _ in } }
        #expect(throws: TransparencyError.self) { try view.index(of: RecordLog.id(7)) }
        #expect(throws: TransparencyError.self) { try view.firstIndex(since: .max) }
        #expect(throws: TransparencyError.self) { try view.firstIndex(since: .min) }
    }

    @Test("what is young after the clock was set back is not older than the moment")
    func setBack() throws {
        let moment = RecordLog.start + 50_000_000_000
        let log = try RecordLog(1_000) { RecordLog.decision($0 < 600 ? 2_000 + $0 : $0) }
        #expect(try log.view().firstYoung(since: moment) == 0)
        #expect(try RecordLog(1_000).view().firstYoung(since: moment) == 500)
        #expect(try RecordLog(400).view().firstYoung(since: moment) == 400)
        let odd = try RecordLog(400) { $0 == 30 ? "{}" : RecordLog.decision($0) }
        #expect(try odd.view().firstYoung(since: moment) == 30)
    }

    @Test func entriesThatAreNoRecords() throws {
        let texts = ["", "[1]", "{", "{}", "{\"answer\":1}", "{\"agent\":\"a\",\"time\":3}"]
        let view = try RecordLog(texts.count) { texts[$0] }.view()
        let text = RecordText(isColored: false)
        let events = OCSFEvent(origin: "o", productVersion: "0")
        var lines = 0
        try view.scan(0..<view.size) { record in
            #expect(text.line(record).hasSuffix("\n"))
            #expect(events.json(record).last == UInt8(ascii: "}"))
            _ = text.summary(record, origin: "o", leaf: "")
            lines += 1
            return true
        }
        #expect(lines == texts.count)
    }

    @Test func indents() {
        let json = #"{"a":[],"b":{},"c":[1,{"d":"x,\"}\\"}],"e":"é"}"#
        let expected = """
            {
              "a": [],
              "b": {},
              "c": [
                1,
                {
                  "d": "x,\\"}\\\\"
                }
              ],
              "e": "é"
            }

            """
        #expect(String(decoding: IndentedRecord.text(Array(json.utf8)), as: UTF8.self) == expected)
    }
}
