// SPDX-License-Identifier: Apache-2.0

import RegoVM

/// Compiles parsed modules, and if wanted a query, to a program.
///
/// Stages, in order: rule tree (groups, conflicts), resolve (names, locals), replacements (what `with`
/// touches), recursion, generate (safety order, index, code).
public struct Compiler {
    public struct Options: Sendable {
        /// Find clauses by index; without it each one is tried.
        public var usesIndex = true
        /// Fill `Output.indexExplanation`.
        public var explainsIndex = false

        public init() {}
    }

    public struct Output {
        public var program: Program
        /// Function index of the query; nil without a query.
        public var query: Int?
        /// Names of the query's variables, in the order of a solution's elements.
        public var queryVariables: [String]
        /// Keeps the constants' memory alive.
        public var owner: AnyObject
        /// What is indexed and why not; only with `Options.explainsIndex`.
        public var indexExplanation: IndexExplanation?
    }

    /// Keeps an arena until nobody needs its values.
    final class ArenaOwner {
        let arena: Arena
        init(_ arena: Arena) { self.arena = arena }
        deinit { arena.destroy() }
    }

    private let options: Options

    public init(options: Options = Options()) { self.options = options }

    public func compile(
        _ modules: [Module], query: Body? = nil, queryModule: Module? = nil
    ) throws(CompilationFailure) -> Output {
        let owner = ArenaOwner(Arena(chunk: 64 * 1024, limit: .max))
        let tree = RuleTree(modules)
        tree.checkNesting()
        var diagnostics = tree.diagnostics
        let builder = ProgramBuilder(tree: tree, arena: owner.arena)
        builder.usesIndex = options.usesIndex
        builder.indexExplanation = options.explainsIndex ? IndexExplanation() : nil

        var resolved: [(group: RuleGroup, clauses: [ResolvedClause], defaultClause: ResolvedClause?)] = []
        resolved.reserveCapacity(tree.groups.count)
        var resolvers: [ObjectIdentifier: Resolver] = [:]
        for group in tree.groups {
            let clauses = group.clauses.map { resolve($0, tree, &resolvers, &diagnostics) }
            let defaultClause = group.defaultRule.map { resolve($0, tree, &resolvers, &diagnostics) }
            resolved.append((group, clauses, defaultClause))
        }
        var queryClause: ResolvedClause?
        if let query {
            let module =
                queryModule
                ?? Module(
                    file: -1, version: .v1, package: [],
                    packageLocation: Location(file: -1, row: 1, column: 1, start: 0, end: 0))
            var resolver = Resolver(module: module, tree: tree)
            queryClause = resolver.query(query)
            diagnostics += resolver.diagnostics
        }

        let clauses = resolved.flatMap { $0.clauses + [$0.defaultClause].compactMap { $0 } }
        ReplacementFinder.find(clauses + [queryClause].compactMap { $0 }, builder)
        diagnostics += FunctionCheck.check(clauses + [queryClause].compactMap { $0 }, builder)
        diagnostics += RecursionCheck.check(
            resolved.map { ($0.group, $0.clauses + [$0.defaultClause].compactMap { $0 }) }, builder)
        guard diagnostics.isEmpty else { throw CompilationFailure(sorted(diagnostics)) }

        for (group, clauses, defaultClause) in resolved {
            var generator = FunctionGenerator(
                name: (["data"] + group.path).joined(separator: "."), builder: builder)
            generator.group(group, clauses, defaultClause)
            diagnostics += generator.diagnostics
            let parameters = (clauses.first ?? defaultClause)?.arguments.count ?? 0
            builder.program.functions[group.functionIndex] = generator.emitter.function(
                parameterCount: group.kind == .function ? parameters : 0)
        }
        var output = Output(program: Program(), query: nil, queryVariables: [], owner: owner)
        if let queryClause {
            var generator = FunctionGenerator(name: "query", builder: builder)
            output.queryVariables = generator.query(queryClause)
            diagnostics += generator.diagnostics
            output.query = builder.program.functions.count
            builder.program.functions.append(generator.emitter.function(parameterCount: 0))
        }
        guard diagnostics.isEmpty else { throw CompilationFailure(sorted(diagnostics)) }
        addEntrypoints(builder)
        output.program = builder.program
        output.indexExplanation = builder.indexExplanation
        try verify(output.program)
        return output
    }

    private func resolve(
        _ clause: Clause, _ tree: RuleTree, _ resolvers: inout [ObjectIdentifier: Resolver],
        _ diagnostics: inout [Diagnostic]
    ) -> ResolvedClause {
        let key = ObjectIdentifier(clause.module)
        var resolver = resolvers.removeValue(forKey: key) ?? Resolver(module: clause.module, tree: tree)
        let result = resolver.clause(clause)
        diagnostics += resolver.diagnostics
        resolver.diagnostics = []
        resolvers[key] = resolver
        return result
    }

    private func sorted(_ diagnostics: [Diagnostic]) -> [Diagnostic] {
        diagnostics.sorted {
            ($0.location.file, $0.location.row, $0.location.column)
                < ($1.location.file, $1.location.row, $1.location.column)
        }
    }

    /// Whatever was compiled passes the verifier before anybody runs it.
    private func verify(_ program: Program) throws(CompilationFailure) {
        do throws(VerificationError) {
            try Verifier.verify(program)
        } catch {
            let position = error.position(in: program)
            throw CompilationFailure([
                Diagnostic(
                    .compile, error.description,
                    at: Location(
                        file: position.file, row: position.row, column: position.column, start: 0, end: 0))
            ])
        }
    }

    private func addEntrypoints(_ builder: ProgramBuilder) {
        for group in builder.tree.groups where group.ruleIndex >= 0 {
            builder.program.entrypoints[group.path.joined(separator: ".")] = .rule(group.ruleIndex)
        }
        for (index, node) in builder.program.nodes.enumerated() {
            let path = node.path.map { $0.asString ?? "" }.joined(separator: ".")
            builder.program.entrypoints[path] = .node(index)
        }
    }
}

extension FunctionGenerator {
    /// Generates a query: an array of solutions, each an array of its variables' values.
    /// - Returns: the variables' names.
    mutating func query(_ clause: ResolvedClause) -> [String] {
        variables = clause.variables
        let exported = clause.variables.names.indices.filter {
            clause.variables.depths[$0] == 0 && !clause.variables.names[$0].hasPrefix("$")
        }
        let result = emitter.register()
        let end = emitter.label()
        emitter.emit(.open, a: result, b: 2)
        body(clause.body, fail: end) { generator in
            let first = generator.emitter.registers(exported.count)
            for (offset, id) in exported.enumerated() {
                let value = generator.locals[id] ?? generator.builder.constant(.null)
                generator.emitter.emit(.move, a: first + offset, b: value)
            }
            let solution = generator.emitter.register()
            generator.emitter.emit(.makeArray, a: solution, b: first, c: exported.count)
            generator.emitter.emit(.arrayAppend, a: result, b: solution)
        }
        emitter.place(end)
        emitter.emit(.close, a: result)
        emitter.emit(.returnValue, b: result)
        return exported.map { clause.variables.names[$0] }
    }
}
