// SPDX-License-Identifier: Apache-2.0
import RegoVM

/// Time and counts by line, as OPA's profiler gives them.
///
/// An expression's time ends where the next one begins: what it calls is not counted to it.
final class Profile {
    enum Order: String, CaseIterable {
        case time = "total_time_ns"
        case evaluations = "num_eval"
        case redos = "num_redo"
        case expressions = "num_gen_expr"
        case file
        case line
    }

    struct Line {
        let position: Program.Position
        var nanoseconds: UInt64 = 0
        var evaluations = 0
        var redos = 0
        /// Expressions of the line that were evaluated.
        var expressions = 0
    }

    private struct Count {
        var nanoseconds: UInt64 = 0
        var evaluations = 0
        var redos = 0
    }

    private let clock = ContinuousClock()
    private var counts: [Int: Count] = [:]
    private var current: (point: Int, since: ContinuousClock.Instant)?

    func begin(_ point: Int) {
        turn(to: point)
        counts[point, default: Count()].evaluations += 1
    }

    func again(_ point: Int) {
        turn(to: point)
        counts[point, default: Count()].redos += 1
    }

    /// The evaluation is over.
    func stop() {
        charge()
        current = nil
    }

    private func turn(to point: Int) {
        charge()
        current = (point, clock.now)
    }

    private func charge() {
        guard let current else { return }
        counts[current.point, default: Count()].nanoseconds +=
            (clock.now - current.since).nanoseconds
    }

    /// Lines by these orders, the first one first; by time when there are none. Numbers fall,
    /// files and lines rise.
    ///
    /// - Parameter name: of a file, for the order `file`.
    func lines(
        _ points: [Program.Point], by orders: [Order], name: (Int32) -> String
    ) -> [Line] {
        struct Key: Hashable {
            let file: Int32
            let row: Int32
        }
        var lines: [Key: Line] = [:]
        for (point, count) in counts.sorted(by: { $0.key < $1.key }) {
            let position = points[point].position
            let key = Key(file: position.file, row: position.row)
            var line = lines[key] ?? Line(position: position)
            line.nanoseconds += count.nanoseconds
            line.evaluations += count.evaluations
            line.redos += count.redos
            line.expressions += 1
            lines[key] = line
        }
        // What decides when all that was asked for is equal.
        let orders =
            (orders.isEmpty ? [.time, .evaluations, .redos, .expressions] : orders)
            + [.file, .line]
        return lines.values.sorted { left, right in
            for order in orders {
                let (first, second) = Self.compared(left, right, order, name)
                if first != second { return first }
            }
            return false
        }
    }

    /// Whether the left line is before the right one, and the other way round.
    private static func compared(
        _ left: Line, _ right: Line, _ order: Order, _ name: (Int32) -> String
    ) -> (Bool, Bool) {
        func falling<T: Comparable>(_ a: T, _ b: T) -> (Bool, Bool) { (a > b, b > a) }
        switch order {
        case .time: return falling(left.nanoseconds, right.nanoseconds)
        case .evaluations: return falling(left.evaluations, right.evaluations)
        case .redos: return falling(left.redos, right.redos)
        case .expressions: return falling(left.expressions, right.expressions)
        case .file: return falling(name(right.position.file), name(left.position.file))
        case .line: return falling(right.position.row, left.position.row)
        }
    }
}

extension Duration {
    /// Never negative here.
    var nanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        return UInt64(clamping: seconds) * 1_000_000_000
            + UInt64(clamping: attoseconds / 1_000_000_000)
    }
}
