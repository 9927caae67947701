// SPDX-License-Identifier: Apache-2.0
import Foundation
import RegoCompiler
import RegoVM
import TestSupport
import Testing

/// `Tests/Golden/Disassembly`: a policy `NAME.rego` and its program `NAME.txt`.
/// `PORTCULLIS_REWRITE=1` writes the programs anew.
@Suite struct DisassemblyTests {
    static let folder = SharedFolder.projectRoot + "/Tests/Golden/Disassembly/"

    @Test(arguments: ["clauses", "closures", "replacements"])
    func matches(_ name: String) throws {
        let text = try String(contentsOfFile: Self.folder + name + ".rego", encoding: .utf8)
        let source = Source(name: name + ".rego", text: text)
        let output = try Compiler().compile([try Parser.parse(source, file: 0)])
        let listing = Disassembler.text(output.program, options: .init(sources: [source.name]))
        if ProcessInfo.processInfo.environment["PORTCULLIS_REWRITE"] == "1" {
            try listing.write(
                toFile: Self.folder + name + ".txt", atomically: true, encoding: .utf8)
        }
        #expect(
            listing == (try String(contentsOfFile: Self.folder + name + ".txt", encoding: .utf8)))
    }

    /// No operand's letter is left in what is printed.
    @Test func fillsInAllOperands() {
        for opcode in Opcode.allCases {
            var program = Program()
            program.constants = [.integer(7)]
            program.functions = [
                .init(
                    name: "f", parameterCount: 0, registerCount: 9,
                    instructions: [Instruction(opcode, a: 1, b: 2, c: 3, target: 4)], positions: [])
            ]
            let line = Disassembler.text(program).split(separator: "\n")[1]
            for rest in [
                "[a]", "[b]", "[c]", "(b)", "(c)", "target", " b,", "comparison a", "count c",
            ] {
                #expect(!line.contains(rest), "\(line)")
            }
        }
    }
}
