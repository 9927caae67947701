// SPDX-License-Identifier: Apache-2.0
import Foundation

/// One agent's context for people.
enum AgentText {
    private struct Document: Decodable {
        var id: String
        var context: Context
    }

    private struct Context: Decodable {
        struct Mark: Decodable {
            var since: Double
            var expires: Double
            var cause: String
        }

        struct Event: Decodable {
            var time: Double
            var action: String
            var effect: String?
            var `protocol`: String?
            var operation: String?
            var tool: String?
            var resource: String?
            var destination: String?
        }

        struct Signal: Decodable {
            var kind: String
            var severity: Double?
            var confidence: Double?
            var expires: Double?
        }

        var firstSeen: Double?
        var lastSeen: Double?
        var counts: [String: Int64]?
        var denials: [String: Int64]?
        var events: [Event]?
        var labels: [String: Mark]?
        var restrictions: [String: Mark]?
        var signals: [Signal]?
    }

    static func text(_ answer: OperatorAnswer) throws -> String {
        let document = try answer.decoded(Document.self)
        let context = document.context
        var parts = [
            Columns.facts([
                ("agent", document.id), ("first seen", moment(context.firstSeen)),
                ("last seen", moment(context.lastSeen)),
                ("requests", windows(context.counts)), ("denied", windows(context.denials)),
            ])
        ]
        parts.append(marks("RESTRICTION", context.restrictions ?? [:], "no restrictions"))
        parts.append(marks("LABEL", context.labels ?? [:], "no labels"))
        if let signals = context.signals, !signals.isEmpty { parts.append(table(signals)) }
        parts.append(table(context.events ?? []))
        return parts.joined(separator: "\n")
    }

    private static func moment(_ seconds: Double?) -> String {
        guard let seconds else { return "never" }
        return RelativeTime.text(seconds: seconds - Date().timeIntervalSince1970)
    }

    private static func windows(_ counts: [String: Int64]?) -> String {
        guard let counts else { return "" }
        return ["1m", "10m", "1h"].compactMap { window in
            counts[window].map { "\($0) in \(window)" }
        }.joined(separator: ", ")
    }

    private static func marks(
        _ title: String, _ marks: [String: Context.Mark], _ empty: String
    ) -> String {
        var table = Columns(title, "SINCE", "ENDS", "CAUSE")
        for (name, mark) in marks.sorted(by: { $0.key < $1.key }) {
            table.add(name, moment(mark.since), moment(mark.expires), mark.cause)
        }
        return table.text(empty: empty)
    }

    private static func table(_ signals: [Context.Signal]) -> String {
        var table = Columns("SIGNAL", "SEVERITY", "CONFIDENCE", "ENDS")
        for signal in signals {
            table.add(
                signal.kind, signal.severity.map { "\(Int($0))" } ?? "",
                signal.confidence.map { "\(Int($0))" } ?? "", moment(signal.expires))
        }
        return table.text(empty: "no signals")
    }

    private static func table(_ events: [Context.Event]) -> String {
        var table = Columns("EVENT", "ANSWER", "EFFECT", "WHAT", "WHERE")
        for event in events {
            let what = [event.protocol, event.operation, event.tool].compactMap { $0 }
            let place = [event.destination, event.resource].compactMap { $0 }
            table.add(
                moment(event.time), event.action, event.effect ?? "",
                what.joined(separator: " "), place.joined(separator: " "))
        }
        return table.text(empty: "no events")
    }
}
