// SPDX-License-Identifier: Apache-2.0
import Glibc
import Platform
import Testing
import TransparencyLog

@testable import DecisionLog

@Suite("answers without a record")
struct LossTests {
    private func fixture(_ onFailure: LogConfiguration.OnFailure = .open) -> LogFixture {
        let fixture = LogFixture()
        fixture.configuration.onFailure = onFailure
        return fixture
    }

    /// Commits `count` records; answers whether the decisions may be given.
    private func give(
        _ count: Int, _ fixture: LogFixture, _ log: LocalLog, _ writer: LogWriter
    ) -> Bool {
        do throws(LogError) {
            try fixture.commit(count, log, writer)
            return true
        } catch {
            return writer.mayLose(count, error)
        }
    }

    private func losses(_ fixture: LogFixture) throws -> [String] {
        try fixture.verifiedEntries().map { String(decoding: $0, as: UTF8.self) }
            .filter { $0.contains("\"kind\":\"loss\"") }
    }

    @Test("the next record that is taken follows a loss record")
    func next() throws {
        let fixture = fixture()
        let log = try fixture.open()
        let writer = log.makeWriter()
        #expect(give(3, fixture, log, writer))
        fixture.faults.plan(.lost, at: 0, number: ENOSPC, isLasting: true)
        #expect(give(5, fixture, log, writer))
        #expect(give(2, fixture, log, writer))
        fixture.faults.clear()
        #expect(give(4, fixture, log, writer))
        try log.close()
        let entries = try fixture.verifiedEntries()
        #expect(entries.count == 3 + 1 + 4)
        let loss = String(decoding: entries[3], as: UTF8.self)
        #expect(loss.hasPrefix("{\"v\":1,\"kind\":\"loss\",\"time\":\"1970-01-01T00:00:00.0"))
        let reasons = "\"reasons\":[{\"code\":\"log_storage_full\",\"decisions\":7}]"
        #expect(loss.contains("\"loss\":{\"decisions\":7,\"early\":0,") && loss.contains(reasons))
    }

    @Test("without another record the sequencer writes it, and again after a failure to")
    func alone() throws {
        let fixture = fixture()
        let log = try fixture.open()
        let writer = log.makeWriter()
        fixture.faults.plan(.lost, at: 0, number: EIO, isLasting: true)
        #expect(give(5, fixture, log, writer))
        #expect(throws: LogError.self) { try log.publish() }
        fixture.faults.clear()
        try log.publish()
        #expect(try losses(fixture).count == 1)
        try log.publish()
        try log.close()
        #expect(try losses(fixture).count == 1)
    }

    @Test("closed by default: the decision is not given, and nothing is recorded of it")
    func closed() throws {
        let fixture = fixture(.closed)
        let log = try fixture.open()
        let writer = log.makeWriter()
        fixture.faults.plan(.lost, at: 0, number: EIO, isLasting: true)
        #expect(!give(5, fixture, log, writer))
        fixture.faults.clear()
        try log.close()
        #expect(try losses(fixture).isEmpty)
    }

    @Test("a loss that is known when the log ends is in it")
    func atTheEnd() throws {
        let fixture = fixture()
        let log = try fixture.open()
        let writer = log.makeWriter()
        fixture.faults.plan(.torn, at: 0, number: ENOSPC)
        #expect(give(5, fixture, log, writer))
        try log.close()
        #expect(try losses(fixture).count == 1)
        #expect(!writer.mayLose(1, LogError(.closed, "the log is closed")))
    }

    @Test("every operation fails in turn: each decision has its record or is counted")
    func sweep() throws {
        var target = 0
        var isDone = false
        while !isDone {
            let fixture = fixture()
            let log = try fixture.open()
            let writer = log.makeWriter()
            fixture.faults.plan(
                [.lost, .torn, .reportedLost][target % 3], at: target, number: EIO)
            var lost = 0
            for turn in 0..<12 {
                let before = fixture.acknowledged.count
                #expect(give(turn % 4 == 0 ? 70 : 5, fixture, log, writer))
                if fixture.acknowledged.count == before { lost += turn % 4 == 0 ? 70 : 5 }
                if turn % 3 == 2 { try? log.publish() }
            }
            isDone = fixture.faults.count <= target
            fixture.faults.clear()
            try log.close()
            let entries = try fixture.verifiedEntries()
            let texts = try losses(fixture)
            let counted = texts.reduce(0) { sum, text in
                let number = text.split(separator: "\"decisions\":")[1].prefix { $0.isNumber }
                return sum + (Int(number) ?? 0)
            }
            #expect(counted == lost, "operation \(target)")
            #expect(
                entries.filter(Set(fixture.acknowledged).contains) == fixture.acknowledged,
                "operation \(target)")
            target += 1
        }
        #expect(target > 30)
    }
}
