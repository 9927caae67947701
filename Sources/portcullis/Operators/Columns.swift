// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Text from elsewhere, such as the ids that agents gave themselves, made safe for a terminal.
enum PlainText {
    /// Control characters, and those that change the order of what is read, become `?`.
    static func clean(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: result.append("?")
            default: result.append(scalar)
            }
        }
        return String(result)
    }
}

/// Columns for people, as wide as what stands in them.
struct Columns {
    private var rows: [[String]]

    init(_ titles: String...) { rows = [titles] }

    mutating func add(_ cells: String...) { rows.append(cells.map { PlainText.clean($0) }) }

    /// - Parameter empty: what is said when there are no rows.
    func text(empty: String) -> String {
        guard rows.count > 1 else { return empty + "\n" }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                line += cell + String(repeating: " ", count: widths[column] - cell.count + 2)
            }
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }

    /// `name:  value` lines, for one thing.
    static func facts(_ facts: [(name: String, value: String)]) -> String {
        let width = facts.map(\.name.count).max() ?? 0
        return facts.filter { !$0.value.isEmpty }.map { name, value in
            let gap = String(repeating: " ", count: width - name.count + 2)
            return "\(name):\(gap)\(PlainText.clean(value))\n"
        }.joined()
    }
}

/// Moments as people read them.
enum RelativeTime {
    /// `in 9m`, `3h ago`; the text itself when it is no moment.
    static func text(_ moment: String, now: Date = Date()) -> String {
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        guard let date = formatter.date(from: moment) else { return moment }
        return Self.text(seconds: date.timeIntervalSince(now))
    }

    static func text(seconds: Double) -> String {
        let text = length(abs(seconds))
        return seconds > 0 ? "in \(text)" : "\(text) ago"
    }

    /// The largest unit that fits, rounded down.
    static func length(_ seconds: Double) -> String {
        for (unit, size) in [("d", 86_400.0), ("h", 3600), ("m", 60)] where seconds >= size {
            return "\(Int(min(seconds / size, 1e9)))\(unit)"
        }
        return "\(Int(seconds))s"
    }
}
