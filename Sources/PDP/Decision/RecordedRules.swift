// SPDX-License-Identifier: Apache-2.0
import Authorization
import CText
import RegoVM

/// The rules beside an entrypoint, whose outcomes explain its answer. Immutable; shared by all
/// threads without a reference count.
struct RecordedRules: @unchecked Sendable {
    /// In the program.
    private let rules: UnsafeMutableBufferPointer<Int>
    /// The rules' names as JSON.
    private let names: UnsafeMutableBufferPointer<Bytes>
    private let text: UnsafeMutableBufferPointer<UInt8>
    private let count: Int

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
            guard found.count < Limits.recordedRules, rule.path.count > package.count,
                Self.begins(rule.path, with: package)
            else { continue }
            let start = text.count
            text += Self.name(rule.path.dropFirst(package.count), arena)
            found.append((index, start..<text.count))
        }
        self.text = .allocate(capacity: max(1, text.count))
        _ = self.text.initialize(from: text)
        rules = .allocate(capacity: max(1, found.count))
        names = .allocate(capacity: max(1, found.count))
        let base = UnsafePointer(self.text.baseAddress)
        for (place, rule) in found.enumerated() {
            rules.initializeElement(at: place, to: rule.index)
            let name = Bytes(
                start: base.map { $0 + rule.range.lowerBound }, count: rule.range.count)
            names.initializeElement(at: place, to: name)
        }
        count = found.count
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
        text.deallocate()
    }

    /// Tells these rules from those of other entrypoints as long as they are not freed.
    var owner: UnsafePointer<Int>? { UnsafePointer(rules.baseAddress) }

    /// Finds those that held in the machine's last decision.
    ///
    /// - Parameter places: gets which of these rules they are; has room for
    ///   `Limits.recordedRules`.
    /// - Returns: how many there are.
    func findHeld(in machine: Machine, _ places: UnsafeMutablePointer<Int>) -> Int {
        machine.findHeld(UnsafeBufferPointer(rebasing: rules[0..<count]), places)
    }

    /// Writes the names of the rules at `places` as one JSON array; nothing when there are none.
    ///
    /// - Parameter memory: has room for `Limits.recordedRuleBytes`.
    /// - Returns: how many bytes were written.
    func write(_ places: UnsafeBufferPointer<Int>, to memory: UnsafeMutablePointer<UInt8>) -> Int {
        var count = 0
        for place in places {
            let name = names[place]
            guard let start = name.start, count + name.count + 2 <= Limits.recordedRuleBytes else {
                break
            }
            memory[count] = count == 0 ? UInt8(ascii: "[") : UInt8(ascii: ",")
            text_copy(memory + count + 1, start, name.count)
            count += name.count + 1
        }
        guard count > 0 else { return 0 }
        memory[count] = UInt8(ascii: "]")
        return count + 1
    }
}
