// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// The rules beside an entrypoint, whose outcomes explain its answer. Immutable; shared by all
/// threads without a reference count.
struct RecordedRules: @unchecked Sendable {
    private struct Rule: BitwiseCopyable {
        /// In the program.
        let index: Int
        /// The rule's name as JSON.
        let name: Bytes
    }

    private let rules: UnsafeMutableBufferPointer<Rule>
    private let names: UnsafeMutableBufferPointer<UInt8>

    /// - Parameter entrypoint: whose package is meant; the rule itself is left out.
    init(_ program: Program, _ entrypoint: Program.Entrypoint) {
        let package: [Value]
        var own = -1
        switch entrypoint {
        case .rule(let index):
            own = index
            package = Array(program.rules[index].path.dropLast())
        case .node(let index): package = program.nodes[index].path
        }
        let arena = Arena(limit: .max)
        defer { arena.destroy() }
        var text: [UInt8] = []
        var found: [(index: Int, range: Range<Int>)] = []
        for (index, rule) in program.rules.enumerated() where index != own {
            guard rule.path.count > package.count, Self.begins(rule.path, with: package) else {
                continue
            }
            let start = text.count
            text += Self.name(rule.path.dropFirst(package.count), arena)
            found.append((index, start..<text.count))
        }
        names = .allocate(capacity: max(1, text.count))
        _ = names.initialize(from: text)
        let base = UnsafePointer(names.baseAddress.unsafelyUnwrapped)
        rules = .allocate(capacity: found.count)
        _ = rules.initialize(
            from: found.map {
                Rule(
                    index: $0.index,
                    name: Bytes(start: base + $0.range.lowerBound, count: $0.range.count))
            })
    }

    private static func begins(_ path: [Value], with package: [Value]) -> Bool {
        for (own, other) in zip(path, package) where !own.isEqual(to: other) { return false }
        return true
    }

    /// `a.b` as a JSON string.
    private static func name(_ path: ArraySlice<Value>, _ arena: Arena) -> [UInt8] {
        let text = path.map { $0.asString ?? $0.description }.joined(separator: ".")
        var output = ByteBuilder(arena)
        JSONWriter.append(arena.string(text), to: &output)
        return Array(output.bytes)
    }

    func free() {
        rules.deallocate()
        names.deallocate()
    }

    /// The names of those that held in the machine's last decision: one JSON array, empty bytes for
    /// none. Valid as long as the arena is not reset.
    func record(of machine: Machine, in arena: Arena) -> Bytes {
        var start: UnsafeMutablePointer<UInt8>?
        var count = 0
        for rule in rules where machine.held(rule: rule.index) {
            guard count + rule.name.count + 2 <= Limits.recordedRuleBytes else { break }
            let memory = start ?? arena.allocate(UInt8.self, count: Limits.recordedRuleBytes)
            start = memory
            memory[count] = count == 0 ? UInt8(ascii: "[") : UInt8(ascii: ",")
            if let name = rule.name.start {
                (memory + count + 1).update(from: name, count: rule.name.count)
            }
            count += rule.name.count + 1
        }
        guard let start else { return .empty }
        start[count] = UInt8(ascii: "]")
        return Bytes(start: start, count: count + 1)
    }
}
