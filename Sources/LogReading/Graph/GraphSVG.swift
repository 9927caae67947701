// SPDX-License-Identifier: Apache-2.0

extension ExecutionGraph {
    /// A picture that stands alone.
    public var svg: String {
        var drawing = Drawing(graph: self, layout: GraphLayout(self))
        return drawing.text()
    }
}

/// Draws a graph in its layout.
private struct Drawing {
    let graph: ExecutionGraph
    let layout: GraphLayout
    private typealias Metrics = GraphLayout.Metrics
    /// Of the monospaced font, in pixels.
    private static let characterWidth = 7

    mutating func text() -> String {
        """
        <svg xmlns="http://www.w3.org/2000/svg" width="\(layout.width)" height="\(layout.height)" \
        viewBox="0 0 \(layout.width) \(layout.height)" font-family="ui-monospace, Menlo, \
        DejaVu Sans Mono, monospace" font-size="11.5">
        <rect width="100%" height="100%" fill="#ffffff"/>
        \(head())\(leads())\(runs())\(uses())\(routes())\(sources())\(decisions())\(tools())\
        \(destinations())</svg>

        """
    }

    private func head() -> String {
        let y = Metrics.margin + 14
        return "<text x=\"\(Metrics.margin)\" y=\"\(y)\" font-size=\"14\" font-weight=\"bold\" "
            + "fill=\"#1f2328\">\(escaped(graph.title))</text>\n"
            + (graph.sources.isEmpty ? "" : column("prompts and documents", layout.sourceLeft))
            + column("decisions", layout.decisionLeft)
            + (graph.tools.isEmpty ? "" : column("tools", layout.toolLeft))
            + (graph.destinations.isEmpty ? "" : column("destinations", layout.destinationLeft))
    }

    private func column(_ name: String, _ x: Int) -> String {
        "<text x=\"\(x)\" y=\"\(Metrics.margin + Metrics.titleHeight - 16)\" "
            + "fill=\"#59636e\">\(name)</text>\n"
    }

    private func laneX(_ place: Int) -> Int {
        layout.laneLeft + layout.lanes[place] * Metrics.laneWidth + Metrics.laneWidth / 2
    }

    /// From each prompt and document to the decision that it came with first.
    private func leads() -> String {
        var text = ""
        for (place, step) in graph.decisions.enumerated() {
            for source in step.sources {
                let x1 = layout.sourceLeft + Metrics.nodeWidth
                let (y1, x2, y2) = (
                    layout.sourceCenters[source], laneX(place), layout.rowCenters[place]
                )
                let middle = (x1 + layout.laneLeft) / 2
                text +=
                    "<path d=\"M\(x1) \(y1) C\(middle) \(y1) \(middle) \(y2) \(x2) \(y2)\" "
                    + "fill=\"none\" stroke=\"#8250df\" stroke-opacity=\"0.5\" "
                    + "stroke-dasharray=\"2 3\"/>\n"
            }
        }
        return text
    }

    /// The lines that join the decisions of a run; dashed where only their order says so.
    private func runs() -> String {
        var text = ""
        for (place, step) in graph.decisions.enumerated() {
            guard let predecessor = step.predecessor else { continue }
            let isOrder = if case .sequence = predecessor { true } else { false }
            let dash = isOrder ? " stroke-dasharray=\"3 3\"" : ""
            let (x1, y1) = (laneX(predecessor.step), layout.rowCenters[predecessor.step])
            let (x2, y2) = (laneX(place), layout.rowCenters[place])
            text +=
                "<path d=\"M\(x1) \(y1) C\(x1) \((y1 + y2) / 2) \(x2) \((y1 + y2) / 2) "
                + "\(x2) \(y2)\" fill=\"none\" stroke=\"#8c959f\" stroke-width=\"1.5\"\(dash)/>\n"
        }
        return text
    }

    private func uses() -> String {
        let x = layout.decisionLeft + Metrics.decisionWidth
        return graph.decisions.enumerated().map { place, step in
            let y = layout.rowCenters[place]
            if let tool = step.tool {
                return curve(x, y, layout.toolLeft, layout.toolCenters[tool], step.outcome, 1.2)
            }
            guard let destination = step.destination else { return "" }
            let target = layout.destinationCenters[destination]
            guard let passage = layout.passages[place] else {
                return curve(x, y, layout.destinationLeft, target, step.outcome, 1.2)
            }
            let right = layout.toolLeft + Metrics.nodeWidth
            return curve(x, y, layout.toolLeft, passage, step.outcome, 1.2)
                + curve(layout.toolLeft, passage, right, passage, step.outcome, 1.2)
                + curve(right, passage, layout.destinationLeft, target, step.outcome, 1.2)
        }.joined()
    }

    private func routes() -> String {
        graph.routes.map { route, count, outcome in
            // Wider for more calls: 1.5 to 6 pixels.
            let width = min(6, 1.5 + 0.5 * Double(count - 1))
            return curve(
                layout.toolLeft + Metrics.nodeWidth, layout.toolCenters[route.tool],
                layout.destinationLeft, layout.destinationCenters[route.destination], outcome,
                width)
        }.joined()
    }

    private func curve(
        _ x1: Int, _ y1: Int, _ x2: Int, _ y2: Int, _ outcome: ExecutionGraph.Outcome,
        _ width: Double
    ) -> String {
        let middle = (x1 + x2) / 2
        return "<path d=\"M\(x1) \(y1) C\(middle) \(y1) \(middle) \(y2) \(x2) \(y2)\" "
            + "fill=\"none\" stroke=\"\(graph.color(outcome))\" stroke-opacity=\"0.55\" "
            + "stroke-width=\"\(width)\"/>\n"
    }

    private func decisions() -> String {
        graph.decisions.enumerated().map { place, step in
            let y = layout.rowCenters[place]
            let color = graph.color(step.outcome)
            let words = "#\(step.index)  \(graph.clock(step.time))  \(step.label)"
            return "<g><title>\(escaped(step.id)) \(step.outcome.rawValue)</title>"
                + "<circle cx=\"\(laneX(place))\" cy=\"\(y)\" r=\"4.5\" fill=\"\(color)\"/>"
                + box(layout.decisionLeft, y, Metrics.decisionWidth, color, "#ffffff", 4)
                + label(layout.decisionLeft, y, Metrics.decisionWidth, words) + "</g>\n"
        }.joined()
    }

    private func sources() -> String {
        zip(graph.sources, layout.sourceCenters).map { name, y in
            box(layout.sourceLeft, y, Metrics.nodeWidth, "#8250df", "#fbefff", 0)
                + label(layout.sourceLeft, y, Metrics.nodeWidth, name) + "\n"
        }.joined()
    }

    private func tools() -> String {
        zip(graph.tools, layout.toolCenters).map { name, y in
            box(layout.toolLeft, y, Metrics.nodeWidth, "#0969da", "#ddf4ff", 4)
                + label(layout.toolLeft, y, Metrics.nodeWidth, name) + "\n"
        }.joined()
    }

    private func destinations() -> String {
        zip(graph.destinations, layout.destinationCenters).map { name, y in
            box(layout.destinationLeft, y, Metrics.nodeWidth, "#59636e", "#f6f8fa", 13)
                + label(layout.destinationLeft, y, Metrics.nodeWidth, name) + "\n"
        }.joined()
    }

    private func box(
        _ x: Int, _ y: Int, _ width: Int, _ stroke: String, _ fill: String, _ radius: Int
    ) -> String {
        "<rect x=\"\(x)\" y=\"\(y - Metrics.nodeHeight / 2)\" width=\"\(width)\" "
            + "height=\"\(Metrics.nodeHeight)\" rx=\"\(radius)\" fill=\"\(fill)\" "
            + "stroke=\"\(stroke)\" stroke-width=\"1.3\"/>"
    }

    private func label(_ x: Int, _ y: Int, _ width: Int, _ text: String) -> String {
        let room = (width - 16) / Self.characterWidth
        let shown = text.count > room ? text.prefix(room - 1) + "…" : text[...]
        return "<text x=\"\(x + 8)\" y=\"\(y + 4)\" fill=\"#1f2328\" xml:space=\"preserve\">"
            + "\(escaped(String(shown)))<title>\(escaped(text))</title></text>"
    }

    private func escaped(_ text: String) -> String {
        text.unicodeScalars.map { scalar in
            switch scalar {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            case "\"": "&quot;"
            // XML has no other control characters.
            case _
            where scalar.value < 0x20 || scalar.value == 0x7F
                || scalar.value == 0xFFFE || scalar.value == 0xFFFF:
                "\u{FFFD}"
            default: String(scalar)
            }
        }.joined()
    }
}
