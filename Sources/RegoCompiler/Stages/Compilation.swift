// SPDX-License-Identifier: Apache-2.0

import RegoVM

/// What the stages of one compilation share.
final class Compilation {
    /// Keeps an arena until nobody needs its values.
    final class ArenaOwner {
        let arena: Arena
        init(_ arena: Arena) { self.arena = arena }
        deinit { arena.destroy() }
    }

    let modules: [Module]
    let options: Compiler.Options
    let owner: ArenaOwner
    let tree: RuleTree
    let builder: ProgramBuilder
    private let queryBody: Body?
    private let queryModule: Module

    /// Made by the stage `resolve`.
    var rules: [ResolvedGroup] = []
    /// Made by the stage `resolve`.
    var query: ResolvedClause?
    /// Indices into `rules`, each behind those it refers to; made by the stage `recursion`.
    var dependencyOrder: [Int] = []
    /// Made by the stage `generate`.
    private(set) var queryFunction: Int?
    private(set) var queryVariables: [String] = []

    init(_ modules: [Module], _ query: Body?, _ queryModule: Module?, _ options: Compiler.Options) {
        self.modules = modules
        self.options = options
        owner = ArenaOwner(Arena(chunk: 64 * 1024, limit: .max))
        tree = RuleTree(modules)
        builder = ProgramBuilder(tree: tree, arena: owner.arena)
        builder.program.moduleParser = ModuleParser()
        builder.usesIndex = options.usesIndex
        builder.stopsEarly = options.stopsEarly
        builder.remembersRules = options.remembersRules
        builder.indexesComprehensions =
            options.indexesComprehensions && options.remembersRules && !options.instruments
        builder.inlinesRules =
            options.inlinesRules && options.remembersRules && !options.instruments
        builder.sharesExpressions =
            options.sharesExpressions && !options.instruments && !options.keepsPrint
        builder.instruments = options.instruments
        builder.indexExplanation = options.explainsIndex ? IndexExplanation() : nil
        queryBody = query
        let start = Location(file: -1, row: 1, column: 1, start: 0, end: 0)
        self.queryModule =
            queryModule ?? Module(file: -1, version: .v1, package: [], packageLocation: start)
    }

    /// Every clause with its rule, defaults and `else` branches included, then the query.
    func forEachClause(_ body: (ResolvedClause) -> Void) {
        for rule in rules {
            for clause in rule.all {
                body(clause)
                for branch in clause.elseClauses { body(branch) }
            }
        }
        if let query { body(query) }
    }

    /// A place for messages, as OPA writes it.
    func describe(_ location: Location) -> String {
        let names = options.sourceNames
        guard names.indices.contains(Int(location.file)), !names[Int(location.file)].isEmpty else {
            return "\(location.row):\(location.column)"
        }
        return "\(names[Int(location.file)]):\(location.row)"
    }
}

/// A rule group whose clauses' names are resolved.
struct ResolvedGroup {
    let group: RuleGroup
    var clauses: [ResolvedClause]
    var defaultClause: ResolvedClause?

    var all: [ResolvedClause] { defaultClause.map { clauses + [$0] } ?? clauses }
}

// MARK: Stages

extension Compilation {
    /// Resolves names (OPA's stages ResolveRefs and RewriteLocalVars).
    func resolve() -> [Diagnostic] {
        var diagnostics: [Diagnostic] = []
        var resolvers: [ObjectIdentifier: Resolver] = [:]
        func resolve(_ clause: Clause) -> ResolvedClause {
            let key = ObjectIdentifier(clause.module)
            var resolver =
                resolvers.removeValue(forKey: key)
                ?? Resolver(module: clause.module, tree: tree, isStrict: options.isStrict)
            let result = resolver.clause(clause)
            diagnostics += resolver.diagnostics
            resolver.diagnostics = []
            resolvers[key] = resolver
            return result
        }
        rules.reserveCapacity(tree.groups.count)
        for group in tree.groups {
            rules.append(
                ResolvedGroup(
                    group: group, clauses: group.clauses.map(resolve),
                    defaultClause: group.defaultRule.map(resolve)))
        }
        if let queryBody {
            var resolver = Resolver(
                module: queryModule, tree: tree, isStrict: options.isStrict, isQuery: true)
            query = resolver.query(queryBody)
            diagnostics += resolver.diagnostics
        }
        if options.isStrict {
            for module in modules {
                let used = resolvers[ObjectIdentifier(module)]?.usedGlobals ?? []
                diagnostics += ImportCheck.unused(module, used: used)
            }
        }
        return diagnostics
    }

    func generate() -> [Diagnostic] {
        var diagnostics: [Diagnostic] = []
        for rule in rules {
            let group = rule.group
            var generator = FunctionGenerator(
                name: (["data"] + group.path).joined(separator: "."), builder: builder)
            generator.group(group, rule.clauses, rule.defaultClause)
            diagnostics += generator.diagnostics
            let parameters = (rule.clauses.first ?? rule.defaultClause)?.arguments.count ?? 0
            builder.program.functions[group.functionIndex] = generator.emitter.function(
                parameterCount: group.kind == .function ? parameters : 0)
        }
        if let query {
            var generator = FunctionGenerator(name: "query", builder: builder)
            queryVariables = generator.query(query)
            diagnostics += generator.diagnostics
            queryFunction = builder.program.functions.count
            builder.program.functions.append(generator.emitter.function(parameterCount: 0))
        }
        if !options.instruments { JumpShortening.shorten(&builder.program) }
        addEntrypoints()
        // Where nothing is printed, nobody sees which calls were made.
        let prints = BuiltinTable.index(of: "internal.print").map(builder.program.builtins.contains)
        if options.remembersCalls, !options.instruments, !options.keepsPrint || prints != true {
            RememberedCalls.mark(&builder.program)
        }
        return diagnostics
    }

    private func addEntrypoints() {
        for group in tree.groups where group.ruleIndex >= 0 {
            builder.program.entrypoints[group.path.joined(separator: ".")] = .rule(group.ruleIndex)
        }
        for (index, node) in builder.program.nodes.enumerated() {
            let path = node.path.map { $0.asString ?? "" }.joined(separator: ".")
            builder.program.entrypoints[path] = .node(index)
        }
    }
}
