// SPDX-License-Identifier: Apache-2.0

import CAllocationCount
import Platform
import RegoCompiler
import RegoVM
import Synchronization

/// Time and allocations of one decision, by policy.
enum PolicyBenchmark {
    struct Figures {
        var load = 0.0
        var decision = 0.0
        var allocations = 0.0
        var scaling = 0.0
        var dataRatio = 0.0
    }

    /// - Returns: whether every row reaches what is asked of it.
    static func run() throws -> Bool {
        print(
            "policy                        load ms   us/decision   allocations   2 threads"
                + "   data/JSON")
        var measured: [String: Figures] = [:]
        for item in PolicyCase.all() {
            let figures = try measure(item)
            measured[item.name] = figures
            let cells = [
                item.name.padded(28), figures.load.text(1, 9), figures.decision.text(3, 13),
                figures.allocations.text(2, 13), figures.scaling.text(2, 11),
                item.data == "{}" ? "" : figures.dataRatio.text(2, 11),
            ]
            print(cells.joined(separator: " "))
        }
        print("\n" + "what is asked".padded(52) + "        got      bound")
        let goals = PolicyGoal.all(measured)
        for goal in goals { print(goal.line) }
        return goals.allSatisfy(\.isMet)
    }

    private static func measure(_ item: PolicyCase) throws -> Figures {
        var figures = Figures()
        let started = MonotonicTime.now()
        let module = try Parser.parse(Source(name: "\(item.name).rego", text: item.policy), file: 0)
        let output = try Compiler().compile([module])
        figures.load = Double(MonotonicTime.now() - started) / 1e6

        let data = try LoadedJSON(item.data)
        figures.dataRatio = Double(data.memory) / Double(item.data.utf8.count)
        let policy = try Policy.load(
            program: output.program, data: data.value, revision: "", owners: [output.owner, data])
        guard let entrypoint = output.program.entrypoints[item.entrypoint] else { return figures }
        let input = try LoadedJSON(item.input)

        let single = Worker(policy, entrypoint, input.value)
        guard try single.decide().isTrue else { throw WrongAnswer(name: item.name) }
        let rounds = try single.rounds(lasting: 300 * MonotonicTime.millisecond)
        let before = allocation_count()
        var best = Double.infinity
        for _ in 0..<5 { best = min(best, try single.time(rounds / 5)) }
        figures.allocations = Double(allocation_count() - before) / Double(rounds / 5 * 5)
        figures.decision = best / 1_000
        figures.scaling = try scaling(policy, entrypoint, input.value, rounds)
        return figures
    }

    struct WrongAnswer: Error {
        let name: String
    }

    /// Throughput of two threads against one.
    ///
    /// Short phases in turn: the first thread works, both work, the second works; each phase counts
    /// with its median. Slow and fast seconds of the machine then touch all three alike, and what
    /// the threads take away from each other is in every phase of both.
    private static func scaling(
        _ policy: Policy, _ entrypoint: Program.Entrypoint, _ input: Value, _ rounds: Int
    ) throws -> Double {
        let turns = 151
        let rounds = max(1, rounds / turns)
        let arrived = Atomic(0)
        let rates = Mutex((alone: 0.0, together: 0.0))
        let threads = try (0..<2).map { thread in
            try SystemThread.start(name: "bench") {
                let worker = Worker(policy, entrypoint, input)
                var alone: [Double] = []
                var together: [Double] = []
                for phase in 0..<3 * turns {
                    arrived.add(1, ordering: .sequentiallyConsistent)
                    while arrived.load(ordering: .acquiring) < 2 * (phase + 1) {}
                    guard phase % 3 != (thread == 0 ? 2 : 0) else { continue }
                    let time = (try? worker.time(rounds)) ?? .infinity
                    if phase % 3 == 1 { together.append(time) } else { alone.append(time) }
                }
                alone.sort()
                together.sort()
                rates.withLock {
                    $0.alone += 1 / alone[turns / 2]
                    $0.together += 1 / together[turns / 2]
                }
            }
        }
        for thread in threads { thread.join() }
        return rates.withLock { 2 * $0.together / $0.alone }
    }
}

/// One thread's evaluation of one policy.
final class Worker {
    private let machine: Machine
    private let evaluation = Evaluation()
    private let entrypoint: Program.Entrypoint
    private let input: TreeInput

    init(_ policy: Policy, _ entrypoint: Program.Entrypoint, _ input: Value) {
        machine = Machine(policy, evaluation: evaluation)
        self.entrypoint = entrypoint
        self.input = TreeInput(input)
    }

    func decide() throws -> Value {
        evaluation.begin(now: 1)
        machine.begin(input)
        return try machine.evaluate(entrypoint)
    }

    /// Nanoseconds of one decision, over `rounds` of them.
    func time(_ rounds: Int) throws -> Double {
        let started = MonotonicTime.now()
        for _ in 0..<rounds { _ = try decide() }
        return Double(MonotonicTime.now() - started) / Double(rounds)
    }

    func rounds(lasting nanoseconds: UInt64) throws -> Int {
        max(100, Int(Double(nanoseconds) / (try time(200))))
    }
}

/// A JSON document with the memory that it lives in.
final class LoadedJSON {
    let value: Value
    /// Bytes that hold it.
    let memory: Int
    private let arena: Arena
    private let text: [UInt8]

    init(_ text: String) throws {
        self.text = Array(text.utf8)
        arena = Arena(chunk: 1024, limit: .max)
        let arena = self.arena
        let scratch = Arena(limit: .max)
        defer { scratch.destroy() }
        value = try self.text.withUnsafeBufferPointer {
            try JSONReader.read($0, into: scratch).copied(
                into: arena, interner: StringInterner(arena))
        }
        memory = arena.used + 1024
    }

    deinit { arena.destroy() }
}
