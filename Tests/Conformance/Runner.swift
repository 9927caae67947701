// SPDX-License-Identifier: Apache-2.0

import HTTPClient
import RegoCompiler
import RegoVM

/// Runs one case and says why it failed.
struct Runner {
    let version: RegoVersion

    enum Outcome {
        case passed
        case failed(String)
    }

    func run(_ item: Case) -> Outcome {
        let arena = Arena(limit: .max)
        defer { arena.destroy() }
        let result: Result<Value, Failure>
        do throws(Failure) {
            result = .success(try evaluate(item, arena))
        } catch {
            result = .failure(error)
        }
        switch result {
        case .failure(let failure): return judge(failure, item)
        case .success(let value):
            guard item.wantError == nil, item.wantErrorCode == nil else {
                return .failed(
                    "expected error \(item.wantErrorCode ?? item.wantError ?? ""), got \(value)")
            }
            guard item.wantResult.isDefined else { return .passed }
            let comparison = Comparison(sorts: item.sortsBindings)
            return comparison.sameSolutions(item.wantResult, value)
                ? .passed : .failed("expected \(item.wantResult), got \(value)")
        }
    }

    struct Failure: Error {
        var code: String
        var message: String
    }

    private func judge(_ failure: Failure, _ item: Case) -> Outcome {
        guard item.wantError != nil || item.wantErrorCode != nil else {
            return .failed("\(failure.code): \(failure.message)")
        }
        if let code = item.wantErrorCode, code != failure.code {
            return .failed("expected \(code), got \(failure.code): \(failure.message)")
        }
        if let text = item.wantError, !text.isEmpty, !failure.message.contains(text) {
            return .failed("expected error with `\(text)`, got \(failure.code): \(failure.message)")
        }
        return .passed
    }

    private func evaluate(_ item: Case, _ arena: Arena) throws(Failure) -> Value {
        let modules: [Module]
        let query: Body
        do {
            modules = try item.modules.enumerated().map { index, text in
                try Parser.parse(
                    Source(name: "test-\(index).rego", text: text), file: Int32(index),
                    version: version,
                    keywords: keywords(item))
            }
            query = try Parser.parseBody(
                Source(name: "query", text: item.query), file: Int32(modules.count),
                version: version,
                keywords: keywords(item))
        } catch {
            throw failure(error)
        }
        let output: Compiler.Output
        do {
            output = try Compiler().compile(modules, query: query)
        } catch {
            throw failure(error)
        }
        return try run(output, item, arena)
    }

    private func keywords(_ item: Case) -> FutureKeywords {
        item.forcesKeywords ? [.not, .and, .or] : []
    }

    private func failure(_ error: any Error) -> Failure {
        guard let failure = error as? CompilationFailure, let first = failure.diagnostics.first
        else {
            return Failure(code: "error", message: "\(error)")
        }
        let place = "test-\(first.location.file).rego:\(first.location.row): "
        return Failure(
            code: first.code.rawValue, message: "\(place)\(first.code.rawValue): \(first.message)")
    }

    private func run(_ output: Compiler.Output, _ item: Case, _ arena: Arena) throws(Failure)
        -> Value
    {
        let policy = try load(output, item.data)
        let evaluation = Evaluation()
        evaluation.begin(now: 1_780_000_000_000_000_000, seed: 42)
        evaluation.isStrict = item.isStrict
        evaluation.network = Network(CurlTransport(), cache: HTTPCache())
        let machine = Machine(policy, evaluation: evaluation)
        machine.begin(TreeInput(try input(item, evaluation)))
        do throws(EvaluationError) {
            let rows = try machine.evaluate(function: output.query ?? 0)
            let bindings = rows.elements.map { row -> Value in
                let builder = CollectionBuilder.object(in: arena)
                for (name, value) in zip(output.queryVariables, row.elements) {
                    builder.insert(
                        arena.string(name),
                        value.copied(into: arena, interner: StringInterner(arena)))
                }
                return builder.finish()
            }
            return arena.array(bindings)
        } catch {
            let place = error.position.map { "test-\($0.file).rego:\($0.row): " } ?? ""
            throw Failure(
                code: error.code.rawValue,
                message: "\(place)\(error.code.rawValue): \(error.message)")
        }
    }

    private func load(_ output: Compiler.Output, _ data: Value) throws(Failure) -> Policy {
        do throws(VerificationError) {
            return try Policy.load(
                program: output.program, data: data, revision: "", owners: [output.owner])
        } catch {
            throw Failure(code: error.code.rawValue, message: error.description)
        }
    }

    private func input(_ item: Case, _ evaluation: Evaluation) throws(Failure) -> Value {
        guard let text = item.inputTerm else { return item.input }
        do {
            let body = try Parser.parseBody(
                Source(name: "input", text: "x = \(text)"), file: 0, version: version)
            let output = try Compiler().compile([], query: body)
            let machine = Machine(
                try load(output, .emptyObject),
                evaluation: evaluation)
            machine.begin(TreeInput(.undefined))
            let rows = try machine.evaluate(function: output.query ?? 0)
            return rows.elements.first?.elements.first?.copied(
                into: evaluation.arena, interner: StringInterner(evaluation.arena)) ?? .undefined
        } catch {
            throw failure(error)
        }
    }
}
