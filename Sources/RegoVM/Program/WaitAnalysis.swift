// SPDX-License-Identifier: Apache-2.0

/// Which parts of a program may wait for a network: those from which a builtin with the trait
/// `mayWait` can be reached, whatever `with` puts in its place.
public struct WaitAnalysis {
    private let program: Program
    /// Functions, and behind them nodes.
    private var waits: [Bool]

    public init(_ program: Program) {
        self.program = program
        waits = [Bool](repeating: false, count: program.functions.count + program.nodes.count)
        guard program.mayWait else { return }
        var callers = [[Int32]](repeating: [], count: waits.count)
        var found: [Int] = []
        for (index, function) in program.functions.enumerated() {
            var isDirect = false
            for instruction in function.instructions {
                for target in targets(of: instruction) {
                    switch target {
                    case .vertex(let other): callers[other].append(Int32(index))
                    case .wait: isDirect = true
                    }
                }
            }
            if isDirect { found.append(index) }
        }
        for (index, node) in program.nodes.enumerated() {
            for child in node.children {
                callers[vertex(child.child)].append(Int32(program.functions.count + index))
            }
        }
        while let vertex = found.popLast() {
            if waits[vertex] { continue }
            waits[vertex] = true
            for caller in callers[vertex] where !waits[Int(caller)] { found.append(Int(caller)) }
        }
    }

    /// True when evaluating `entrypoint` may wait.
    public func mayWait(_ entrypoint: Program.Entrypoint) -> Bool {
        switch entrypoint {
        case .rule(let index): waits[vertex(.rule(index))]
        case .node(let index): waits[vertex(.node(index))]
        }
    }

    // MARK: Edges

    private enum Target {
        case vertex(Int)
        /// A builtin that may wait.
        case wait
    }

    private func targets(of i: Instruction) -> [Target] {
        let b = Int(i.b)
        switch i.opcode {
        case .call, .callRemembered, .callReplaceable: return [.vertex(b)]
        case .rule, .ruleReplaceable, .testRule: return [.vertex(vertex(.rule(b)))]
        case .node, .nodeChild, .nodePath: return [.vertex(vertex(.node(b)))]
        case .builtin, .builtinReplaceable: return target(of: .builtin(b)).map { [$0] } ?? []
        case .pushScope: return program.scopes[b].replacements.compactMap(replacing)
        default: return []
        }
    }

    private func replacing(_ replacement: Program.ScopeTemplate.Replacement) -> Target? {
        guard case .function(_, by: let callee) = replacement else { return nil }
        return target(of: callee)
    }

    private func target(of callee: Program.Callee) -> Target? {
        switch callee {
        case .function(let index): .vertex(index)
        case .builtin(let index):
            BuiltinTable.all[index].traits.contains(.mayWait) ? .wait : nil
        }
    }

    private func vertex(_ child: Program.Node.Child) -> Int {
        switch child {
        case .rule(let index): program.rules[index].function
        case .node(let index): program.functions.count + index
        }
    }
}
