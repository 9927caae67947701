// SPDX-License-Identifier: Apache-2.0

// The graph in the languages of other tools.
extension ExecutionGraph {
    /// For Graphviz.
    public var dot: String {
        var text = """
            digraph "\(dotEscaped(agent))" {
              rankdir=LR;
              label="\(dotEscaped(title))"; labelloc=t; fontname="sans-serif";
              node [fontname="sans-serif", fontsize=11, style=filled, fillcolor=white];
              edge [fontname="sans-serif", fontsize=9];

            """
        for (place, step) in decisions.enumerated() {
            text +=
                "  d\(place) [shape=box, color=\"\(color(step.outcome))\", "
                + "label=\"#\(step.index) \(dotEscaped(step.label))\\n\(clock(step.time))\"];\n"
        }
        for (place, tool) in tools.enumerated() {
            text += "  t\(place) [shape=component, label=\"\(dotEscaped(tool))\"];\n"
        }
        for (place, destination) in destinations.enumerated() {
            text += "  h\(place) [shape=cylinder, label=\"\(dotEscaped(destination))\"];\n"
        }
        for (place, source) in sources.enumerated() {
            text += "  s\(place) [shape=note, label=\"\(dotEscaped(source))\"];\n"
        }
        forEachEdge { from, to, kind, outcome in
            let style =
                switch kind {
                case .follows: "style=dashed, color=gray50"
                case .child: "color=gray30"
                case .leads: "style=dotted, color=gray30"
                case .uses: "color=\"\(color(outcome))\""
                }
            text += "  \(from) -> \(to) [\(style)];\n"
        }
        return text + "}\n"
    }

    /// For Mermaid, as GitHub and others show it.
    public var mermaid: String {
        var text = "flowchart LR\n"
        for (place, step) in decisions.enumerated() {
            text +=
                "  d\(place)[\"#35;\(step.index) \(mermaidEscaped(step.label))<br>"
                + "\(clock(step.time))\"]:::\(step.outcome.rawValue)\n"
        }
        for (place, tool) in tools.enumerated() {
            text += "  t\(place)[[\"\(mermaidEscaped(tool))\"]]\n"
        }
        for (place, destination) in destinations.enumerated() {
            text += "  h\(place)[(\"\(mermaidEscaped(destination))\")]\n"
        }
        for (place, source) in sources.enumerated() {
            text += "  s\(place)>\"\(mermaidEscaped(source))\"]\n"
        }
        forEachEdge { from, to, kind, _ in
            text += "  \(from) \(kind == .follows || kind == .leads ? "-.->" : "-->") \(to)\n"
        }
        for outcome in [Outcome.allowed, .held, .refused] {
            text += "  classDef \(outcome.rawValue) stroke:\(color(outcome))\n"
        }
        return text
    }

    var title: String {
        let refused = decisions.count { $0.outcome == .refused }
        let left = omitted > 0 ? ", \(omitted) older ones left out" : ""
        return "\(agent): \(decisions.count) decisions, \(refused) refused\(left)"
    }

    enum EdgeKind {
        case follows, child, uses
        /// From a prompt or a document.
        case leads
    }

    private func forEachEdge(
        _ body: (_ from: String, _ to: String, EdgeKind, Outcome) -> Void
    ) {
        for (place, step) in decisions.enumerated() {
            for source in step.sources { body("s\(source)", "d\(place)", .leads, step.outcome) }
            switch step.predecessor {
            case .parent(let parent): body("d\(parent)", "d\(place)", .child, step.outcome)
            case .sequence(let before): body("d\(before)", "d\(place)", .follows, step.outcome)
            case nil: break
            }
            if let tool = step.tool {
                body("d\(place)", "t\(tool)", .uses, step.outcome)
            } else if let destination = step.destination {
                body("d\(place)", "h\(destination)", .uses, step.outcome)
            }
        }
        for (route, _, outcome) in routes {
            body("t\(route.tool)", "h\(route.destination)", .uses, outcome)
        }
    }

    func color(_ outcome: Outcome) -> String {
        switch outcome {
        case .allowed: "#1a7f37"
        case .held: "#9a6700"
        case .refused: "#cf222e"
        }
    }

    /// `15:00:00.123` of a record's time.
    func clock(_ time: String) -> String {
        time.utf8.count == 30 ? String(time.dropFirst(11).prefix(12)) : time
    }

    private func dotEscaped(_ text: String) -> String {
        String(
            text.unicodeScalars.flatMap { scalar -> [Character] in
                switch scalar {
                case "\"", "\\": ["\\", Character(scalar)]
                case _ where scalar.value < 0x20: [" "]
                default: [Character(scalar)]
                }
            })
    }

    /// Entities for all that means something to Mermaid.
    private func mermaidEscaped(_ text: String) -> String {
        text.unicodeScalars.map { scalar in
            let isPlain =
                scalar.properties.isAlphabetic || (0x30...0x39).contains(scalar.value)
                || " ./:_-·".unicodeScalars.contains(scalar)
            return isPlain ? String(scalar) : "#\(scalar.value);"
        }.joined()
    }
}
