// SPDX-License-Identifier: Apache-2.0

import RegoVM

/// Verifies what was generated. A refusal is a limit that the policy exceeds, or a defect of the
/// compiler; either way nobody runs the program.
enum ProgramCheck {
    static func check(_ compilation: Compilation) -> [Diagnostic] {
        let program = compilation.builder.program
        do throws(VerificationError) {
            try Verifier.verify(program)
            return []
        } catch {
            let position = error.position(in: program)
            return [
                Diagnostic(
                    .compile, error.description,
                    at: Location(
                        file: position.file, row: position.row, column: position.column, start: 0,
                        end: 0))
            ]
        }
    }
}
