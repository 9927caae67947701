// SPDX-License-Identifier: Apache-2.0
import RegoCompiler
import RegoVM

/// What `--explain` shows of an evaluation.
enum ExplainMode: String, CaseIterable {
    case off
    case full
    case notes
    case fails
    case debug
}

/// The events of an evaluation in their order, as OPA names them.
final class Trace {
    enum Operation: String {
        case enter = "Enter"
        case eval = "Eval"
        case exit = "Exit"
        case redo = "Redo"
        case fail = "Fail"
        case note = "Note"
    }

    struct Event {
        let operation: Operation
        let point: Int
        /// The body that it happened in, and the one around that.
        let query: Int
        let parent: Int
        let message: String
    }

    /// Events that are kept; later ones are counted only.
    static let limit = 1_000_000

    private(set) var events: [Event] = []
    private(set) var dropped = 0
    private var parents: [Int: Int] = [:]

    func record(
        _ operation: Operation, _ point: Int, query: Int, in parent: Int?, _ message: String = ""
    ) {
        if operation == .enter, let parent { parents[query] = parent }
        guard events.count < Self.limit else {
            dropped += 1
            return
        }
        events.append(
            Event(
                operation: operation, point: point, query: query, parent: parents[query] ?? 0,
                message: message))
    }

    /// A query that begins without a rule of its own.
    func nest(_ query: Int, in parent: Int) { parents[query] = parent }

    /// The events of a mode. For notes and failures these are the events and, before each, how the
    /// evaluation came to it.
    func events(_ mode: ExplainMode) -> [Event] {
        switch mode {
        case .off: []
        case .full, .debug: events
        case .notes: filtered { $0 == .note }
        case .fails: filtered { $0 == .fail }
        }
    }

    private func filtered(_ isWanted: (Operation) -> Bool) -> [Event] {
        var result: [Event] = []
        /// The last entrance of each query since the last event that was wanted.
        var entrances: [Int: Event] = [:]
        for event in events {
            if isWanted(event.operation) {
                var way = [event]
                var query: Int? = event.query
                while let current = query, current != 0 {
                    if let entrance = entrances[current] { way.append(entrance) }
                    query = parents[current]
                }
                result += way.reversed()
                entrances = [:]
            }
            if event.operation == .enter || event.operation == .redo {
                entrances[event.query] = event
            }
        }
        return result
    }

    /// Bodies around a query, itself included.
    func depth(of query: Int) -> Int {
        var depth = 0
        var current = query
        while current != 0 {
            depth += 1
            current = parents[current] ?? 0
        }
        return depth
    }
}

/// A trace as lines of text in OPA's layout.
struct TraceText {
    private static let leastWidth = "query".utf8.count
    private static let padding = 8

    private let trace: Trace
    private let points: [Program.Point]
    private let sources: [Source]

    init(_ trace: Trace, _ points: [Program.Point], _ sources: [Source]) {
        self.trace = trace
        self.points = points
        self.sources = sources
    }

    func lines(_ mode: ExplainMode) -> [String] {
        let events = trace.events(mode)
        let places = events.map { place($0.point) }
        let width = max(Self.leastWidth, places.map(\.count).max() ?? 0) + Self.padding
        return zip(events, places).map { event, place in
            place + String(repeating: " ", count: width - place.count) + " " + line(event)
        }
    }

    private func place(_ point: Int) -> String {
        let position = points[point].position
        return "\(fileName(position) ?? "query"):\(position.row)"
    }

    /// Nil for the query's own text.
    func fileName(_ position: Program.Position) -> String? {
        guard sources.indices.contains(Int(position.file)) else { return nil }
        let name = sources[Int(position.file)].name
        return name.isEmpty ? nil : name
    }

    private func line(_ event: Trace.Event) -> String {
        var depth = trace.depth(of: event.query)
        switch (event.operation, points[event.point].subject) {
        case (.enter, _), (.redo, .query), (.redo, .rule): depth -= 1
        default: break
        }
        let indent = String(repeating: "| ", count: max(0, depth)) + event.operation.rawValue
        if event.operation == .note { return indent + " \"\(event.message)\"" }
        return indent + " " + node(event.point)
    }

    /// A rule's path, or an expression as it was written, on one line.
    func node(_ point: Int) -> String {
        let point = points[point]
        if case .rule(let path) = point.subject { return path }
        guard sources.indices.contains(Int(point.position.file)) else { return "" }
        let text = Array(sources[Int(point.position.file)].text.utf8)
        let start = min(max(0, Int(point.start)), text.count)
        let end = min(max(start, Int(point.end)), text.count)
        let words = text[start..<end].split { $0 <= UInt8(ascii: " ") }
        return words.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
    }
}
