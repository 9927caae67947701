// SPDX-License-Identifier: Apache-2.0
import RegoVM

/// Follows an instrumented evaluation and hands each event to whoever asked for it.
///
/// It keeps the rules and expressions that are open. Bodies that are left early say nothing: what
/// they leave open is dropped as soon as something around it goes on.
final class EvaluationRecorder: MachineObserver {
    private struct Open {
        let point: Int
        /// Calls around it.
        let depth: Int
        /// The query that it belongs to.
        let query: Int
        /// The query of a body within it; 0 while there was none.
        var inner = 0
        /// It holds, and what follows it is evaluated.
        var holds = false
        var hasHeld = false
    }

    let points: [Program.Point]
    private let profile: Profile?
    private let coverage: Coverage?
    private let trace: Trace?
    private var open: [Open] = []
    private var queries = 0

    init(_ points: [Program.Point], profile: Profile?, coverage: Coverage?, trace: Trace?) {
        self.points = points
        self.profile = profile
        self.coverage = coverage
        self.trace = trace
    }

    func observe(_ moment: Moment, point: Int, depth: Int) {
        let isExpression = if case .expression = points[point].subject { true } else { false }
        guard moment != .begin else {
            return isExpression ? beginExpression(point, depth) : beginBody(point, depth)
        }
        guard let place = open.lastIndex(where: { $0.point == point }) else { return }
        open.removeSubrange((place + 1)...)
        switch moment {
        case .begin: break
        case .holds:
            open[place].holds = true
            open[place].hasHeld = true
            if !isExpression {
                coverage?.exit(point)
                record(.exit, place)
            }
        case .again:
            open[place].holds = false
            record(.redo, place)
            if isExpression { profile?.again(point) }
        case .end:
            if !open[place].hasHeld { record(.fail, place) }
            open.removeLast()
        }
    }

    /// A message of `trace`.
    func note(_ message: String) {
        guard let last = open.last(where: { !$0.holds }) ?? open.last else { return }
        trace?.record(.note, last.point, query: last.query, in: parent(of: last), message)
    }

    private func beginBody(_ point: Int, _ depth: Int) {
        while let last = open.last, last.depth >= depth { open.removeLast() }
        let around = enclosingQuery(depth)
        queries += 1
        open.append(Open(point: point, depth: depth, query: queries))
        trace?.record(.enter, point, query: queries, in: around)
    }

    private func beginExpression(_ point: Int, _ depth: Int) {
        while let last = open.last, last.depth > depth { open.removeLast() }
        // An earlier round of a loop may have left it open.
        if let place = open.lastIndex(where: { $0.point == point }) {
            open.removeSubrange(place...)
        }
        open.append(Open(point: point, depth: depth, query: enclosingQuery(depth)))
        record(.eval, open.count - 1)
        coverage?.eval(point)
        profile?.begin(point)
    }

    /// The query that what begins now belongs to: that of the body it stands in.
    private func enclosingQuery(_ depth: Int) -> Int {
        guard let place = open.lastIndex(where: { !isExpression($0.point) || !$0.holds }) else {
            return 0
        }
        guard isExpression(open[place].point), open[place].depth == depth else {
            return open[place].query
        }
        // A body within an expression, such as a comprehension's.
        if open[place].inner == 0 {
            queries += 1
            open[place].inner = queries
            trace?.nest(queries, in: open[place].query)
        }
        return open[place].inner
    }

    private func isExpression(_ point: Int) -> Bool {
        if case .expression = points[point].subject { true } else { false }
    }

    private func parent(of entry: Open) -> Int {
        open.last { $0.query != entry.query && $0.point != entry.point }?.query ?? 0
    }

    private func record(_ operation: Trace.Operation, _ place: Int) {
        trace?.record(operation, open[place].point, query: open[place].query, in: nil)
    }
}
