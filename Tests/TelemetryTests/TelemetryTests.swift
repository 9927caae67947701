// SPDX-License-Identifier: Apache-2.0
import MemoryPlatform
import Platform
import Synchronization
import Testing

@testable import Telemetry

private final class MemorySink: LogSink {
    let lines = Mutex<[String]>([])
    func write(_ line: [UInt8]) {
        lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
    }
}

@Suite struct LoggerTests {
    private func lines(_ format: LogFormat, _ body: (Logger) -> Void) -> [String] {
        let sink = MemorySink()
        body(
            Logger(format: format, clock: ManualClock(wall: 1_795_346_070_566_059_000), sink: sink))
        return sink.lines.withLock { $0 }
    }

    @Test func json() {
        let result = lines(.json) {
            $0.info(
                "server_started", "listening",
                ["address": "127.0.0.1:9191", "loops": 2, "tls": false])
            $0.debug("hidden", "not at this level")
        }
        #expect(
            result == [
                """
                {"time":"2026-11-22T11:14:30.566Z","level":"info","code":"server_started",\
                "message":"listening","address":"127.0.0.1:9191","loops":2,"tls":false}\n
                """
            ])
    }

    @Test func oneEventIsOneLine() {
        for format in [LogFormat.json, .logfmt, .text] {
            let result = lines(format) { $0.error("x", "a\nb\u{1B}[2J", ["k\"": "\r\n\"\\"]) }
            #expect(result.count == 1)
            #expect(result[0].utf8.dropLast().allSatisfy { $0 >= 0x20 })
        }
    }

    @Test func logfmtAndText() {
        #expect(
            lines(.logfmt) { $0.warning("c", "two words", ["k": "v=1", "n": "plain"]) } == [
                "time=2026-11-22T11:14:30.566Z level=warning code=c message=\"two words\" "
                    + "k=\"v=1\" n=plain\n"
            ])
        #expect(
            lines(.text) { $0.info("c", "hello", ["k": 1]) } == ["11:14:30.566 info    hello k=1\n"]
        )
    }

    @Test func longValuesAreCut() {
        let long = String(repeating: "é", count: 10_000)
        let result = lines(.json) { $0.info("c", long) }
        #expect(result[0].utf8.count < Limits.valueBytes + 200)
        #expect(result[0].hasSuffix("é...\"}\n"))
    }
}

@Suite struct MetricTests {
    @Test func exposition() {
        let registry = MetricRegistry()
        let allowed = registry.counter(
            "checks_total", "Checks\nanswered", labels: [("action", "al\"low")])
        let latency = registry.histogram("check_seconds", "Time", bounds: [1_000_000, 10_000_000])
        let denied = registry.counter(
            "checks_total", "Checks\nanswered", labels: [("action", "deny")])
        registry.gauge("agents", "Agents") { 2.5 }
        let first = registry.makeCells()
        let second = registry.makeCells()
        first.add(allowed)
        second.add(allowed, 2)
        second.add(denied)
        for value in [500_000, 1_000_000, 5_000_000, 50_000_000] as [UInt64] {
            first.observe(latency, value)
        }
        #expect(
            String(decoding: registry.exposition(), as: UTF8.self) == """
                # HELP checks_total Checks\\nanswered
                # TYPE checks_total counter
                checks_total{action="al\\"low"} 3
                checks_total{action="deny"} 1
                # HELP check_seconds Time
                # TYPE check_seconds histogram
                check_seconds_bucket{le="0.001"} 2
                check_seconds_bucket{le="0.01"} 3
                check_seconds_bucket{le="+Inf"} 4
                check_seconds_sum 0.0565
                check_seconds_count 4
                # HELP agents Agents
                # TYPE agents gauge
                agents 2.5

                """)
    }

    @Test func threadsCountApart() async {
        let registry = MetricRegistry()
        let counter = registry.counter("n_total", "n")
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                let cells = registry.makeCells()
                group.addTask { for _ in 0..<10_000 { cells.add(counter) } }
            }
        }
        #expect(registry.snapshot().sums == [40_000])
    }
}
