// SPDX-License-Identifier: Apache-2.0
import RegoCompiler
import RegoVM

/// Compiles, verifies and runs policies under small limits.
struct PolicyRun {
    var options = Compiler.Options()
    var workLimit: Int64 = 200_000
    var memoryLimit = 16 << 20
    /// Bytes of answers that are remembered, and how often each input comes.
    var answerMemory = 0
    var rounds = 1

    /// Random policies compare whatever with whatever.
    init() { options.checksTypes = false }

    enum Outcome: Equatable, CustomStringConvertible {
        case value(String)
        case refused(String)
        case failed(String)

        /// Work or memory ran out: another way to the same result may need less.
        var isLimit: Bool { self == .failed("eval_limit_error") }

        var description: String {
            switch self {
            case .value(let text): "value \(text)"
            case .refused(let text): "refused: \(text)"
            case .failed(let code): "failed: \(code)"
            }
        }
    }

    /// All of `data.t` for each input.
    func outcomes(_ item: PolicyGenerator.Case) -> [Outcome] {
        let memory = Arena(limit: .max)
        defer { memory.destroy() }
        guard let data = Self.json(item.data, memory) else { return [.refused("data")] }
        let policy: Policy
        do {
            let module = try Parser.parse(Source(name: "t.rego", text: item.policy), file: 0)
            let output = try Compiler(options: options).compile([module])
            policy = try Policy.load(
                program: output.program, data: data, revision: "", owners: [output.owner])
        } catch {
            return [.refused(Self.text(error))]
        }
        let evaluation = Evaluation(arena: Arena(limit: memoryLimit))
        let machine = Machine(policy, evaluation: evaluation, answerMemory: answerMemory)
        machine.workLimit = workLimit
        let inputs = (0..<rounds).flatMap { _ in item.inputs }
        return inputs.map { text in
            guard let input = Self.json(text, memory) else { return .refused("input") }
            evaluation.begin(now: 1)
            machine.begin(TreeInput(input))
            guard let entrypoint = policy.program.entrypoints["t"] else {
                return .refused("entrypoint")
            }
            do throws(EvaluationError) {
                if let known = try machine.remembered(entrypoint) {
                    return .value(known.answer.description)
                }
                let answer = try machine.evaluate(entrypoint)
                machine.remember(answer, note: .emptyString)
                return .value(answer.description)
            } catch {
                return .failed(error.code.rawValue)
            }
        }
    }

    static func text(_ error: any Error) -> String {
        guard let failure = error as? CompilationFailure, let first = failure.diagnostics.first
        else {
            return "\(error)"
        }
        return "\(first.location.row): \(first.code.rawValue): \(first.message)"
    }

    static func json(_ text: String, _ arena: Arena) -> Value? {
        let bytes = Array(text.utf8)
        return bytes.withUnsafeBufferPointer { buffer in
            let copy = arena.allocate(UInt8.self, count: max(1, buffer.count))
            if let base = buffer.baseAddress { copy.update(from: base, count: buffer.count) }
            return try? JSONReader.read(
                UnsafeBufferPointer(start: copy, count: buffer.count), into: arena)
        }
    }
}
