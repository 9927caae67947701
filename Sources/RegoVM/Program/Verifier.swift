// SPDX-License-Identifier: Apache-2.0

/// Checks a program once, when it is loaded, so that the machine may trust it: each operand is in
/// range, registers hold what instructions expect, control stays inside its function, scopes
/// balance, and nothing depends on itself.
public struct Verifier {
    let program: Program

    /// - Throws: the first reason to refuse `program`.
    public static func verify(_ program: Program) throws(VerificationError) {
        let verifier = Verifier(program: program)
        try verifier.tables()
        for index in program.indices { try IndexCheck(program: program, index: index).check() }
        var flow = RegisterFlow(program)
        for function in program.functions {
            try OperandCheck(program: program, function: function).check()
            try flow.check(function)
        }
        try DependencyCheck(program).check()
    }

    // MARK: Tables

    private func tables() throws(VerificationError) {
        for constant in program.constants { try value(constant, "constant") }
        for path in program.inputPaths { for step in path { try value(step, "input path") } }
        for path in program.dataPaths { for step in path { try value(step, "data path") } }
        for builtin in program.builtins where !BuiltinTable.all.indices.contains(builtin) {
            throw VerificationError(.operand, "builtin \(builtin) does not exist")
        }
        for rule in program.rules {
            for step in rule.path { try value(step, "rule path") }
            guard program.functions.indices.contains(rule.function) else {
                throw VerificationError(
                    .table, "function \(rule.function) of a rule does not exist")
            }
            let function = program.functions[rule.function]
            guard function.parameterCount == 0 else {
                throw VerificationError(
                    .table, "a rule takes no parameters", function: function.name)
            }
        }
        for node in program.nodes { try check(node) }
        for scope in program.scopes { for change in scope.replacements { try check(change) } }
        for (name, entrypoint) in program.entrypoints {
            let exists =
                switch entrypoint {
                case .rule(let index): program.rules.indices.contains(index)
                case .node(let index): program.nodes.indices.contains(index)
                }
            guard exists else {
                throw VerificationError(.table, "entrypoint `\(name)` does not exist")
            }
        }
    }

    private func check(_ node: Program.Node) throws(VerificationError) {
        for step in node.path { try value(step, "node path") }
        guard program.dataPaths.indices.contains(node.dataPath) else {
            throw VerificationError(.table, "data path \(node.dataPath) of a node does not exist")
        }
        for (key, child) in node.children {
            try value(key, "node key")
            let exists =
                switch child {
                case .rule(let index): program.rules.indices.contains(index)
                case .node(let index): program.nodes.indices.contains(index)
                }
            guard exists else { throw VerificationError(.table, "child of a node does not exist") }
        }
    }

    private func check(
        _ replacement: Program.ScopeTemplate.Replacement
    ) throws(VerificationError) {
        switch replacement {
        case .input(let path), .data(let path):
            guard path.count <= Limits.valueDepth else {
                throw VerificationError(.limit, "replaced path of \(path.count) steps")
            }
            for step in path { try value(step, "replaced path") }
        case .functionByValue(let callee):
            _ = try operands(of: callee)
        case .function(let callee, let other):
            let count = try operands(of: callee)
            guard try operands(of: other) == count else {
                throw VerificationError(.table, "a replacing function takes other operands")
            }
            guard !mayWait(other) || program.mayWait else {
                throw VerificationError(.waiting, "a replacing builtin may wait")
            }
        }
    }

    private func operands(of callee: Program.Callee) throws(VerificationError) -> Int {
        switch callee {
        case .function(let index):
            guard program.functions.indices.contains(index) else {
                throw VerificationError(.table, "replaced function \(index) does not exist")
            }
            return program.functions[index].parameterCount
        case .builtin(let index):
            guard BuiltinTable.all.indices.contains(index) else {
                throw VerificationError(.table, "replaced builtin \(index) does not exist")
            }
            return BuiltinTable.all[index].arity
        }
    }

    private func mayWait(_ callee: Program.Callee) -> Bool {
        guard case .builtin(let index) = callee else { return false }
        return BuiltinTable.all[index].traits.contains(.mayWait)
    }

    private func value(_ value: Value, _ place: String) throws(VerificationError) {
        guard value.isDefined, value.kind != .builder else {
            throw VerificationError(.table, "\(place) is no value")
        }
    }
}

/// Checks the decision tree of one rule index.
struct IndexCheck {
    let program: Program
    let index: RuleIndex

    func check() throws(VerificationError) {
        for position in index.entries.indices.dropFirst()
        where index.entries[position] <= index.entries[position - 1] {
            throw VerificationError(.index, "clauses of an index are out of order")
        }
        try check(index.root, depth: 0)
    }

    private func check(_ tree: RuleIndex.Tree, depth: Int) throws(VerificationError) {
        guard depth <= Limits.indexDepth else {
            throw VerificationError(.limit, "index of more than \(Limits.indexDepth) levels")
        }
        switch tree {
        case .clauses(let clauses):
            var last: Int32 = -1
            for clause in clauses {
                guard clause > last, Int(clause) < index.entries.count else {
                    throw VerificationError(.index, "clause \(clause) is out of range or order")
                }
                last = clause
            }
        case .branch(let branch):
            let exists =
                switch branch.subject {
                case .input(let path): program.inputPaths.indices.contains(path)
                case .data(let path): program.dataPaths.indices.contains(path)
                case .argument(let parameter, let path):
                    parameter >= 0 && path.allSatisfy { $0.isDefined && $0.kind != .builder }
                }
            guard exists else {
                throw VerificationError(.index, "subject of an index does not exist")
            }
            for (key, child) in branch.children {
                guard key.isDefined, key.kind != .builder else {
                    throw VerificationError(.index, "key of an index is no value")
                }
                if branch.test == .prefix || branch.test == .suffix, !key.isString {
                    throw VerificationError(
                        .index, "\(branch.test.rawValue) of an index is no string")
                }
                try check(child, depth: depth + 1)
            }
            try check(branch.others, depth: depth + 1)
        }
    }
}

extension RuleIndex.Tree {
    /// The highest parameter number that the tree reads; -1 when it reads none.
    var highestParameter: Int {
        guard case .branch(let branch) = self else { return -1 }
        var highest = branch.others.highestParameter
        if case .argument(let parameter, _) = branch.subject { highest = max(highest, parameter) }
        for child in branch.children.values { highest = max(highest, child.highestParameter) }
        return highest
    }
}
