// SPDX-License-Identifier: Apache-2.0

/// Checks that each operand of a function's instructions names something that is there.
struct OperandCheck {
    let program: Program
    let function: Program.Function

    func check() throws(VerificationError) {
        guard function.positions.count == function.instructions.count else {
            throw refused(.table, "positions and instructions differ in number")
        }
        guard !function.instructions.isEmpty else {
            throw refused(.control, "function without code")
        }
        guard function.registerCount <= Limits.registers,
            function.instructions.count <= Limits.instructions
        else { throw refused(.limit, "function is too large") }
        guard 0 <= function.parameterCount, function.parameterCount <= function.registerCount else {
            throw refused(.register, "parameters do not fit the registers")
        }
        for (offset, instruction) in function.instructions.enumerated() {
            try check(instruction, offset)
        }
    }

    private func refused(_ code: VerificationError.Code, _ message: String) -> VerificationError {
        VerificationError(code, message, function: function.name)
    }

    private func check(_ i: Instruction, _ offset: Int) throws(VerificationError) {
        guard isValid(i) else {
            throw VerificationError(
                .operand, "operand of `\(i.opcode)` is out of range", function: function.name,
                offset: offset)
        }
        guard !i.opcode.jumps || function.instructions.indices.contains(Int(i.target)) else {
            throw VerificationError(
                .control, "target \(i.target) is outside of the function", function: function.name,
                offset: offset)
        }
        if i.opcode == .builtin || i.opcode == .builtinReplaceable,
            BuiltinTable.all[Int(i.b)].traits.contains(.mayWait), !program.mayWait
        {
            throw VerificationError(
                .waiting, "`\(BuiltinTable.all[Int(i.b)].name)` may wait", function: function.name,
                offset: offset)
        }
    }

    private func isValid(_ i: Instruction) -> Bool {
        let a = Int(i.a)
        switch i.opcode {
        case .jump, .testInput, .returnUndefined, .popScope: return true
        case .move, .setAdd, .arrayAppend: return register(a) && value(i.b)
        case .assignOnce: return register(a) && value(i.b) && (0...1).contains(i.target)
        case .input: return register(a) && program.inputPaths.indices.contains(Int(i.b))
        case .inputMember:
            return register(a) && program.inputPaths.indices.contains(Int(i.b)) && value(i.c)
        case .data: return register(a) && program.dataPaths.indices.contains(Int(i.b))
        case .dot, .dotStored, .dotStoredReplaceable, .plus, .minus, .multiply, .divide, .remainder,
            .objectPut:
            return register(a) && value(i.b) && value(i.c)
        case .test, .returnValue, .checkCollection: return value(i.b)
        case .testComparison:
            return Comparison(rawValue: a) != nil && value(i.b) && value(i.c)
        case .comparison:
            return Comparison(rawValue: Int(i.target)) != nil && register(a) && value(i.b)
                && value(i.c)
        case .testMember: return value(i.b) && value(i.c)
        case .jumpIfDefined: return register(Int(i.b))
        case .clear, .close, .nextCandidate: return register(a)
        case .builtin, .builtinReplaceable:
            guard BuiltinTable.all.indices.contains(Int(i.b)) else { return false }
            return register(a) && registers(i.c, BuiltinTable.all[Int(i.b)].arity)
        case .call, .callRemembered, .callReplaceable:
            guard program.functions.indices.contains(Int(i.b)) else { return false }
            return register(a) && registers(i.c, program.functions[Int(i.b)].parameterCount)
        case .rule, .ruleReplaceable: return register(a) && program.rules.indices.contains(Int(i.b))
        case .node, .nodeNames: return register(a) && program.nodes.indices.contains(Int(i.b))
        case .nodeChild, .nodePath:
            return register(a) && program.nodes.indices.contains(Int(i.b)) && value(i.c)
        case .open: return register(a) && (0...2).contains(i.b)
        case .objectPutPath:
            return register(a) && (1...Int32(Limits.valueDepth)).contains(i.c)
                && registers(i.b, Int(i.c) + 1)
                && (i.target == 3 ? i.c > 1 : (0...2).contains(i.target))
        case .makeArray, .makeSet: return register(a) && registers(i.b, Int(i.c))
        case .makeObject: return register(a) && registers(i.b, Int(i.c) * 2)
        case .testRule: return program.rules.indices.contains(Int(i.b))
        case .scan: return registers(Int32(a), 4) && value(i.b)
        case .next: return registers(Int32(a), 4)
        case .checkArray, .checkObject: return value(i.b) && i.c >= 0
        case .candidates: return register(a) && isIndex(Int(i.b))
        case .observe:
            return Moment(rawValue: a) != nil && program.points.indices.contains(Int(i.b))
        case .pushScope:
            guard program.scopes.indices.contains(Int(i.b)) else { return false }
            return registers(i.c, program.scopes[Int(i.b)].replacements.count(where: \.usesValue))
        }
    }

    private func register(_ number: Int) -> Bool { (0..<function.registerCount).contains(number) }

    /// `count` registers from `first` on.
    private func registers(_ first: Int32, _ count: Int) -> Bool {
        first >= 0 && count >= 0 && Int(first) + count <= function.registerCount
    }

    private func value(_ operand: Int32) -> Bool {
        operand >= 0 ? register(Int(operand)) : program.constants.indices.contains(Int(~operand))
    }

    private func isIndex(_ number: Int) -> Bool {
        guard program.indices.indices.contains(number) else { return false }
        let index = program.indices[number]
        return index.root.highestParameter < function.parameterCount
            && index.entries.allSatisfy { function.instructions.indices.contains(Int($0)) }
    }
}
