// SPDX-License-Identifier: Apache-2.0

/// Finds what was probably meant.
enum Suggestion {
    /// The candidate with the fewest changes, if they are few enough to be a slip.
    static func closest(to word: String, among candidates: [String]) -> String? {
        let limit = max(1, word.count / 3)
        return candidates.map { (distance($0, word), $0) }.filter { $0.0 <= limit }.min { $0 < $1 }?
            .1
    }

    /// Changes (insert, delete, replace, swap neighbours) that make one word the other.
    static func distance(_ left: String, _ right: String) -> Int {
        let a = Array(left.utf8)
        let b = Array(right.utf8)
        guard a.count <= 64, b.count <= 64 else { return .max }
        var before: [Int] = []
        var previous = Array(0...b.count)
        for row in 0..<a.count {
            var current = [row + 1]
            for column in 0..<b.count {
                let replaced = previous[column] + (a[row] == b[column] ? 0 : 1)
                var best = min(replaced, previous[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, a[row] == b[column - 1], a[row - 1] == b[column] {
                    best = min(best, before[column - 1] + 1)
                }
                current.append(best)
            }
            before = previous
            previous = current
        }
        return previous[b.count]
    }
}
