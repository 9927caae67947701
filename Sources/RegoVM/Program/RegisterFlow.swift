// SPDX-License-Identifier: Apache-2.0

/// What a register may hold at a place in the code: a set of these, over all ways to that place.
struct Contents: OptionSet {
    let rawValue: UInt16

    /// Nothing was written yet.
    static let nothing = Contents(rawValue: 1)
    static let value = Contents(rawValue: 2)
    static let undefined = Contents(rawValue: 4)
    static let setBuilder = Contents(rawValue: 8)
    static let objectBuilder = Contents(rawValue: 16)
    static let arrayBuilder = Contents(rawValue: 32)
    /// A collection that a loop is in.
    static let iterator = Contents(rawValue: 64)
    static let counter = Contents(rawValue: 128)
    static let candidates = Contents(rawValue: 256)
}

/// Follows a function's registers and scopes over all ways through its code until nothing changes.
struct RegisterFlow {
    let program: Program
    private var function = Program.Function(
        name: "", parameterCount: 0, registerCount: 0, instructions: [], positions: [])
    /// For each instruction that something jumps to: its row in `states`; else -1.
    private var rows: [Int32] = []
    private var leaders: [Int] = []
    private var states: [UInt16] = []
    /// Scopes pushed at each leader; -1 while it was not reached.
    private var scopes: [Int32] = []
    private var isPending: [Bool] = []
    /// Clause addresses by the register that lists them.
    private var clauses: [Int: Set<Int32>] = [:]

    // The instruction being looked at.
    private var current: [UInt16] = []
    private var depth: Int32 = 0
    private var offset = 0
    private var isAgain = false

    init(_ program: Program) { self.program = program }

    mutating func check(_ function: Program.Function) throws(VerificationError) {
        self.function = function
        findLeaders()
        guard leaders.count * function.registerCount <= Limits.flowCells else {
            throw VerificationError(.limit, "function is too complex", function: function.name)
        }
        states = [UInt16](repeating: 0, count: leaders.count * function.registerCount)
        scopes = [Int32](repeating: -1, count: leaders.count)
        isPending = [Bool](repeating: false, count: leaders.count)
        current = [UInt16](repeating: Contents.nothing.rawValue, count: function.registerCount)
        for parameter in 0..<function.parameterCount {
            current[parameter] = Contents.value.rawValue
        }
        depth = 0
        offset = 0
        try reach(0)
        repeat {
            isAgain = false
            for row in leaders.indices where isPending[row] { try block(row) }
        } while isAgain
    }

    private mutating func findLeaders() {
        rows = [Int32](repeating: -1, count: function.instructions.count)
        rows[0] = 0
        clauses = [:]
        for instruction in function.instructions {
            if instruction.opcode.jumps { rows[Int(instruction.target)] = 0 }
            guard instruction.opcode == .candidates else { continue }
            let entries = program.indices[Int(instruction.b)].entries
            clauses[Int(instruction.a), default: []].formUnion(entries)
            for entry in entries { rows[Int(entry)] = 0 }
        }
        leaders = []
        for address in rows.indices where rows[address] == 0 {
            rows[address] = Int32(leaders.count)
            leaders.append(address)
        }
    }

    /// Goes on at `address` with the current contents.
    private mutating func reach(_ address: Int) throws(VerificationError) {
        let row = Int(rows[address])
        let first = row * function.registerCount
        if scopes[row] < 0 {
            scopes[row] = depth
            for register in 0..<function.registerCount {
                states[first + register] = current[register]
            }
        } else {
            guard scopes[row] == depth else { throw refused(.scope, "scopes differ between ways") }
            var changes = false
            for register in 0..<function.registerCount {
                let merged = states[first + register] | current[register]
                if merged != states[first + register] {
                    states[first + register] = merged
                    changes = true
                }
            }
            guard changes else { return }
        }
        isPending[row] = true
        isAgain = true
    }

    /// Looks at the instructions from a leader to where control goes elsewhere.
    private mutating func block(_ row: Int) throws(VerificationError) {
        isPending[row] = false
        let first = row * function.registerCount
        for register in 0..<function.registerCount { current[register] = states[first + register] }
        depth = scopes[row]
        offset = leaders[row]
        while try step(function.instructions[offset]) {
            offset += 1
            guard offset < function.instructions.count else {
                offset -= 1
                throw refused(.control, "the code has no end")
            }
            if rows[offset] >= 0 {
                try reach(offset)
                return
            }
        }
    }

    private func refused(_ code: VerificationError.Code, _ message: String) -> VerificationError {
        VerificationError(code, message, function: function.name, offset: offset)
    }

    // MARK: Registers

    private func need(_ register: Int, _ allowed: Contents) throws(VerificationError) {
        let contents = Contents(rawValue: current[register])
        guard contents.isSubset(of: allowed) else {
            let why = contents.contains(.nothing) ? "read before it is written" : "of another kind"
            throw refused(.register, "register \(register) is \(why)")
        }
    }

    private func read(_ operand: Int32) throws(VerificationError) {
        if operand >= 0 { try need(Int(operand), .value) }
    }

    private func read(_ first: Int32, count: Int) throws(VerificationError) {
        for register in Int(first)..<Int(first) + count { try need(register, .value) }
    }

    private mutating func write(_ register: Int, _ contents: Contents = .value) {
        current[register] = contents.rawValue
    }

    // MARK: Instructions

    /// Applies one instruction; true when the next one follows it.
    private mutating func step(_ i: Instruction) throws(VerificationError) -> Bool {
        let a = Int(i.a)
        switch i.opcode {
        case .jump:
            try reach(Int(i.target))
            return false
        case .returnValue:
            if i.b >= 0 { try need(Int(i.b), [.value, .undefined]) }
            try end()
            return false
        case .returnUndefined:
            try end()
            return false
        case .nextCandidate:
            try need(a, .candidates)
            try reach(Int(i.target))
            for entry in clauses[a, default: []] { try reach(Int(entry)) }
            return false
        case .pushScope, .popScope: try scope(i)
        case .scan, .next: try loop(i)
        case .open, .setAdd, .arrayAppend, .objectPut, .objectPutPath, .close: try build(i)
        case .jumpIfDefined:
            try need(Int(i.b), [.value, .undefined])
            let before = current[Int(i.b)]
            write(Int(i.b), .value)
            try reach(Int(i.target))
            current[Int(i.b)] = before
        case .clear: write(a, .undefined)
        case .candidates: write(a, .candidates)
        case .assignOnce:
            try need(a, [.value, .undefined])
            try read(i.b)
            write(a)
        default: try plain(i)
        }
        return true
    }

    /// Instructions that read values, may jump, and write a value where they do not.
    private mutating func plain(_ i: Instruction) throws(VerificationError) {
        switch i.opcode {
        case .dot, .dotStored, .dotStoredReplaceable, .plus, .minus, .multiply, .divide, .remainder,
            .testComparison, .comparison, .testMember:
            try read(i.b)
            try read(i.c)
        case .move, .test, .checkArray, .checkObject, .checkCollection: try read(i.b)
        case .inputMember, .nodeChild, .nodePath: try read(i.c)
        case .builtin, .builtinReplaceable: try read(i.c, count: BuiltinTable.all[Int(i.b)].arity)
        case .call, .callRemembered, .callReplaceable:
            try read(i.c, count: program.functions[Int(i.b)].parameterCount)
        case .makeArray, .makeSet: try read(i.b, count: Int(i.c))
        case .makeObject: try read(i.b, count: Int(i.c) * 2)
        default: break
        }
        if i.opcode.jumps { try reach(Int(i.target)) }
        if i.opcode.writes { write(Int(i.a)) }
    }

    private mutating func build(_ i: Instruction) throws(VerificationError) {
        let a = Int(i.a)
        switch i.opcode {
        case .open: write(a, i.b == 0 ? .setBuilder : i.b == 1 ? .objectBuilder : .arrayBuilder)
        case .setAdd:
            try need(a, .setBuilder)
            try read(i.b)
        case .arrayAppend:
            try need(a, .arrayBuilder)
            try read(i.b)
        case .objectPut:
            try need(a, .objectBuilder)
            try read(i.b)
            try read(i.c)
        case .objectPutPath:
            try need(a, .objectBuilder)
            try read(i.b, count: Int(i.c) + 1)
        default:
            try need(a, [.setBuilder, .objectBuilder, .arrayBuilder])
            write(a)
        }
    }

    private mutating func loop(_ i: Instruction) throws(VerificationError) {
        let a = Int(i.a)
        if i.opcode == .scan {
            try read(i.b)
            try reach(Int(i.target))
        } else {
            try need(a, .iterator)
            try need(a + 1, .counter)
        }
        let before = current[a...(a + 3)]
        write(a, .iterator)
        write(a + 1, .counter)
        write(a + 2)
        write(a + 3)
        guard i.opcode == .next else { return }
        try reach(Int(i.target))
        current.replaceSubrange(a...(a + 3), with: before)
    }

    private mutating func scope(_ i: Instruction) throws(VerificationError) {
        if i.opcode == .pushScope {
            let count = program.scopes[Int(i.b)].replacements.count(where: \.usesValue)
            try read(i.c, count: count)
            depth += 1
            guard depth <= Limits.scopeDepth else { throw refused(.limit, "too many scopes") }
        } else {
            depth -= 1
            guard depth >= 0 else { throw refused(.scope, "no scope to drop") }
        }
    }

    private func end() throws(VerificationError) {
        guard depth == 0 else { throw refused(.scope, "the function ends inside a scope") }
    }
}
