// SPDX-License-Identifier: Apache-2.0
import RegoVM

/// What an agent did, as a graph: its decisions in order, the tools that they were about, and the
/// destinations that they went to.
public struct ExecutionGraph {
    public let agent: String
    /// In the order of the log.
    public internal(set) var decisions: [Step] = []
    /// Names, in the order of their first use.
    public internal(set) var tools: [String] = []
    public internal(set) var destinations: [String] = []
    /// Prompts and documents that requests brought along, in the order of their first time.
    public internal(set) var sources: [String] = []
    /// Older decisions that are left out.
    public internal(set) var omitted = 0

    /// One decision.
    public struct Step {
        public let index: Int
        public let id: String
        public let time: String
        public let label: String
        public let outcome: Outcome
        /// The decision that this one follows; nil for the first of a run.
        public var predecessor: Predecessor?
        /// Places in `tools` and `destinations`.
        public var tool: Int?
        public var destination: Int?
        /// Places in `sources` of those that came with this decision first.
        public var sources: [Int] = []
        /// Decisions of one run share it: a trace, or else a session, or else nothing.
        public let run: String
    }

    public enum Outcome: String, Sendable {
        case allowed, held, refused
    }

    public enum Predecessor: Equatable, Sendable {
        /// The record says so.
        case parent(Int)
        /// It came before in the same run.
        case sequence(Int)

        /// The place in `decisions`.
        public var step: Int {
            switch self {
            case .parent(let step), .sequence(let step): step
            }
        }
    }

    init(agent: String) { self.agent = agent }

    /// How often a tool led to a destination, and how that ended.
    struct Route: Hashable {
        let tool: Int
        let destination: Int
    }

    var routes: [(route: Route, count: Int, outcome: Outcome)] {
        var places: [Route: Int] = [:]
        var routes: [(route: Route, count: Int, outcome: Outcome)] = []
        for step in decisions {
            guard let tool = step.tool, let destination = step.destination else { continue }
            let route = Route(tool: tool, destination: destination)
            if let place = places[route] {
                routes[place].count += 1
                if routes[place].outcome != step.outcome { routes[place].outcome = .held }
            } else {
                places[route] = routes.count
                routes.append((route, 1, step.outcome))
            }
        }
        return routes
    }
}

/// Collects an agent's records into a graph.
public struct ExecutionGraphBuilder {
    private let agent: String
    private let limit: Int
    /// Whose decisions they are, when `agent` fits several.
    private var names: Set<String> = []
    private var steps: [Found] = []
    private var omitted = 0

    /// A decision before it is known which others are shown.
    private struct Found {
        let step: ExecutionGraph.Step
        let parent: String?
        let tool: String?
        let destination: String?
        let sources: [String]
    }

    /// - Parameter limit: how many decisions to keep, the newest.
    public init(agent: String, limit: Int) {
        self.agent = agent
        self.limit = min(max(1, limit), ReadingLimits.maximumGraphDecisions)
    }

    /// Takes one of the agent's decisions.
    public mutating func add(_ record: Record) {
        let trace = TraceContext(record)
        names.insert(record.agent.asString ?? agent)
        let step = ExecutionGraph.Step(
            index: record.index, id: record.id.asString ?? "", time: record.time.asString ?? "",
            label: Self.label(record), outcome: Self.outcome(record), run: trace.run)
        steps.append(
            Found(
                step: step, parent: trace.parentDecision, tool: record.tool.asString,
                destination: record.destination.asString, sources: Self.sources(record)))
        // Twice as many are held, so that dropping the oldest is rare.
        if steps.count >= 2 * limit { dropOldest() }
    }

    private mutating func dropOldest() {
        omitted += max(0, steps.count - limit)
        steps.removeFirst(max(0, steps.count - limit))
    }

    public mutating func finish() -> ExecutionGraph {
        dropOldest()
        let name = names.count == 1 ? names.first : nil
        var graph = ExecutionGraph(agent: name ?? agent)
        graph.omitted = omitted
        var lastOfRun: [String: Int] = [:]
        var placeOfID: [String: Int] = [:]
        var known: Set<String> = []
        for (place, found) in steps.enumerated() {
            var step = found.step
            step.tool = found.tool.map { Self.place(of: $0, in: &graph.tools) }
            step.destination = found.destination.map { Self.place(of: $0, in: &graph.destinations) }
            for source in found.sources where known.insert(source).inserted {
                step.sources.append(graph.sources.count)
                graph.sources.append(source)
            }
            if let parent = found.parent.flatMap({ placeOfID[$0] }) {
                step.predecessor = .parent(parent)
            } else {
                step.predecessor = lastOfRun[step.run].map { .sequence($0) }
            }
            lastOfRun[step.run] = place
            placeOfID[step.id] = place
            graph.decisions.append(step)
        }
        return graph
    }

    private static func place(of name: String, in names: inout [String]) -> Int {
        if let place = names.firstIndex(of: name) { return place }
        names.append(name)
        return names.count - 1
    }

    /// `prompt 1a2b3c4d`, `tool_result read_page 1a2b3c4d`
    private static func sources(_ record: Record) -> [String] {
        let prompt = record.json["prompt"]
        var sources: [String] = []
        if let digest = prompt["sha256"].asString { sources.append("prompt \(digest.prefix(8))") }
        guard prompt["documents"].kind == .array else { return sources }
        for document in prompt["documents"].elements {
            let digest = document["sha256"].asString ?? document["name_sha256"].asString ?? ""
            let words = [document["source"], document["tool"], document["name"]]
            sources.append(
                (words.compactMap(\.asString) + [String(digest.prefix(8))]).joined(separator: " "))
        }
        return sources
    }

    private static func label(_ record: Record) -> String {
        let words = [record.operation, record.json["action"]["effect"]].compactMap(\.asString)
        let method = record.json["request"]["method"].asString ?? "decision"
        return record.operation.isString ? words.joined(separator: " · ") : method
    }

    private static func outcome(_ record: Record) -> ExecutionGraph.Outcome {
        if record.answer.equals("require_approval") || record.answer.equals("restrict") {
            return .held
        }
        return record.isAllowed ? .allowed : .refused
    }
}

/// Where a decision belongs in its agent's run.
private struct TraceContext {
    let run: String
    let parentDecision: String?

    init(_ record: Record) {
        let trace = record.json["trace"]
        run = trace["id"].asString ?? record.json["agent"]["session"].asString ?? ""
        parentDecision = trace["parent_decision"].asString
    }
}
