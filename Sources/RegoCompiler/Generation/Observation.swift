// SPDX-License-Identifier: Apache-2.0

import RegoVM

/// What is told at a place where the code comes back to an expression.
struct Observation {
    let moment: Moment
    let point: Int
    /// Where the code goes on.
    let next: Emitter.Label
}

/// Instruments: nothing here emits code unless `Compiler.Options.instruments` is set.
extension FunctionGenerator {
    /// Tells that an expression begins, and sees to it that its end is told when it has no
    /// (further) solution. Nil for an expression that is not observed.
    mutating func beginObserving(_ expression: Expression) -> Int? {
        let isPart = isInner
        isInner = false
        let location = expression.location
        // What the compiler or the caller added has no text.
        guard builder.instruments, !isPart, location.end > location.start else { return nil }
        if case .someVariables = expression.kind { return nil }
        let point = self.point(.expression, location)
        observe(.begin, point)
        follow(.end, point)
        return point
    }

    /// Tells that an expression holds, and that the code comes back to it when what follows wants
    /// another solution.
    mutating func endObserving(_ point: Int) {
        observe(.holds, point)
        follow(.again, point)
    }

    /// From here on a failure tells of `moment` before it goes where it would have gone.
    private mutating func follow(_ moment: Moment, _ point: Int) {
        let label = emitter.label()
        loops.append(
            Loop(
                iterator: 0, body: label, next: label,
                observation: Observation(moment: moment, point: point, next: fail)))
        fail = label
    }

    /// The code of an `Observation`, at its label.
    mutating func tell(_ observation: Observation) {
        observe(observation.moment, observation.point)
        emitter.emit(.jump, to: observation.next)
    }

    mutating func observe(_ moment: Moment, _ point: Int?) {
        guard let point else { return }
        emitter.emit(.observe, a: moment.rawValue, b: point)
    }

    /// Tells that a clause begins.
    mutating func observe(rule group: RuleGroup, at location: Location) -> Int? {
        guard builder.instruments else { return nil }
        let point = self.point(.rule((["data"] + group.path).joined(separator: ".")), location)
        observe(.begin, point)
        return point
    }

    mutating func observeQuery(_ clause: ResolvedClause) -> Int? {
        guard builder.instruments, var location = clause.body.first?.location else { return nil }
        for expression in clause.body {
            location.start = min(location.start, expression.location.start)
            location.end = max(location.end, expression.location.end)
        }
        let point = self.point(.query, location)
        observe(.begin, point)
        return point
    }

    private func point(_ subject: Program.Point.Subject, _ location: Location) -> Int {
        let position = Program.Position(
            file: location.file, row: location.row, column: location.column)
        builder.program.points.append(
            .init(subject, position, start: location.start, end: location.end))
        return builder.program.points.count - 1
    }
}
