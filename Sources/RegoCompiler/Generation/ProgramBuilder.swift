// SPDX-License-Identifier: Apache-2.0

import RegoVM

/// What the functions of a program share: constants, paths, scopes, and where rules and functions
/// are.
final class ProgramBuilder {
    var program = Program()
    let tree: RuleTree
    let interner: StringInterner
    let arena: Arena
    private var constantIndices: [Value: Int] = [:]
    private var inputPathIndices: [[Value]: Int] = [:]
    private var dataPathIndices: [[Value]: Int] = [:]
    private var usedBuiltins: Set<Int> = []
    var usesIndex = true
    var stopsEarly = true
    var remembersRules = true
    var inlinesRules = true
    var indexesComprehensions = true
    /// Evaluate equal expressions of a body once.
    var sharesExpressions = true
    /// Generate `observe` instructions.
    var instruments = false
    /// Filled for `explain index`.
    var indexExplanation: IndexExplanation?
    /// Values of rules that are constants, by rule, where a name stands for the value.
    var ruleConstants: [Int: Value] = [:]
    private var ruleConstantOperands: [Int: Emitter.Operand] = [:]
    /// Paths under `data` that some `with` replaces.
    var replacedPaths: [[Value]] = []
    /// Functions and builtins that some `with` replaces.
    var replacedCallees: Set<Program.Callee> = []
    /// Arity of functions by path under `data`.
    private(set) var functions: [[String]: RuleGroup] = [:]

    init(tree: RuleTree, arena: Arena) {
        self.tree = tree
        self.arena = arena
        interner = StringInterner(arena)
        for group in tree.groups {
            group.functionIndex = program.functions.count
            program.functions.append(
                .init(
                    name: "", parameterCount: 0, registerCount: 0, instructions: [], positions: []))
            if group.kind == .function {
                functions[group.path] = group
            } else {
                group.ruleIndex = program.rules.count
                program.rules.append(
                    .init(
                        function: group.functionIndex, path: group.path.map { interner.string($0) })
                )
            }
        }
        numberNodes(tree.root, path: [])
    }

    /// Gives each inner node an index, parents first.
    private func numberNodes(_ node: RuleTree.Node, path: [String]) {
        guard node.group == nil else { return }
        node.nodeIndex = program.nodes.count
        let values = path.map { interner.string($0) }
        program.nodes.append(.init(path: values, children: [], dataPath: dataPath(values)))
        var children: [(Value, Program.Node.Child)] = []
        for name in node.order.sorted() {
            guard let child = node.children[name] else { continue }
            if let group = child.group {
                if group.ruleIndex >= 0 {
                    children.append((interner.string(name), .rule(group.ruleIndex)))
                }
            } else {
                numberNodes(child, path: path + [name])
                children.append((interner.string(name), .node(child.nodeIndex)))
            }
        }
        program.nodes[node.nodeIndex].children = children.map { (key: $0.0, child: $0.1) }
    }

    /// Adds a rule that no path leads to; its number.
    func add(_ function: Program.Function) -> Int {
        program.functions.append(function)
        program.rules.append(.init(function: program.functions.count - 1, path: []))
        return program.rules.count - 1
    }

    func constant(_ value: Value) -> Emitter.Operand {
        if let index = constantIndices[value], program.constants[index].kind == value.kind {
            return ~index
        }
        constantIndices[value] = program.constants.count
        program.constants.append(value)
        return ~(program.constants.count - 1)
    }

    /// The constant that a rule is; nil for other rules.
    func constant(ofRule index: Int) -> Emitter.Operand? {
        if let known = ruleConstantOperands[index] { return known }
        guard let value = ruleConstants[index] else { return nil }
        let operand = constant(value)
        ruleConstantOperands[index] = operand
        return operand
    }

    func inputPath(_ path: [Value]) -> Int {
        if let index = inputPathIndices[path] { return index }
        inputPathIndices[path] = program.inputPaths.count
        program.inputPaths.append(path)
        return program.inputPaths.count - 1
    }

    func dataPath(_ path: [Value]) -> Int {
        if let index = dataPathIndices[path] { return index }
        dataPathIndices[path] = program.dataPaths.count
        program.dataPaths.append(path)
        return program.dataPaths.count - 1
    }

    func use(builtin index: Int) {
        guard usedBuiltins.insert(index).inserted else { return }
        program.builtins.append(index)
        if BuiltinTable.all[index].traits.contains(.mayWait) { program.mayWait = true }
    }

    /// The value of a term without variables, refs, calls or comprehensions; nil for others.
    func constantValue(_ term: Term) -> Value? {
        switch term.kind {
        case .null: return .null
        case .boolean(let value): return .boolean(value)
        case .number(let text):
            var text = text
            return text.withUTF8 { arena.number($0) }
        case .string(let text): return interner.string(text)
        case .array(let elements):
            var values: [Value] = []
            for element in elements {
                guard let value = constantValue(element) else { return nil }
                values.append(value)
            }
            return arena.array(values)
        case .set(let elements):
            let builder = CollectionBuilder.set(in: arena, capacity: elements.count)
            for element in elements {
                guard let value = constantValue(element) else { return nil }
                builder.insert(value)
            }
            return builder.finish()
        case .object(let entries):
            let builder = CollectionBuilder.object(in: arena, capacity: entries.count)
            for entry in entries {
                guard let key = constantValue(entry.key), let value = constantValue(entry.value)
                else { return nil }
                // Of two values under one key the last one counts, as in OPA.
                builder.update(key, value)
            }
            return builder.finish()
        default: return nil
        }
    }

    /// True when a rule's value can be hidden by a `with data...`.
    func isReplaced(_ path: [Value]) -> Bool {
        replacedPaths.contains { $0.count <= path.count && Array(path[..<$0.count]) == $0 }
    }

    /// Operands of a resolved function name, without its result.
    func arity(_ name: [String]) -> Int? {
        if name[0] == "data" {
            guard let group = functions[Array(name.dropFirst())] else { return nil }
            return (group.clauses.first ?? group.defaultRule)?.rule.head.arguments?.count
        }
        return BuiltinNames.arity(name)
    }
}
