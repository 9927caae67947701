// SPDX-License-Identifier: Apache-2.0

/// The "Did you mean" behind messages.
enum GraphQLSuggestion {
    private static let maximum = 5

    /// ` Did you mean "a", "b", or "c"?`, or nothing.
    static func quoted(_ start: String, _ typed: String, _ options: [String]) -> String {
        sentence(start, similar(typed, options).map { "\"\($0)\"" })
    }

    static func plain(_ start: String, _ typed: String, _ options: [String]) -> String {
        sentence(start, similar(typed, options))
    }

    private static func sentence(_ start: String, _ options: [String]) -> String {
        options.isEmpty ? "" : " \(start) \(list(options))?"
    }

    static func list(_ items: [String]) -> String {
        let items = items.prefix(maximum)
        guard items.count > 1, let last = items.last else { return items.first ?? "" }
        if items.count == 2 { return "\(items[0]) or \(last)" }
        return items.dropLast().joined(separator: ", ") + ", or \(last)"
    }

    private static func similar(_ typed: String, _ options: [String]) -> [String] {
        let typedBytes = Array(typed.lowercased().utf8)
        guard typedBytes.count <= Limits.graphQLSuggestionBytes else { return [] }
        var found: [(option: String, distance: Int)] = []
        for option in options.prefix(Limits.graphQLSuggestionOptions)
        where option.utf8.count <= Limits.graphQLSuggestionBytes {
            let bytes = Array(option.lowercased().utf8)
            let limit = max(typedBytes.count / 2, bytes.count / 2, 1)
            let distance =
                option == typed ? 0 : bytes == typedBytes ? 1 : distance(typedBytes, bytes)
            if distance <= limit { found.append((option, distance)) }
        }
        return found.sorted { ($0.distance, $0.option) < ($1.distance, $1.option) }.map(\.option)
    }

    /// Edits between two words: insertions, deletions, substitutions and swaps of neighbours.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var rows = [Array(0...right.count)]
        for (index, byte) in left.enumerated() {
            var row = [index + 1]
            for (column, other) in right.enumerated() {
                let cost = byte == other ? 0 : 1
                var best = min(
                    rows[index][column + 1] + 1, row[column] + 1, rows[index][column] + cost)
                if index > 0, column > 0, byte == right[column - 1], left[index - 1] == other {
                    best = min(best, rows[index - 1][column - 1] + cost)
                }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[left.count][right.count]
    }
}
