// SPDX-License-Identifier: Apache-2.0
import RegoVM

/// Lets the machine remember calls of functions that loop or call others. For all others looking
/// for an earlier result takes as long as the call.
enum RememberedCalls {
    static func mark(_ program: inout Program) {
        let isWorthwhile = program.functions.map { function in
            function.parameterCount > 0 && function.instructions.contains { costs($0.opcode) }
        }
        guard isWorthwhile.contains(true) else { return }
        for index in program.functions.indices {
            for offset in program.functions[index].instructions.indices {
                let instruction = program.functions[index].instructions[offset]
                guard instruction.opcode == .call, isWorthwhile[Int(instruction.b)] else {
                    continue
                }
                program.functions[index].instructions[offset].opcode = .callRemembered
            }
        }
    }

    private static func costs(_ opcode: Opcode) -> Bool {
        switch opcode {
        case .scan, .call, .callReplaceable, .open: true
        default: false
        }
    }
}
