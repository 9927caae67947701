// SPDX-License-Identifier: Apache-2.0

/// The rules of a program that depend on nothing but the data and a few paths of `input`, the key:
/// what such a rule gave for a key it gives again, in any later decision.
///
/// With the caller's id as the key, what a policy derives from roles and permissions is evaluated
/// once for each caller and not once for each request. Immutable; shared by all threads.
public final class KeyedRules: @unchecked Sendable {
    /// Indices into the program's `inputPaths`.
    let paths: UnsafeMutableBufferPointer<Int>
    /// The place of each rule among those that are kept; -1 for all others.
    let places: UnsafeMutablePointer<Int32>
    /// How many rules are kept.
    let count: Int

    /// - Parameters:
    ///   - key: paths under `input`, without the leading `input`.
    ///   - excluded: rules that have to be evaluated in each decision that needs them.
    public init(_ program: Program, key: [[Value]], excluded: Set<Int> = []) {
        let found = program.inputPaths.indices.filter { key.contains(program.inputPaths[$0]) }
        paths = .allocate(capacity: found.count)
        _ = paths.initialize(from: found)
        places = .allocate(capacity: max(1, program.rules.count))
        let reach = RuleReach(program, key: Set(found), excluded: excluded)
        var count = 0
        for index in program.rules.indices {
            let isKept = count < Limits.keyedRules && reach.isKeyed(rule: index)
            (places + index).initialize(to: isKept ? Int32(count) : -1)
            if isKept { count += 1 }
        }
        self.count = count
    }

    deinit {
        paths.deallocate()
        places.deallocate()
    }
}

/// What evaluating a rule may come to.
private struct RuleReach {
    private let program: Program
    private let key: Set<Int>
    // By function, and behind them by node.
    private var callers: [[Int]]
    /// It sees something besides the data and the key, or must be evaluated itself.
    private var isOpen: [Bool]
    /// It goes through a collection: only then is keeping its value worth a look-up.
    private var loops: [Bool]

    init(_ program: Program, key: Set<Int>, excluded: Set<Int>) {
        self.program = program
        self.key = key
        let count = program.functions.count + program.nodes.count
        callers = [[Int]](repeating: [], count: count)
        isOpen = [Bool](repeating: false, count: count)
        loops = isOpen
        for (index, function) in program.functions.enumerated() {
            for instruction in function.instructions { look(at: instruction, of: index) }
        }
        for (index, node) in program.nodes.enumerated() {
            for child in node.children {
                callers[vertex(child.child)].append(program.functions.count + index)
            }
        }
        for rule in excluded { isOpen[vertex(.rule(rule))] = true }
        spread(&isOpen)
        spread(&loops)
    }

    func isKeyed(rule index: Int) -> Bool {
        let vertex = vertex(.rule(index))
        return !isOpen[vertex] && loops[vertex]
    }

    private mutating func look(at i: Instruction, of function: Int) {
        let b = Int(i.b)
        switch i.opcode {
        case .input: if !key.contains(b) { isOpen[function] = true }
        case .testInput, .pushScope, .popScope, .observe: isOpen[function] = true
        case .builtin, .builtinReplaceable:
            if !BuiltinTable.all[b].isPure { isOpen[function] = true }
        case .call, .callRemembered, .callReplaceable: callers[b].append(function)
        case .rule, .ruleReplaceable, .testRule: callers[vertex(.rule(b))].append(function)
        case .node, .nodeChild: callers[vertex(.node(b))].append(function)
        case .candidates: if readsMore(program.indices[b].root) { isOpen[function] = true }
        case .scan: loops[function] = true
        default: break
        }
    }

    /// Whether an index looks at a path of `input` that is no part of the key.
    private func readsMore(_ tree: RuleIndex.Tree) -> Bool {
        guard case .branch(let branch) = tree else { return false }
        if case .input(let path) = branch.subject, !key.contains(path) { return true }
        return readsMore(branch.others) || branch.children.values.contains { readsMore($0) }
    }

    /// What holds for something holds for all that ask for it.
    private func spread(_ flags: inout [Bool]) {
        var found = flags.indices.filter { flags[$0] }
        while let vertex = found.popLast() {
            for caller in callers[vertex] where !flags[caller] {
                flags[caller] = true
                found.append(caller)
            }
        }
    }

    private func vertex(_ child: Program.Node.Child) -> Int {
        switch child {
        case .rule(let index): program.rules[index].function
        case .node(let index): program.functions.count + index
        }
    }
}
