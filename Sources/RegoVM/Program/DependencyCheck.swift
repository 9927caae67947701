// SPDX-License-Identifier: Apache-2.0

/// Checks that no function, rule or virtual document depends on itself.
///
/// Two ways are open until the program runs, and end at the machine's call depth: what stands in
/// for a function under `with`, and the child of a node whose key is computed.
struct DependencyCheck {
    let program: Program
    /// What each function, and behind them each node, depends on.
    private var edges: [[Int32]] = []

    init(_ program: Program) {
        self.program = program
        edges.reserveCapacity(program.functions.count + program.nodes.count)
        for function in program.functions { edges.append(dependencies(of: function)) }
        for node in program.nodes { edges.append(node.children.map { vertex($0.child) }) }
    }

    private func vertex(_ child: Program.Node.Child) -> Int32 {
        switch child {
        case .rule(let index): Int32(program.rules[index].function)
        case .node(let index): Int32(program.functions.count + index)
        }
    }

    private func dependencies(of function: Program.Function) -> [Int32] {
        var result: [Int32] = []
        for i in function.instructions {
            switch i.opcode {
            case .call, .callRemembered, .callReplaceable: result.append(i.b)
            case .rule, .ruleReplaceable: result.append(vertex(.rule(Int(i.b))))
            case .node: result.append(vertex(.node(Int(i.b))))
            default: break
            }
        }
        return result
    }

    /// Depth-first search without recursion: a vertex met again while it is open closes a circle.
    func check() throws(VerificationError) {
        enum Mark { case new, open, done }
        var marks = [Mark](repeating: .new, count: edges.count)
        var path: [(vertex: Int, next: Int)] = []
        for start in edges.indices where marks[start] == .new {
            marks[start] = .open
            path.append((start, 0))
            while let (vertex, next) = path.last {
                guard next < edges[vertex].count else {
                    marks[vertex] = .done
                    path.removeLast()
                    continue
                }
                path[path.count - 1].next += 1
                let other = Int(edges[vertex][next])
                if marks[other] == .open { throw circle(through: other) }
                guard marks[other] == .new else { continue }
                marks[other] = .open
                path.append((other, 0))
            }
        }
    }

    private func circle(through vertex: Int) -> VerificationError {
        guard vertex < program.functions.count else {
            return VerificationError(.recursion, "a virtual document depends on itself")
        }
        return VerificationError(
            .recursion, "the function depends on itself", function: program.functions[vertex].name)
    }
}
