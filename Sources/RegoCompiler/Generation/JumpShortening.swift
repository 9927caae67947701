// SPDX-License-Identifier: Apache-2.0
import RegoVM

/// Makes functions shorter after they were generated: jumps go where they end, a jump to a return
/// is that return, a value that is only returned needs no register, a result that nothing writes
/// is not made, and what nobody reaches any more is left out.
struct JumpShortening {
    /// Jumps behind jumps that are followed.
    private static let hops = 32

    static func shorten(_ program: inout Program) {
        for index in program.functions.indices {
            var shortening = JumpShortening(program.functions[index])
            shortening.thread()
            shortening.joinReturns()
            shortening.returnNothing()
            let addresses = shortening.compact(entries: shortening.entries(program))
            for instruction in shortening.function.instructions
            where instruction.opcode == .candidates {
                let table = Int(instruction.b)
                program.indices[table].entries = program.indices[table].entries.map {
                    addresses[Int($0)]
                }
            }
            program.functions[index] = shortening.function
        }
    }

    private(set) var function: Program.Function

    private init(_ function: Program.Function) { self.function = function }

    /// Where the function's indices may go on.
    private func entries(_ program: Program) -> [Int32] {
        function.instructions.filter { $0.opcode == .candidates }.flatMap {
            program.indices[Int($0.b)].entries
        }
    }

    private mutating func thread() {
        for index in function.instructions.indices
        where function.instructions[index].opcode.jumps {
            let target = end(of: Int(function.instructions[index].target))
            function.instructions[index].target = Int32(target)
            let arrival = function.instructions[target]
            if function.instructions[index].opcode == .jump && arrival.opcode == .returnValue {
                function.instructions[index] = arrival
            }
        }
    }

    /// A value that is put into a register only to be returned is returned.
    private mutating func joinReturns() {
        let code = function.instructions
        for index in code.indices.dropLast() where code[index].opcode == .move {
            var behind = index + 1
            if code[behind].opcode == .jump { behind = Int(code[behind].target) }
            if code[behind].opcode == .returnValue, code[behind].b == Int32(code[index].a) {
                function.instructions[index] = Instruction(.returnValue, b: Int(code[index].b))
            }
        }
    }

    /// A register that is cleared and gets no value: returning it returns nothing.
    private mutating func returnNothing() {
        let code = function.instructions
        for index in code.indices where code[index].opcode == .clear {
            let register = code[index].a
            let isUsed = code.contains { instruction in
                instruction.opcode == .jumpIfDefined
                    ? instruction.b == Int32(register)
                    : instruction.opcode.writes && instruction.a == register
            }
            guard !isUsed else { continue }
            for place in code.indices
            where code[place].opcode == .returnValue && code[place].b == Int32(register) {
                function.instructions[place] = Instruction(.returnUndefined)
            }
            function.instructions[index] = Instruction(.jump, target: index + 1)
        }
    }

    private func end(of target: Int) -> Int {
        var target = target
        for _ in 0..<Self.hops where function.instructions[target].opcode == .jump {
            target = Int(function.instructions[target].target)
        }
        return target
    }

    /// - Returns: where each instruction is now, or where the code goes on that stood there.
    private mutating func compact(entries: [Int32]) -> [Int32] {
        let code = function.instructions
        var kept = reached(entries)
        let entries = Set(entries)
        var behind: Int?
        for index in code.indices.reversed() where kept[index] {
            if !entries.contains(Int32(index)), let behind, leads(from: index, to: behind) {
                kept[index] = false
            } else {
                behind = index
            }
        }
        var addresses: [Int32] = []
        var next: Int32 = 0
        for index in code.indices {
            addresses.append(next)
            if kept[index] { next += 1 }
        }
        function.instructions = code.indices.filter { kept[$0] }.map { index in
            var instruction = code[index]
            if instruction.opcode.jumps {
                instruction.target = addresses[Int(instruction.target)]
            }
            return instruction
        }
        function.positions = code.indices.filter { kept[$0] }.map { function.positions[$0] }
        return addresses
    }

    /// True when the code goes on at `next` without the instruction at `index` all the same.
    private func leads(from index: Int, to next: Int) -> Bool {
        let instruction = function.instructions[index]
        let following = function.instructions[next]
        switch instruction.opcode {
        case .jump: return index < Int(instruction.target) && Int(instruction.target) <= next
        case .returnValue: return following.opcode == .returnValue && following.b == instruction.b
        case .returnUndefined: return following.opcode == .returnUndefined
        default: return false
        }
    }

    private func reached(_ entries: [Int32]) -> [Bool] {
        let code = function.instructions
        var reached = [Bool](repeating: false, count: code.count)
        var waiting = [0] + entries.map(Int.init)
        while let address = waiting.popLast() {
            guard code.indices.contains(address), !reached[address] else { continue }
            reached[address] = true
            let instruction = code[address]
            if instruction.opcode.jumps { waiting.append(Int(instruction.target)) }
            switch instruction.opcode {
            case .jump, .returnValue, .returnUndefined, .nextCandidate: break
            default: waiting.append(address + 1)
            }
        }
        return reached
    }
}
