// SPDX-License-Identifier: Apache-2.0

/// Places for a graph's nodes on a page: decisions from top to bottom, one lane for each run that
/// is under way; what led to them in a column before them, tools in one beside them, destinations
/// in the last one.
struct GraphLayout {
    /// Pixels.
    enum Metrics {
        static let margin = 24
        static let titleHeight = 64
        static let rowHeight = 34
        static let laneWidth = 18
        static let nodeHeight = 26
        static let columnGap = 110
        static let sourceGap = 70
        static let decisionWidth = 300
        static let nodeWidth = 210
        /// A run that finds no free lane shares the last one.
        static let lanes = 10
    }

    /// For each decision.
    private(set) var lanes: [Int] = []
    private(set) var rowCenters: [Int] = []
    /// For each tool and each destination, the middle of its box.
    private(set) var toolCenters: [Int] = []
    private(set) var destinationCenters: [Int] = []
    /// For each decision that went to a destination without a tool, where its line passes the
    /// tools' column.
    private(set) var passages: [Int: Int] = [:]
    /// For each prompt and document.
    private(set) var sourceCenters: [Int] = []
    let sourceLeft = Metrics.margin
    let laneLeft: Int
    let decisionLeft: Int
    let toolLeft: Int
    let destinationLeft: Int
    let width: Int
    let height: Int

    init(_ graph: ExecutionGraph) {
        let lanes = Self.lanes(graph)
        let laneCount = (lanes.max() ?? 0) + 1
        let rows = graph.decisions.indices.map {
            Metrics.margin + Metrics.titleHeight + $0 * Metrics.rowHeight + Metrics.rowHeight / 2
        }
        let direct =
            graph.tools.isEmpty
            ? []
            : graph.decisions.indices.filter {
                graph.decisions[$0].tool == nil && graph.decisions[$0].destination != nil
            }
        let column = Self.spread(
            graph.tools.indices.map { tool in
                graph.decisions.indices.filter { graph.decisions[$0].tool == tool }.map { rows[$0] }
            } + direct.map { [rows[$0]] })
        let toolCenters = Array(column[..<graph.tools.count])
        let passages = Dictionary(
            uniqueKeysWithValues: zip(direct, column[graph.tools.count...]))
        let destinationCenters = Self.spread(
            graph.destinations.indices.map { destination in
                graph.decisions.indices.compactMap { place in
                    let step = graph.decisions[place]
                    guard step.destination == destination else { return nil }
                    return step.tool.map { toolCenters[$0] } ?? passages[place] ?? rows[place]
                }
            })
        sourceCenters = Self.spread(
            graph.sources.indices.map { source in
                graph.decisions.indices.filter { graph.decisions[$0].sources.contains(source) }
                    .map { rows[$0] }
            })
        laneLeft =
            graph.sources.isEmpty
            ? Metrics.margin : Metrics.margin + Metrics.nodeWidth + Metrics.sourceGap
        decisionLeft = laneLeft + laneCount * Metrics.laneWidth + Metrics.laneWidth / 2
        toolLeft = decisionLeft + Metrics.decisionWidth + Metrics.columnGap
        let hasTools = !graph.tools.isEmpty
        destinationLeft = hasTools ? toolLeft + Metrics.nodeWidth + Metrics.columnGap : toolLeft
        let last =
            graph.destinations.isEmpty
            ? (hasTools ? toolLeft + Metrics.nodeWidth : decisionLeft + Metrics.decisionWidth)
            : destinationLeft + Metrics.nodeWidth
        width = last + Metrics.margin
        let centers = rows + column + destinationCenters + sourceCenters
        let lowest = centers.max() ?? Metrics.titleHeight
        height = lowest + Metrics.rowHeight + Metrics.margin
        self.lanes = lanes
        self.toolCenters = toolCenters
        self.passages = passages
        self.destinationCenters = destinationCenters
        rowCenters = rows
    }

    /// A lane is taken from a run's first decision to its last.
    private static func lanes(_ graph: ExecutionGraph) -> [Int] {
        var lastPlace: [String: Int] = [:]
        for (place, step) in graph.decisions.enumerated() { lastPlace[step.run] = place }
        var holders = [String?](repeating: nil, count: Metrics.lanes)
        var lanes: [Int] = []
        for (place, step) in graph.decisions.enumerated() {
            let lane = holders.firstIndex(of: step.run) ?? holders.firstIndex(of: nil)
            lanes.append(lane ?? Metrics.lanes - 1)
            if let lane { holders[lane] = lastPlace[step.run] == place ? nil : step.run }
        }
        return lanes
    }

    /// Middles of boxes, each near the mean of what leads to it, none on top of another.
    private static func spread(_ wanted: [[Int]]) -> [Int] {
        let top = Metrics.margin + Metrics.titleHeight + Metrics.rowHeight / 2
        let means = wanted.map { $0.isEmpty ? top : $0.reduce(0, +) / $0.count }
        let step = Metrics.rowHeight
        var centers = [Int](repeating: top, count: wanted.count)
        var free = top
        for node in wanted.indices.sorted(by: { (means[$0], $0) < (means[$1], $1) }) {
            centers[node] = max(means[node], free)
            free = centers[node] + step
        }
        return centers
    }
}
