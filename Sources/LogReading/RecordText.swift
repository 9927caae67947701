// SPDX-License-Identifier: Apache-2.0
import RegoVM

/// Records for people.
public struct RecordText {
    private let isColored: Bool

    /// - Parameter isColored: whether outcomes have colors, by ANSI escapes.
    public init(isColored: Bool) { self.isColored = isColored }

    /// One line: index, time, outcome, agent, what it did, why, id.
    public func line(_ record: Record) -> String {
        let head = left("\(record.index)", 8) + "  " + time(record) + "  "
        guard record.isDecision else {
            return head + right(record.kind, 8) + "  " + other(record) + "\n"
        }
        let outcome = record.outcome
        let agent = printable(record.agent) ?? "-"
        let reasons = record.reasons.compactMap { printable($0) }.joined(separator: ",")
        let parts = [
            right(agent, 40), right(action(record), 48), right(reasons.isEmpty ? "-" : reasons, 24),
            printable(record.id) ?? "-",
        ]
        return head + colored(right(outcome, 8), outcome) + "  "
            + parts.joined(separator: "  ") + "\n"
    }

    /// Several lines with what matters first, without JSON.
    ///
    /// - Parameter origin: the log's name.
    public func summary(_ record: Record, origin: String, leaf: String) -> String {
        var lines: [(String, String)] = [
            ("entry", "\(record.index) of `\(origin)`"),
            ("time", printable(record.time) ?? "-"), ("kind", record.kind),
        ]
        func add(_ name: String, _ text: String?) {
            if let text, !text.isEmpty { lines.append((name, text)) }
        }
        add("id", printable(record.id))
        if record.isDecision {
            let outcome = record.outcome
            add("answer", colored(outcome, outcome) + status(record))
            for reason in record.json["answer"]["reasons"].elements {
                let message = printable(reason["message"]).map { ": \($0)" } ?? ""
                add("reason", (printable(reason["code"]) ?? "") + message)
            }
        }
        let provenance = printable(record.json["agent"]["provenance"]).map { " (\($0))" } ?? ""
        add("agent", printable(record.agent).map { $0 + provenance })
        if record.isDecision { add("action", action(record)) }
        let request = record.json["request"]
        add(
            "request",
            [request["method"], request["host"], request["path"]].compactMap { printable($0) }
                .joined(separator: " "))
        let policy = record.json["policy"]
        add(
            "policy",
            [policy["entrypoint"], policy["revision"]].compactMap { printable($0) }
                .joined(separator: ", revision "))
        add("leaf", leaf)
        return lines.map { right($0.0, 8) + "  " + $0.1 + "\n" }.joined()
    }

    /// `mcp tools/call read_file -> tools.acme.example:443`
    public func action(_ record: Record) -> String {
        let action = record.json["action"]
        var words = [action["protocol"], action["operation"], action["tool"]].compactMap {
            printable($0)
        }
        if action["operation"].isUndefined, action["tool"].isUndefined {
            words += [record.json["request"]["method"]].compactMap { printable($0) }
        }
        if let host = printable(record.destination) {
            let port = action["destination"]["port"].asInteger.map { ":\($0)" } ?? ""
            words += ["->", host + port]
        }
        return words.joined(separator: " ")
    }

    private func status(_ record: Record) -> String {
        let risk = record.json["answer"]["risk"].asInteger.map { ", risk \($0)" } ?? ""
        let status = record.json["answer"]["http_status"].asInteger.map { ", HTTP \($0)" } ?? ""
        return risk + status
    }

    /// What a record of another kind says, cut short.
    private func other(_ record: Record) -> String {
        guard record.json.isDefined else { return "(not a record: \(record.bytes.count) bytes)" }
        if record.kind == "loss" { return loss(record.json["loss"]) }
        let known: Set<String> = ["v", "kind", "time", "id", "decision_id"]
        var words: [String] = []
        for (key, value) in zip(record.json.keys, record.json.values) {
            guard let name = key.asString, !known.contains(name) else { continue }
            let text = printable(value) ?? value.description
            words.append("\(name)=\(text.prefix(ReadingLimits.lineText))")
        }
        return words.joined(separator: " ") + "  " + (printable(record.id) ?? "-")
    }

    private func loss(_ loss: Value) -> String {
        let count = loss["decisions"].asInteger ?? 0
        let early = loss["early"].asInteger ?? 0
        let reasons = loss["reasons"].elements.compactMap { printable($0["code"]) }
        return "\(count) decisions not recorded, \(early) answered early, from "
            + "\(printable(loss["from"]) ?? "?") to \(printable(loss["to"]) ?? "?"): "
            + reasons.joined(separator: ",")
    }

    /// To the millisecond.
    private func time(_ record: Record) -> String {
        guard let text = printable(record.time), text.utf8.count == 30 else { return left("-", 24) }
        return String(text.dropLast(7)) + "Z"
    }

    /// A string without what would move a terminal's cursor; nil for what is no string or empty.
    private func printable(_ value: Value) -> String? {
        guard let text = value.asString, !text.isEmpty else { return nil }
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        return String(
            String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) ? "\u{FFFD}" : $0 }))
    }

    private func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .control
            || scalar.properties.generalCategory == .format
    }

    private func colored(_ text: String, _ outcome: String) -> String {
        guard isColored else { return text }
        let color =
            switch outcome {
            case "allow": 32
            case "require_approval", "restrict": 33
            default: 31
            }
        return "\u{1B}[\(color)m\(text)\u{1B}[0m"
    }

    private func right(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private func left(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
