// SPDX-License-Identifier: Apache-2.0

import RegoVM

/// Collects one function's instructions.
///
/// Operands are register numbers, or complements of constant indices. Registers of one clause are
/// never used twice, those of different clauses are.
struct Emitter {
    typealias Operand = Int
    struct Label: Hashable { let index: Int }

    let name: String
    private(set) var instructions: [Instruction] = []
    private(set) var positions: [Program.Position] = []
    private var addresses: [Int] = []
    private(set) var registerCount = 0
    /// The next free register.
    private(set) var next = 0
    var location = Program.Position(file: 0, row: 0, column: 0)

    init(name: String) { self.name = name }

    mutating func register() -> Operand { registers(1) }

    /// Consecutive registers; the first one's number.
    mutating func registers(_ count: Int) -> Operand {
        let first = next
        next += count
        registerCount = max(registerCount, next)
        return first
    }

    /// Gives back all registers from `first` on.
    mutating func release(from first: Operand) { next = first }

    mutating func label() -> Label {
        addresses.append(-1)
        return Label(index: addresses.count - 1)
    }

    mutating func place(_ label: Label) { addresses[label.index] = instructions.count }

    var address: Int { instructions.count }

    mutating func emit(_ opcode: Opcode, a: Int = 0, b: Int = 0, c: Int = 0, to label: Label? = nil)
    {
        instructions.append(Instruction(opcode, a: a, b: b, c: c, target: label?.index ?? 0))
        positions.append(location)
    }

    /// For opcodes whose `target` is no address.
    mutating func emit(_ opcode: Opcode, a: Int, b: Int, c: Int, code: Int) {
        instructions.append(Instruction(opcode, a: a, b: b, c: c, target: code))
        positions.append(location)
    }

    /// The finished function: labels become addresses.
    func function(parameterCount: Int) -> Program.Function {
        let linked = instructions.map { instruction -> Instruction in
            guard instruction.opcode.jumps else { return instruction }
            var instruction = instruction
            instruction.target = Int32(addresses[Int(instruction.target)])
            return instruction
        }
        return Program.Function(
            name: name, parameterCount: parameterCount, registerCount: registerCount,
            instructions: linked,
            positions: positions)
    }
}
