// SPDX-License-Identifier: Apache-2.0
import RegoVM

/// Which lines of the policies were evaluated: expressions that were tried, and heads of rules
/// that held.
final class Coverage {
    struct FileReport {
        var covered: [ClosedRange<Int>]
        var notCovered: [ClosedRange<Int>]

        var coveredLines: Int { covered.reduce(0) { $0 + $1.count } }
        var notCoveredLines: Int { notCovered.reduce(0) { $0 + $1.count } }
    }

    struct Report {
        /// By the sources' numbers.
        var files: [Int32: FileReport]

        var coveredLines: Int { files.values.reduce(0) { $0 + $1.coveredLines } }
        var notCoveredLines: Int { files.values.reduce(0) { $0 + $1.notCoveredLines } }
    }

    private var hits: Set<Int> = []

    func eval(_ point: Int) { hits.insert(point) }
    func exit(_ point: Int) { hits.insert(point) }

    /// - Parameter fileCount: sources behind that many (the query) are left out.
    func report(_ points: [Program.Point], fileCount: Int) -> Report {
        var hit: [Int32: Set<Int>] = [:]
        var missed: [Int32: Set<Int>] = [:]
        for (index, point) in points.enumerated() {
            let position = point.position
            guard position.file >= 0, Int(position.file) < fileCount, position.row > 0 else {
                continue
            }
            if hits.contains(index) {
                hit[position.file, default: []].insert(Int(position.row))
            } else {
                missed[position.file, default: []].insert(Int(position.row))
            }
        }
        var files: [Int32: FileReport] = [:]
        for file in Set(hit.keys).union(missed.keys) {
            let covered = hit[file] ?? []
            files[file] = FileReport(
                covered: Self.ranges(covered),
                notCovered: Self.ranges((missed[file] ?? []).subtracting(covered)))
        }
        return Report(files: files)
    }

    /// Neighbouring rows joined, in their order.
    private static func ranges(_ rows: Set<Int>) -> [ClosedRange<Int>] {
        var ranges: [ClosedRange<Int>] = []
        for row in rows.sorted() {
            if let last = ranges.last, last.upperBound + 1 == row {
                ranges[ranges.count - 1] = last.lowerBound...row
            } else {
                ranges.append(row...row)
            }
        }
        return ranges
    }

    /// Of all lines, in percent with at most two digits behind the point.
    static func percentage(_ covered: Int, _ notCovered: Int) -> Double {
        let lines = covered + notCovered
        guard lines > 0 else { return 0 }
        return (Double(covered) * 10_000 / Double(lines)).rounded() / 100
    }
}
