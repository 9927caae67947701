// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import RegoVM

/// Programs that the machine must not be given, each with the reason to refuse it.
@Suite struct VerifierTests {
    // MARK: Programs

    /// One function `f` with 4 registers, 1 constant, 1 input path, 1 data path, 1 node.
    static func program(
        _ instructions: [Instruction], parameters: Int = 0, registers: Int = 4
    ) -> Program {
        var program = Program()
        program.constants = [.integer(7)]
        program.inputPaths = [[.string("a")]]
        program.dataPaths = [[]]
        program.functions = [function("f", instructions, parameters, registers), leaf("g", 1)]
        program.rules = [.init(function: 2, path: [.string("r")])]
        program.functions.append(leaf("r", 0))
        program.nodes = [
            .init(path: [], children: [(key: .string("r"), child: .rule(0))], dataPath: 0)
        ]
        program.scopes = [.init(replacements: [.input(path: [.string("a")])])]
        program.indices = [
            RuleIndex(
                root: .branch(
                    .init(
                        subject: .input(0), test: .equality, children: [.integer(1): .clauses([0])],
                        others: .clauses([]))),
                entries: [0])
        ]
        return program
    }

    static func function(
        _ name: String, _ instructions: [Instruction], _ parameters: Int, _ registers: Int
    ) -> Program.Function {
        Program.Function(
            name: name, parameterCount: parameters, registerCount: registers,
            instructions: instructions,
            positions: instructions.map { _ in .init(file: 0, row: 1, column: 1) })
    }

    static func leaf(_ name: String, _ parameters: Int) -> Program.Function {
        function(name, [Instruction(.returnUndefined)], parameters, parameters)
    }

    static let end = Instruction(.returnUndefined)

    private func refuse(
        _ program: Program, _ code: VerificationError.Code, at offset: Int? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        do throws(VerificationError) {
            try Verifier.verify(program)
            Issue.record("accepted", sourceLocation: sourceLocation)
        } catch {
            #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
            if let offset {
                #expect(error.offset == offset, "\(error)", sourceLocation: sourceLocation)
                #expect(error.function == "f", sourceLocation: sourceLocation)
            }
        }
    }

    // MARK: Accepted

    @Test func acceptsValidPrograms() throws {
        try Verifier.verify(Self.program([Self.end]))
        try Verifier.verify(
            Self.program([
                Instruction(.input, a: 0, b: 0, target: 7),
                Instruction(.scan, a: 0, b: 0, target: 7),
                Instruction(.testComparison, a: 0, b: 3, c: -1, target: 5),
                Instruction(.pushScope, b: 0, c: 2),
                Instruction(.popScope),
                Instruction(.next, a: 0, target: 2),
                Instruction(.jump, target: 7),
                Instruction(.returnUndefined),
            ]))
    }

    @Test func acceptsBuilders() throws {
        try Verifier.verify(
            Self.program([
                Instruction(.open, a: 0, b: 1),
                Instruction(.objectPut, a: 0, b: -1, c: -1),
                Instruction(.close, a: 0),
                Instruction(.returnValue, b: 0),
            ]))
    }

    // MARK: Operands

    /// Each names something that is not there.
    static let badOperands: [Instruction] = [
        Instruction(.move, a: 4, b: -1),
        Instruction(.move, a: 0, b: -2),
        Instruction(.move, a: 0, b: 4),
        Instruction(.input, a: 0, b: 1),
        Instruction(.input, a: 0, b: -1),
        Instruction(.data, a: 0, b: 1),
        Instruction(.dot, a: 0, b: -1, c: -2),
        Instruction(.test, b: -9),
        Instruction(.testComparison, a: 6, b: -1, c: -1),
        Instruction(.comparison, a: 0, b: -1, c: -1, target: 6),
        Instruction(.testMember, b: -1, c: 9),
        Instruction(.jumpIfDefined, b: -1),
        Instruction(.clear, a: 4),
        Instruction(.plus, a: 0, b: -1, c: 4),
        Instruction(.builtin, a: 0, b: 100_000, c: 0),
        Instruction(.builtin, a: 0, b: BuiltinTable.index(of: "startswith") ?? -1, c: 3),
        Instruction(.builtinReplaceable, a: 0, b: -1, c: 0),
        Instruction(.call, a: 0, b: 3, c: 0),
        Instruction(.call, a: 0, b: 1, c: 4),
        Instruction(.callReplaceable, a: 0, b: 1, c: -1),
        Instruction(.rule, a: 0, b: 1),
        Instruction(.ruleReplaceable, a: 0, b: -1),
        Instruction(.node, a: 0, b: 1),
        Instruction(.nodeChild, a: 0, b: 0, c: -2),
        Instruction(.nodePath, a: 0, b: 1, c: 0),
        Instruction(.nodeNames, a: 0, b: 1),
        Instruction(.returnValue, b: -2),
        Instruction(.open, a: 0, b: 3),
        Instruction(.assignOnce, a: 0, b: -1, target: 2),
        Instruction(.objectPutPath, a: 0, b: 1, c: 0),
        Instruction(.objectPutPath, a: 0, b: 1, c: 3),
        Instruction(.objectPutPath, a: 0, b: 1, c: 1, target: 3),
        Instruction(.makeArray, a: 0, b: 2, c: 3),
        Instruction(.makeSet, a: 0, b: 0, c: -1),
        Instruction(.makeObject, a: 0, b: 1, c: 2),
        Instruction(.testRule, b: 1),
        Instruction(.scan, a: 1, b: 0),
        Instruction(.scan, a: 0, b: 4),
        Instruction(.scan, a: 0, b: -2),
        Instruction(.next, a: 1),
        Instruction(.checkArray, b: -1, c: -1),
        Instruction(.candidates, a: 0, b: 1),
        Instruction(.pushScope, b: 1, c: 0),
        Instruction(.pushScope, b: 0, c: 4),
    ]

    @Test(arguments: badOperands.indices)
    func refusesOperandsOutOfRange(_ index: Int) {
        refuse(Self.program([Self.badOperands[index], Self.end]), .operand, at: 0)
    }

    // MARK: Control

    @Test func refusesJumpsOutside() {
        refuse(Self.program([Instruction(.jump, target: 2), Self.end]), .control, at: 0)
        refuse(Self.program([Instruction(.test, b: -1, target: -1), Self.end]), .control, at: 0)
    }

    @Test func refusesCodeWithoutEnd() {
        refuse(Self.program([Instruction(.clear, a: 0)]), .control, at: 0)
        refuse(Self.program([]), .control)
    }

    // MARK: Registers

    @Test func refusesUnwrittenRegisters() {
        refuse(Self.program([Instruction(.test, b: 0, target: 1), Self.end]), .register, at: 0)
        // Written on one way only.
        refuse(
            Self.program([
                Instruction(.test, b: -1, target: 2),
                Instruction(.move, a: 0, b: -1),
                Instruction(.returnValue, b: 0),
            ]), .register, at: 2)
        refuse(
            Self.program([
                Instruction(.input, a: 0, b: 0, target: 1), Instruction(.returnValue, b: 0),
            ]),
            .register, at: 1)
        refuse(
            Self.program([Instruction(.makeArray, a: 3, b: 0, c: 1), Self.end]), .register, at: 0)
        refuse(
            Self.program([Instruction(.call, a: 0, b: 1, c: 0, target: 1), Self.end]), .register,
            at: 0)
        refuse(Self.program([Instruction(.pushScope, b: 0, c: 0), Self.end]), .register, at: 0)
    }

    @Test func refusesUndefinedRegisters() {
        refuse(
            Self.program([Instruction(.clear, a: 0), Instruction(.test, b: 0, target: 2), Self.end]
            ),
            .register, at: 1)
    }

    @Test func refusesBuildersOutOfPlace() {
        let open = Instruction(.open, a: 0, b: 0)
        refuse(Self.program([open, Instruction(.returnValue, b: 0)]), .register, at: 1)
        refuse(Self.program([open, Instruction(.move, a: 1, b: 0), Self.end]), .register, at: 1)
        refuse(
            Self.program([open, Instruction(.arrayAppend, a: 0, b: -1), Self.end]), .register, at: 1
        )
        refuse(
            Self.program([open, Instruction(.objectPut, a: 0, b: -1, c: -1), Self.end]), .register,
            at: 1)
        refuse(Self.program([Instruction(.setAdd, a: 0, b: -1), Self.end]), .register, at: 0)
        refuse(
            Self.program([Instruction(.move, a: 0, b: -1), Instruction(.close, a: 0), Self.end]),
            .register, at: 1)
        refuse(
            Self.program([
                open, Instruction(.move, a: 1, b: -1), Instruction(.move, a: 2, b: -1),
                Instruction(.objectPutPath, a: 0, b: 1, c: 1), Self.end,
            ]), .register, at: 3)
    }

    @Test func refusesLoopsWithoutIterator() {
        refuse(
            Self.program([
                Instruction(.move, a: 0, b: -1), Instruction(.move, a: 1, b: -1),
                Instruction(.next, a: 0, target: 3), Self.end,
            ]), .register, at: 2)
        // The collection is exchanged inside the loop.
        refuse(
            Self.program([
                Instruction(.move, a: 0, b: -1),
                Instruction(.scan, a: 0, b: 0, target: 4),
                Instruction(.move, a: 0, b: -1),
                Instruction(.next, a: 0, target: 2), Self.end,
            ]), .register, at: 3)
        refuse(
            Self.program([
                Instruction(.move, a: 0, b: -1),
                Instruction(.scan, a: 0, b: 0, target: 3),
                Instruction(.returnValue, b: 1), Self.end,
            ]), .register, at: 2)
    }

    @Test func refusesCandidatesOutOfPlace() {
        refuse(Self.program([Instruction(.nextCandidate, a: 0, target: 0)]), .register, at: 0)
        refuse(
            Self.program([Instruction(.candidates, a: 0, b: 0), Instruction(.returnValue, b: 0)]),
            .register, at: 1)
    }

    // MARK: Scopes

    @Test func refusesUnbalancedScopes() {
        let value = Instruction(.move, a: 0, b: -1)
        let push = Instruction(.pushScope, b: 0, c: 0)
        refuse(Self.program([value, push, Self.end]), .scope, at: 2)
        refuse(Self.program([Instruction(.popScope), Self.end]), .scope, at: 0)
        // One way pushes, the other does not.
        refuse(
            Self.program([
                value, Instruction(.test, b: -1, target: 3), push, Instruction(.popScope), Self.end,
            ]), .scope)
        // A loop that pushes on each turn.
        refuse(Self.program([value, push, Instruction(.jump, target: 1)]), .scope, at: 2)
    }

    // MARK: Tables

    @Test func refusesInconsistentTables() {
        func refuse(_ code: VerificationError.Code, _ change: (inout Program) -> Void) {
            var program = Self.program([Self.end])
            change(&program)
            self.refuse(program, code)
        }
        refuse(.table) { $0.functions[0].positions = [] }
        refuse(.table) { $0.constants = [.undefined] }
        refuse(.table) { $0.inputPaths = [[.undefined]] }
        refuse(.table) { $0.rules[0].function = 9 }
        refuse(.table) { $0.rules[0].function = 1 }
        refuse(.table) { $0.nodes[0].dataPath = 1 }
        refuse(.table) { $0.nodes[0].children = [(key: .string("x"), child: .rule(1))] }
        refuse(.table) { $0.nodes[0].children = [(key: .string("x"), child: .node(1))] }
        refuse(.table) { $0.entrypoints["x"] = .rule(1) }
        refuse(.table) { $0.scopes[0].replacements = [.functionByValue(.function(9))] }
        refuse(.table) { $0.scopes[0].replacements = [.functionByValue(.builtin(-1))] }
        refuse(.table) {
            $0.scopes[0].replacements = [.function(.function(0), by: .function(1))]
        }
        refuse(.operand) { $0.builtins = [100_000] }
        refuse(.register) { $0.functions[0].parameterCount = 5 }
        refuse(.limit) { $0.functions[0].registerCount = 1 << 20 }
        refuse(.limit) {
            $0.scopes[0].replacements = [.input(path: Array(repeating: .integer(1), count: 2000))]
        }
    }

    @Test func refusesBadIndices() {
        func refuse(_ tree: RuleIndex.Tree, entries: [Int32] = [0]) {
            var program = Self.program([Self.end])
            program.indices = [RuleIndex(root: tree, entries: entries)]
            self.refuse(program, .index)
        }
        func branch(
            _ subject: RuleIndex.Subject, _ key: Value, _ test: RuleIndex.Test = .equality
        ) -> RuleIndex.Tree {
            .branch(
                .init(
                    subject: subject, test: test, children: [key: .clauses([])],
                    others: .clauses([])))
        }
        refuse(.clauses([1]))
        refuse(.clauses([-1]))
        refuse(.clauses([0, 0]))
        refuse(.clauses([]), entries: [1, 0])
        refuse(branch(.input(1), .null))
        refuse(branch(.data(-1), .null))
        refuse(branch(.argument(-1, path: []), .null))
        refuse(branch(.input(0), .undefined))
        refuse(branch(.input(0), .integer(1), .prefix))
        var deep = RuleIndex.Tree.clauses([])
        for _ in 0...Limits.indexDepth {
            deep = .branch(.init(subject: .input(0), test: .equality, children: [:], others: deep))
        }
        var program = Self.program([Self.end])
        program.indices[0].root = deep
        self.refuse(program, .limit)
    }

    @Test func refusesIndicesOfOtherFunctions() {
        var program = Self.program([Instruction(.candidates, a: 0, b: 0), Self.end])
        program.indices[0].entries = [5]
        refuse(program, .operand, at: 0)
        program.indices[0] = RuleIndex(
            root: .branch(
                .init(
                    subject: .argument(0, path: []), test: .equality, children: [:],
                    others: .clauses([0]))),
            entries: [1])
        refuse(program, .operand, at: 0)
    }

    // MARK: Dependencies

    @Test func refusesRecursion() {
        refuse(
            Self.program([Instruction(.call, a: 0, b: 0, c: 0, target: 1), Self.end]), .recursion)
        var program = Self.program([Self.end])
        program.functions[2].instructions = [Instruction(.node, a: 0, b: 0, target: 1), Self.end]
        program.functions[2].positions = [
            .init(file: 0, row: 1, column: 1), .init(file: 0, row: 1, column: 1),
        ]
        program.functions[2].registerCount = 1
        refuse(program, .recursion)
    }

    @Test func refusesUndeclaredWaiting() throws {
        guard let waiting = BuiltinTable.all.firstIndex(where: { $0.traits.contains(.mayWait) })
        else {
            return
        }
        let arity = BuiltinTable.all[waiting].arity
        var program = Self.program(
            (0..<arity).map { Instruction(.move, a: $0, b: -1) }
                + [Instruction(.builtin, a: 0, b: waiting, c: 0, target: arity + 1), Self.end])
        refuse(program, .waiting, at: arity)
        program.mayWait = true
        try Verifier.verify(program)
        program = Self.program([Self.end])
        program.functions[1].parameterCount = arity
        program.functions[1].registerCount = arity
        program.scopes[0].replacements = [.function(.function(1), by: .builtin(waiting))]
        refuse(program, .waiting)
    }
}
