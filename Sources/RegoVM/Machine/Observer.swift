// SPDX-License-Identifier: Apache-2.0

/// Hears what an instrumented program does (`Compiler.Options.instruments`).
public protocol MachineObserver: AnyObject {
    /// - Parameters:
    ///   - point: index into `Program.points`.
    ///   - depth: calls around the point, so that an observer sees which of them have returned.
    func observe(_ moment: Moment, point: Int, depth: Int)
}

/// What happens at a point. `end` is left out where evaluation leaves a body early.
public enum Moment: Int, Sendable {
    /// Evaluation of the rule, query or expression begins.
    case begin
    /// It has a solution, and what follows is evaluated.
    case holds
    /// Another solution is looked for.
    case again
    /// There is none, or no further one.
    case end
}

extension Program {
    /// A place in a source that an instrumented program tells of.
    public struct Point: Sendable {
        public enum Subject: Sendable {
            case query
            /// The clause of a rule with this path, e.g. `data.a.p`.
            case rule(String)
            case expression
        }

        public var subject: Subject
        public var position: Position
        /// Offsets in the source's bytes of the first byte and of the one behind the last.
        public var start: Int32
        public var end: Int32

        public init(_ subject: Subject, _ position: Position, start: Int32, end: Int32) {
            self.subject = subject
            self.position = position
            self.start = start
            self.end = end
        }
    }
}

extension Machine {
    /// Apart from the interpreter's loop, which must not grow by it.
    @inline(never)
    func observe(_ moment: Int, _ point: Int) {
        guard let observer, let moment = Moment(rawValue: moment) else { return }
        observer.observe(moment, point: point, depth: depth)
    }
}
