// SPDX-License-Identifier: Apache-2.0

/// Trees and graphs.
enum WalkBuiltins {
    private static let edges = "object[any: any<array[any], set[any]>]"
    private static let nodes = "any<array[any], set[any]>"

    static let all: [Builtin] = [
        Builtin("walk", "any -> array<array[any], any>", .relation) {
            evaluation, operands throws(BuiltinError) in
            var walk = Walk(evaluation: evaluation, pairs: ValueStack(evaluation.arena))
            try walk.visit(operands[0], path: .emptyArray)
            return .array(sharing: walk.pairs.base, count: walk.pairs.count)
        },
        Builtin("graph.reachable", "\(edges), \(nodes) -> set[any]") {
            evaluation, operands throws(BuiltinError) in
            try reachable(operands.object(0), start(operands), evaluation)
        },
        Builtin("graph.reachable_paths", "\(edges), \(nodes) -> set[array[any]]") {
            evaluation, operands throws(BuiltinError) in
            let paths = CollectionBuilder.set(in: evaluation.arena)
            var search = PathSearch(
                graph: try operands.object(0), paths: paths, evaluation: evaluation)
            for node in try start(operands) { try search.start(at: node) }
            return paths.finish()
        },
    ]

    private static func start(_ operands: Operands) throws(BuiltinError) -> UnsafeBufferPointer<
        Value
    > {
        let initial = operands[1]
        guard initial.kind == .array || initial.kind == .set else {
            throw .operand(2, mustBe: "{array, set}", got: initial)
        }
        return initial.elements
    }

    /// The nodes of `graph` that lie on a way from the initial ones, which count themselves.
    private static func reachable(
        _ graph: Value, _ initial: UnsafeBufferPointer<Value>, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        let reached = CollectionBuilder.set(in: evaluation.arena)
        var open = ValueStack(evaluation.arena)
        for node in initial { open.push(node) }
        while open.count > 0 {
            open.count -= 1
            let node = open.base[open.count]
            let neighbours = graph[node]
            guard neighbours.isDefined, case .inserted = reached.insert(node) else { continue }
            guard neighbours.kind == .array || neighbours.kind == .set else { continue }
            for neighbour in neighbours.elements { open.push(neighbour) }
            guard !evaluation.arena.isExhausted else {
                throw BuiltinError(.limit, "graph exceeds the limit of memory")
            }
        }
        return reached.finish()
    }
}

/// All places in a value, each as `[path, value]`, in depth-first order.
private struct Walk {
    let evaluation: Evaluation
    var pairs: ValueStack

    mutating func visit(_ value: Value, path: Value) throws(BuiltinError) {
        let pair = try evaluation.values(2)
        pair[0] = path
        pair[1] = value
        pairs.push(.array(sharing: pair, count: 2))
        switch value.kind {
        case .array:
            for index in 0..<value.count {
                try visit(value.elements[index], path: append(.integer(index), to: path))
            }
        case .object:
            for index in 0..<value.count {
                try visit(value.values[index], path: append(value.keys[index], to: path))
            }
        case .set:
            for element in value.elements { try visit(element, path: append(element, to: path)) }
        default: break
        }
    }

    private func append(_ key: Value, to path: Value) throws(BuiltinError) -> Value {
        let longer = try evaluation.values(path.count + 1)
        for index in 0..<path.count { longer[index] = path.elements[index] }
        longer[path.count] = key
        return .array(sharing: longer, count: path.count + 1)
    }
}

/// `graph.reachable_paths`: every way from a node until it ends, leaves the graph or would close a
/// circle. There can be exponentially many, so its steps are counted.
private struct PathSearch {
    private static let stepLimit = 1_000_000
    private static let depthLimit = 512

    let graph: Value
    let paths: CollectionBuilder
    let evaluation: Evaluation
    private var path: [Value] = []
    private var steps = 0

    init(graph: Value, paths: CollectionBuilder, evaluation: Evaluation) {
        self.graph = graph
        self.paths = paths
        self.evaluation = evaluation
    }

    mutating func start(at node: Value) throws(BuiltinError) {
        guard graph[node].isDefined else { return }
        try follow(node)
    }

    private mutating func follow(_ node: Value) throws(BuiltinError) {
        steps += path.count + 1
        guard steps <= Self.stepLimit, path.count < Self.depthLimit, !evaluation.arena.isExhausted
        else {
            throw BuiltinError(.limit, "paths of the graph exceed the limit")
        }
        let neighbours = graph[node]
        guard neighbours.isDefined else { return commit() }
        path.append(node)
        defer { path.removeLast() }
        let isList = neighbours.kind == .array || neighbours.kind == .set
        guard isList, neighbours.count > 0 else { return commit() }
        for neighbour in neighbours.elements {
            // As in OPA the first node of a path may follow itself once.
            if path.count > 1, path.contains(where: { $0.isEqual(to: neighbour) }) {
                commit()
            } else {
                try follow(neighbour)
            }
        }
    }

    private func commit() { paths.insert(evaluation.arena.array(path)) }
}
