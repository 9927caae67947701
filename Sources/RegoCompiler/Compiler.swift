// SPDX-License-Identifier: Apache-2.0

import RegoVM

/// Compiles parsed modules, and if wanted a query, to a program.
///
/// The work is done by an ordered table of stages (`Stage.all`); the first one that finds something
/// wrong ends the compilation with all that it found, at most `errorLimit` of it.
public struct Compiler {
    public struct Options: Sendable {
        /// Find clauses by index; without it each one is tried.
        public var usesIndex = true
        /// Leave a rule once its value is known; without it each clause and solution is tried.
        public var stopsEarly = true
        /// Evaluate each rule once per decision; without it, each time that it is read.
        public var remembersRules = true
        /// Read what a rule stands for in place of the rule, where that is a path of `input` or a
        /// constant.
        public var inlinesRules = true
        /// Collect what comprehensions inside loops look for once, by what they compare with the
        /// loop's variables.
        public var indexesComprehensions = true
        /// Take the result of a function from an earlier call with the same operands. Never where
        /// each evaluation is observed, or something is printed.
        public var remembersCalls = true
        /// Evaluate equal expressions of one body once. Never where each evaluation is observed or
        /// printed.
        public var sharesExpressions = true
        /// Let the program tell a `MachineObserver` of each rule and expression that it evaluates.
        public var instruments = false
        /// Fill `Output.indexExplanation`.
        public var explainsIndex = false
        /// Keep `print` calls; without it they are erased.
        public var keepsPrint = false
        /// Refuse what OPA's strict mode refuses: unused imports and variables, deprecated
        /// builtins.
        public var isStrict = false
        /// Refuse what can never hold because of its type.
        public var checksTypes = true
        /// What is known of the shape of `input`.
        public var inputSchema = InputSchema.any
        /// JSON schemas that annotations may name, by name: `schema.acl`. Without any, names of
        /// schemas are passed over.
        public var schemas: [String: String] = [:]
        /// The data that the program will run with: rules in the same places are refused. Without
        /// it nothing is said of that.
        public var data: Value?
        /// Builtins that policies may not call, by name.
        public var unsafeBuiltins: Set<String> = []
        /// The sources' names in the order of their numbers, for messages that name a place.
        public var sourceNames: [String] = []

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
        /// What each stage took, in the order in which they ran.
        public var timings: [(stage: String, time: Duration)]
    }

    /// As in OPA: what comes behind this many errors is not reported.
    public static let errorLimit = 10

    private let options: Options

    public init(options: Options = Options()) { self.options = options }

    /// - Parameters:
    ///   - query: evaluated as an ad-hoc body; its function's index is in the output.
    ///   - queryModule: whose package and imports the query sees.
    public func compile(
        _ modules: [Module], query: Body? = nil, queryModule: Module? = nil
    ) throws(CompilationFailure) -> Output {
        let compilation = Compilation(modules, query, queryModule, options)
        var timings: [(stage: String, time: Duration)] = []
        let clock = ContinuousClock()
        for stage in Stage.all {
            let started = clock.now
            let diagnostics = stage.run(compilation)
            timings.append((stage.name, clock.now - started))
            guard diagnostics.isEmpty else { throw CompilationFailure(Self.report(diagnostics)) }
        }
        return Output(
            program: compilation.builder.program, query: compilation.queryFunction,
            queryVariables: compilation.queryVariables, owner: compilation.owner,
            indexExplanation: compilation.builder.indexExplanation, timings: timings)
    }

    /// Sorted by place, each thing once, cut at the limit.
    private static func report(_ diagnostics: [Diagnostic]) -> [Diagnostic] {
        struct Key: Hashable {
            let location: Location
            let message: String
        }
        var seen: Set<Key> = []
        let sorted = diagnostics.sorted { $0.location.precedes($1.location) }
        let unique = sorted.filter {
            seen.insert(Key(location: $0.location, message: $0.message)).inserted
        }
        guard unique.count > errorLimit else { return unique }
        return unique.prefix(errorLimit) + [Diagnostic(.compile, "error limit reached", at: .none)]
    }
}

extension Location {
    /// The order of diagnostics.
    func precedes(_ other: Location) -> Bool {
        (file, row, column) < (other.file, other.row, other.column)
    }
}
