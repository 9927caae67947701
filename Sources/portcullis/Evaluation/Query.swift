// SPDX-License-Identifier: Apache-2.0
import PolicyBundle
import RegoCompiler
import RegoVM

/// One question to policies and data, as `opa eval` asks it.
struct Query {
    var text: String
    var policies: [Source] = []
    var data = Value.emptyObject
    var memory: AnyObject?
    /// `.undefined` when there is none.
    var input = Value.undefined
    /// The package whose names the query may use without `data`, e.g. `data.a.b` or `a.b`.
    var package: String?
    /// `data.a`, `input.b as c`.
    var imports: [String] = []
    var version = RegoVersion.v1
    var isStrictAboutBuiltins = false
    /// Refuse what OPA's strict mode refuses.
    var isStrict = false
    var usesIndex = true
    var stopsEarly = true
    var instruments = Instruments()
    /// What reading took; what follows is added to it.
    var metrics = EvaluationMetrics()

    /// The query's own name among the sources: none, so that its errors are shown as `1:5`.
    static let name = ""

    /// Policies, then the query: what the locations of diagnostics count through.
    var sources: [Source] { policies + [Source(name: Self.name, text: text)] }

    /// Parses, compiles and evaluates.
    ///
    /// - Parameter evaluation: begun; the answer's values are in its arena until it begins again.
    func answer(_ evaluation: Evaluation) throws(QueryFailure) -> QueryAnswer {
        var metrics = metrics
        let (capture, output) = try compile(&metrics)
        let owners: [AnyObject] = [output.owner] + [memory].compactMap { $0 }
        let policy = metrics.time(.queryCompile) {
            Policy(program: output.program, data: data, revision: "", owners: owners)
        }
        evaluation.isStrict = isStrictAboutBuiltins
        let machine = Machine(policy, evaluation: evaluation)
        machine.begin(TreeInput(input))
        let observers = EvaluationObservers(instruments, machine)
        let rows: Value
        do throws(EvaluationError) {
            rows = try metrics.time(.queryEval) { () throws(EvaluationError) in
                try machine.evaluate(function: output.query ?? 0)
            }
        } catch {
            throw QueryFailure(error, sources)
        }
        var report = observers.report(self)
        if instruments.metrics { report.metrics = metrics }
        return QueryAnswer(
            rows: rows, variables: output.queryVariables, capture: capture, text: text,
            policy: policy, evaluation: evaluation, report: report)
    }

    private func compile(
        _ metrics: inout EvaluationMetrics
    ) throws(QueryFailure) -> (QueryCapture, Compiler.Output) {
        var options = Compiler.Options()
        options.instruments = instruments.observe
        options.keepsPrint = true
        options.isStrict = isStrict
        options.usesIndex = usesIndex
        options.stopsEarly = stopsEarly
        options.data = data
        options.sourceNames = sources.map(\.name)
        do throws(CompilationFailure) {
            let modules = try metrics.time(.moduleParse, parseModules)
            let capture = try metrics.time(.queryParse) { () throws(CompilationFailure) in
                QueryCapture(
                    try Parser.parseBody(
                        Source(name: Self.name, text: text), file: Int32(policies.count),
                        version: version))
            }
            let queryModule = try queryModule()
            let output = try metrics.time(.moduleCompile) { () throws(CompilationFailure) in
                try Compiler(options: options).compile(
                    modules, query: capture.body, queryModule: queryModule)
            }
            if instruments.stages { metrics.addStages(output.timings) }
            return (capture, output)
        } catch {
            throw QueryFailure(error, sources)
        }
    }

    private func parseModules() throws(CompilationFailure) -> [Module] {
        var modules: [Module] = []
        var diagnostics: [Diagnostic] = []
        for (index, source) in policies.enumerated() {
            do throws(CompilationFailure) {
                modules.append(try Parser.parse(source, file: Int32(index), version: version))
            } catch {
                diagnostics += error.diagnostics
            }
        }
        guard diagnostics.isEmpty else { throw CompilationFailure(diagnostics) }
        return modules
    }

    /// A module that lends the query its package and imports.
    private func queryModule() throws(CompilationFailure) -> Module? {
        guard package != nil || !imports.isEmpty else { return nil }
        var name = package ?? ""
        if name.hasPrefix("data.") { name.removeFirst("data.".count) }
        var text = "package \(name.isEmpty ? "portcullis_query" : name)\n"
        for entry in imports { text += "import \(entry)\n" }
        return try Parser.parse(
            Source(name: Self.name, text: text), file: Int32(policies.count), version: version)
    }
}

/// The solutions of a query.
struct QueryAnswer {
    struct ExpressionValue {
        let value: Value
        let text: String
        let row: Int
        let column: Int
    }

    struct Solution {
        var expressions: [ExpressionValue]
        /// Sorted by name.
        var bindings: [(name: String, value: Value)]
    }

    let solutions: [Solution]
    let report: EvaluationReport
    /// The values' memory is theirs.
    private let owners: (Policy, Evaluation)

    var isDefined: Bool { !solutions.isEmpty }

    fileprivate init(
        rows: Value, variables: [String], capture: QueryCapture, text: String, policy: Policy,
        evaluation: Evaluation, report: EvaluationReport
    ) {
        owners = (policy, evaluation)
        self.report = report
        let source = Array(text.utf8)
        solutions = rows.elements.map { row in
            var byName: [String: Value] = [:]
            for (name, value) in zip(variables, row.elements) { byName[name] = value }
            return Solution(
                expressions: capture.expressions.map { captured in
                    let location = captured.expression.location
                    return ExpressionValue(
                        value: captured.variable.flatMap { byName[$0] } ?? .true,
                        text: Self.slice(source, location), row: Int(location.row),
                        column: Int(location.column))
                },
                bindings: byName.filter { !QueryCapture.isOwn($0.key) }.sorted { $0.key < $1.key }
                    .map { (name: $0.key, value: $0.value) })
        }
    }

    private static func slice(_ source: [UInt8], _ location: Location) -> String {
        let start = min(max(0, Int(location.start)), source.count)
        let end = min(max(start, Int(location.end)), source.count)
        return String(decoding: source[start..<end], as: UTF8.self)
    }
}
