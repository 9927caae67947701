// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import LogReading

@Suite struct GraphTests {
    private func graph(
        _ count: Int, limit: Int = 100, _ record: (Int) -> String = RecordLog.decision
    ) throws -> ExecutionGraph {
        let view = try RecordLog(count, record).view()
        var builder = ExecutionGraphBuilder(agent: "*", limit: limit)
        try view.scan(0..<view.size) { record in
            builder.add(record)
            return true
        }
        return builder.finish()
    }

    @Test func sequenceToolsAndDestinations() throws {
        let graph = try graph(8)
        #expect(graph.decisions.map(\.predecessor?.step) == [nil, nil, 0, 1, 2, 3, 4, 5])
        #expect(graph.tools == ["tool_0", "tool_1", "tool_2", "tool_3"])
        #expect(graph.destinations == ["host-0.example", "host-1.example"])
        #expect(graph.decisions.map(\.outcome).filter { $0 == .refused }.count == 1)
        #expect(graph.routes.map(\.count) == [2, 2, 2, 2])
    }

    @Test func aRecordNamesItsParent() throws {
        let graph = try graph(3) { index in
            let parent = index == 2 ? ",\"parent_decision\":\"\(RecordLog.id(0))\"" : ""
            return RecordLog.decision(index)
                .replacing("\"id\":\"0\"}", with: "\"id\":\"0\"\(parent)}")
        }
        #expect(graph.decisions[2].predecessor == .parent(0))
    }

    /// Those that a conversation repeats are shown once.
    @Test func promptsAndDocumentsLeadToDecisions() throws {
        let graph = try graph(3) { index in
            let prompt =
                #","prompt":{"sha256":"aaaaaaaabb","documents":["#
                + #"{"source":"tool_result","tool":"read","sha256":"\(index)ccccccccc"},"#
                + #"{"source":"resource","name":"file:///x","name_sha256":"ddddddddee"}]}}"#
            return String(RecordLog.decision(index).dropLast())
                + prompt.replacing(
                    "\\(index)", with: "\(index)")
        }
        #expect(
            graph.sources == [
                "prompt aaaaaaaa", "tool_result read 0ccccccc", "resource file:///x dddddddd",
                "tool_result read 1ccccccc", "tool_result read 2ccccccc",
            ])
        #expect(graph.decisions.map(\.sources) == [[0, 1, 2], [3], [4]])
        #expect(graph.dot.contains("s3 -> d1 [style=dotted"))
        #expect(graph.mermaid.contains("s0 -.-> d0"))
        let svg = graph.svg
        #expect(svg.contains("prompts and documents"))
        for source in graph.sources { #expect(svg.contains("<title>\(source)</title>")) }
        #expect(svg.count(of: "stroke-dasharray=\"2 3\"") == 5)
        let layout = GraphLayout(graph)
        #expect(Set(layout.sourceCenters).count == 5)
        #expect(layout.height > layout.sourceCenters.max() ?? .max)
        #expect(layout.laneLeft > layout.sourceLeft + GraphLayout.Metrics.nodeWidth)
    }

    @Test func theNewestAreShown() throws {
        let graph = try graph(1_000, limit: 10)
        #expect(graph.decisions.map(\.index) == Array(990..<1_000))
        #expect(graph.omitted == 990)
        #expect(graph.title.hasSuffix("10 decisions, 1 refused, 990 older ones left out"))
    }

    @Test func anyLimitIsTaken() throws {
        #expect(try graph(30, limit: .max).decisions.count == 30)
        #expect(try graph(30, limit: .min).decisions.count == 1)
    }

    @Test("boxes of a column do not cover each other")
    func layout() throws {
        let layout = GraphLayout(try graph(60))
        for centers in [layout.rowCenters, layout.toolCenters, layout.destinationCenters] {
            for (upper, lower) in zip(centers.sorted(), centers.sorted().dropFirst()) {
                #expect(lower - upper >= GraphLayout.Metrics.nodeHeight)
            }
        }
        #expect(layout.rowCenters.allSatisfy { $0 < layout.height })
        #expect(layout.destinationLeft < layout.width)
    }

    @Test("names that mean something to the languages are escaped")
    func escapes() throws {
        let graph = try graph(1) { index in
            RecordLog.decision(index)
                .replacing("tool_0", with: #"<a href=\"x\">]];-->&\u0007"#)
        }
        #expect(!graph.svg.contains("<a href"))
        #expect(graph.svg.contains("&lt;a href=&quot;x&quot;&gt;]];--&gt;&amp;\u{FFFD}"))
        #expect(graph.dot.contains(#"label="<a href=\"x\">]];-->& ""#))
        #expect(!graph.mermaid.contains("]];"))
    }
}

extension String {
    fileprivate func count(of part: String) -> Int { ranges(of: part).count }
}
