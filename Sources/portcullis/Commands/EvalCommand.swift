// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import HTTPClient
import Platform
import PolicyBundle
import RegoVM

extension AnswerFormat: ExpressibleByArgument {}
extension ExplainMode: ExpressibleByArgument {}
extension Profile.Order: ExpressibleByArgument {}

struct EvalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval", abstract: "Evaluate a Rego query, as `opa eval` does.",
        discussion: """
            Exits with 0, with 1 when --fail or --fail-defined says so, and with 2 on errors.

            portcullis eval -d policies -i request.json 'data.portcullis.authz.decision'
            """)

    @Option(
        name: [.short, .long], parsing: .singleValue,
        help: "Policies and data: a file, a folder, or `prefix:path`. May be repeated.")
    var data: [String] = []

    @Option(
        name: [.short, .long], parsing: .singleValue,
        help: "A bundle: a folder or a .tar.gz file. May be repeated.")
    var bundle: [String] = []

    @OptionGroup var signatures: SignatureOptions

    @Option(name: [.short, .long], help: "A JSON or YAML file with the input.")
    var input: String?

    @Flag(
        name: [.customShort("I"), .customLong("stdin-input")],
        help: "Read the input from standard input.")
    var readsInput = false

    @Flag(name: .customLong("stdin"), help: "Read the query from standard input.")
    var readsQuery = false

    @Option(name: [.short, .long], help: "json, pretty, raw, values, bindings or discard.")
    var format = AnswerFormat.json

    @Option(name: .long, help: "The package whose rules the query may name without `data`.")
    var package: String?

    @Option(
        name: .customLong("import"), parsing: .singleValue,
        help: "An import of the query. May be repeated.")
    var imports: [String] = []

    @Flag(name: .long, help: "Exit with 1 when the query is undefined.")
    var fail = false

    @Flag(name: .long, help: "Exit with 1 when the query is defined.")
    var failDefined = false

    @Flag(name: .long, help: "An error of a builtin ends the evaluation.")
    var strictBuiltinErrors = false

    @Option(name: .long, help: "End with an error after a time, e.g. 500ms or 5s.")
    var timeout: String?

    @Flag(
        name: [.customShort("S"), .customLong("strict")],
        help: "Refuse unused imports and variables, and deprecated builtins.")
    var isStrict = false

    @Flag(name: .long, help: "Try each clause instead of finding it by index.")
    var disableIndexing = false

    @Flag(name: .long, help: "Try each solution, even where one decides.")
    var disableEarlyExit = false

    @Flag(name: .customLong("v0-compatible"), help: "Read Rego as OPA before 1.0 did.")
    var isVersion0 = false

    @Flag(name: .customLong("v1-compatible"), help: .hidden)
    var isVersion1 = false

    @Flag(name: .long, help: "Add the time of each step.")
    var metrics = false

    @Flag(name: .long, help: "Add the time of each step, and of each compilation stage.")
    var instrument = false

    @Flag(name: .long, help: "Add time and counts of the policies' lines.")
    var profile = false

    @Option(name: .long, help: "Lines of the profile; 0 for all. (default: 10)")
    var profileLimit: Int?

    @Option(
        name: .long, parsing: .singleValue,
        help: "total_time_ns, num_eval, num_redo, num_gen_expr, file or line. May be repeated.")
    var profileSort: [Profile.Order] = []

    @Flag(name: .long, help: "Add which lines of the policies were evaluated.")
    var coverage = false

    @Option(name: .long, help: "Add how the answer came about: off, full, notes, fails or debug.")
    var explain = ExplainMode.off

    @Argument(help: "The query.")
    var query: String?

    func validate() throws {
        if readsQuery == (query != nil) {
            throw ValidationError("expected a query, as an argument or by --stdin")
        }
        if readsInput && (input != nil || readsQuery) {
            throw ValidationError("--stdin-input cannot be combined with --input or --stdin")
        }
        if let timeout, Units.duration(timeout) == nil {
            throw ValidationError("expected a time such as 500ms or 5s, got `\(timeout)`")
        }
    }

    func run() throws {
        let evaluation = Evaluation()
        let printed: AnswerFormat.Printed
        var status: Int32 = 0
        do throws(QueryFailure) {
            let answer = try question(evaluation).answer(evaluation)
            printed = format.printed(answer)
            if answer.isDefined ? failDefined : fail { status = ExitStatus.failure }
        } catch {
            printed = format.printed(error)
            // What OPA exits with, whose place this command takes.
            status = 2
        }
        Output.print(printed.output)
        Output.error(printed.errors)
        if status != 0 { throw ExitCode(status) }
    }

    private func question(_ evaluation: Evaluation) throws(QueryFailure) -> Query {
        let clock = Date().timeIntervalSince1970
        evaluation.begin(
            now: Int64(clock * 1e9), deadline: deadline, seed: UInt64.random(in: 0...UInt64.max))
        evaluation.network = Network(CurlTransport(), cache: HTTPCache())
        evaluation.printer = { Output.error($0 + "\n") }
        var question = Query(text: query ?? "")
        if readsQuery { question.text = String(decoding: try InputFile.bytes("-"), as: UTF8.self) }
        let sources = try question.metrics.time(.loadFiles, load)
        question.policies = sources.policies
        question.data = sources.data
        question.memory = sources.memory
        question.input = try question.metrics.time(.inputParse) { () throws(QueryFailure) in
            try readInput(evaluation.arena)
        }
        question.instruments = instruments
        question.package = package
        question.imports = imports
        question.version = isVersion0 ? .v0 : .v1
        question.isStrictAboutBuiltins = strictBuiltinErrors
        question.isStrict = isStrict
        question.usesIndex = !disableIndexing
        question.stopsEarly = !disableEarlyExit
        return question
    }

    /// Never when no time is given or, as in OPA, 0.
    var deadline: UInt64 {
        guard let timeout = timeout.flatMap({ Units.duration($0) }), timeout > 0 else {
            return .max
        }
        return MonotonicTime.now() + UInt64(timeout)
    }

    private var instruments: Instruments {
        var instruments = Instruments()
        instruments.profile = profile || profileLimit != nil || !profileSort.isEmpty
        // As in OPA, a profile comes with metrics.
        instruments.metrics = metrics || instrument || instruments.profile
        instruments.stages = instrument
        instruments.profileLimit = profileLimit ?? instruments.profileLimit
        instruments.profileOrder = profileSort
        instruments.coverage = coverage
        instruments.explain = explain
        return instruments
    }

    private func load() throws(QueryFailure) -> PolicySources {
        var loader = PolicyLoader()
        loader.includesTests = true
        do throws(SignatureOptions.Unusable) {
            loader.verification = try signatures.verification()
        } catch {
            throw QueryFailure(message: error.message)
        }
        loader.skipsVerification = signatures.skipVerify
        do throws(LoadFailure) {
            return try loader.load(data, bundles: bundle)
        } catch {
            throw QueryFailure(error)
        }
    }

    private func readInput(_ arena: Arena) throws(QueryFailure) -> Value {
        if readsInput { return try InputFile.parse(try InputFile.bytes("-"), "stdin", arena) }
        guard let input else { return .undefined }
        return try InputFile.read(input, arena)
    }
}

/// A document that a person hands to a command.
enum InputFile {
    static func read(_ path: String, _ arena: Arena) throws(QueryFailure) -> Value {
        try parse(bytes(path), path, arena)
    }

    static func bytes(_ path: String) throws(QueryFailure) -> [UInt8] {
        do throws(InputBytes.Unreadable) {
            return try InputBytes.read(path)
        } catch {
            throw QueryFailure(message: error.description)
        }
    }

    /// JSON, or YAML where that fails (as OPA does it). The value does not need `bytes`.
    static func parse(_ bytes: [UInt8], _ name: String, _ arena: Arena) throws(QueryFailure)
        -> Value
    {
        let interner = StringInterner(arena)
        let json = bytes.withUnsafeBufferPointer { buffer -> Value? in
            var reader = JSONReader(buffer, arena: arena, interner: interner)
            return try? reader.document()
        }
        if let json { return json }
        do throws(YAMLDocument.Failure) {
            return try YAMLDocument.read(
                String(decoding: bytes, as: UTF8.self), into: arena, interner: interner)
        } catch {
            let place = error.row == 0 ? name : "\(name):\(error.row):\(error.column)"
            throw QueryFailure(message: "\(place): \(error.message)")
        }
    }
}
