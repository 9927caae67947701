// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// A number that only grows.
public struct Counter: Sendable {
    let cell: Int
}

/// How often values fell into ranges.
public struct Histogram: @unchecked Sendable {
    let cell: Int
    /// Upper bounds, ascending; owned by the registry's process-long memory.
    let bounds: UnsafePointer<UInt64>
    let count: Int
}

/// All metrics of the program. They are defined first; then each thread asks for its cells.
public final class MetricRegistry: Sendable {
    struct Definition: Sendable {
        enum Kind: Sendable {
            case counter(cell: Int)
            /// - scale: what values are divided by when they are shown.
            case histogram(cell: Int, bounds: [UInt64], scale: Double)
            case gauge(@Sendable () -> Double)
            case reading(@Sendable () -> UInt64)
        }
        let name: String
        let help: String
        let labels: [(name: String, value: String)]
        let kind: Kind
    }

    struct State: Sendable {
        var definitions: [Definition] = []
        var cells = 0
        var threads: [MetricCells] = []
    }

    private let state = Mutex(State())

    public init() {}

    /// - Parameter name: as Prometheus wants it, ending in `_total`.
    public func counter(
        _ name: String, _ help: String, labels: [(String, String)] = []
    ) -> Counter {
        state.withLock { state in
            let cell = state.reserve(1)
            state.define(name, help, labels, .counter(cell: cell))
            return Counter(cell: cell)
        }
    }

    /// - Parameters:
    ///   - bounds: upper bounds of the ranges, ascending; one more range has none.
    ///   - scale: what values are divided by when they are shown: nanoseconds become seconds.
    public func histogram(
        _ name: String, _ help: String, labels: [(String, String)] = [], bounds: [UInt64],
        scale: Double = 1_000_000_000
    ) -> Histogram {
        state.withLock { state in
            let cell = state.reserve(bounds.count + 2)
            state.define(name, help, labels, .histogram(cell: cell, bounds: bounds, scale: scale))
            // Definitions live as long as the program, and so does this.
            let memory = UnsafeMutablePointer<UInt64>.allocate(capacity: max(1, bounds.count))
            for (index, bound) in bounds.enumerated() { memory[index] = bound }
            return Histogram(cell: cell, bounds: memory, count: bounds.count)
        }
    }

    /// A counter that is kept elsewhere, and asked for when metrics are read.
    public func counter(
        _ name: String, _ help: String, labels: [(String, String)] = [],
        reading: @escaping @Sendable () -> UInt64
    ) {
        state.withLock { $0.define(name, help, labels, .reading(reading)) }
    }

    /// A value that is asked for when metrics are read.
    public func gauge(
        _ name: String, _ help: String, labels: [(String, String)] = [],
        _ read: @escaping @Sendable () -> Double
    ) {
        state.withLock { $0.define(name, help, labels, .gauge(read)) }
    }

    /// Cells of one thread, for all metrics defined so far.
    public func makeCells() -> MetricCells {
        state.withLock { state in
            let cells = MetricCells(count: state.cells)
            state.threads.append(cells)
            return cells
        }
    }

    func snapshot() -> (definitions: [Definition], sums: [UInt64]) {
        state.withLock { state in
            var sums = [UInt64](repeating: 0, count: state.cells)
            for thread in state.threads {
                for index in 0..<thread.count { sums[index] &+= thread.load(index) }
            }
            return (state.definitions, sums)
        }
    }
}

extension MetricRegistry.State {
    mutating func reserve(_ count: Int) -> Int {
        defer { cells += count }
        return cells
    }

    mutating func define(
        _ name: String, _ help: String, _ labels: [(String, String)],
        _ kind: MetricRegistry.Definition.Kind
    ) {
        definitions.append(
            .init(name: name, help: help, labels: labels.map { (name: $0, value: $1) }, kind: kind))
    }
}

/// The numbers of one thread. Only that thread writes them, so counting is a load and a store;
/// whoever reads metrics may be a moment behind.
public final class MetricCells: @unchecked Sendable {
    private let memory: UnsafeMutablePointer<Atomic<UInt64>>
    let count: Int

    init(count: Int) {
        self.count = count
        memory = .allocate(capacity: max(1, count))
        for index in 0..<count { (memory + index).initialize(to: Atomic(0)) }
    }

    deinit {
        memory.deinitialize(count: count)
        memory.deallocate()
    }

    public func add(_ counter: Counter, _ amount: UInt64 = 1) { add(counter.cell, amount) }

    public func observe(_ histogram: Histogram, _ value: UInt64) {
        var range = 0
        while range < histogram.count, value > histogram.bounds[range] { range += 1 }
        add(histogram.cell + range, 1)
        add(histogram.cell + histogram.count + 1, value)
    }

    private func add(_ cell: Int, _ amount: UInt64) {
        precondition(cell < count, "metric defined after the thread got its cells")
        memory[cell].store(memory[cell].load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }

    func load(_ cell: Int) -> UInt64 { memory[cell].load(ordering: .relaxed) }
}
