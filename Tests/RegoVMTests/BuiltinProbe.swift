// SPDX-License-Identifier: Apache-2.0
import RegoVM
import Testing

/// Calls one builtin with operands given as JSON, and shows what it does as text: the result as
/// JSON, `undefined`, or the error's code and message.
struct BuiltinProbe {
    let evaluation = Evaluation()

    init(now: Int64 = 0, seed: UInt64 = 1) {
        evaluation.begin(now: now, seed: seed)
        let network = FakeNetwork { _, _ in FakeNetwork.response("") }
        evaluation.network = Network(network, cache: HTTPCache())
    }

    /// - Parameter operands: JSON; an array behind `set:` becomes a set.
    func call(_ name: String, _ operands: String...) -> String {
        guard let index = BuiltinTable.index(of: name) else { return "no builtin \(name)" }
        let builtin = BuiltinTable.all[index]
        guard builtin.arity == operands.count else { return "arity of \(name) is \(builtin.arity)" }
        let values = operands.map(value)
        return values.withUnsafeBufferPointer { buffer in
            withUnsafeTemporaryAllocation(of: Value.self, capacity: 1) { empty in
                let base = buffer.baseAddress ?? UnsafePointer(empty.baseAddress!)
                do throws(BuiltinError) {
                    let result = try builtin.function(
                        evaluation, Operands(base, count: values.count))
                    return result.isUndefined ? "undefined" : result.description
                } catch {
                    return "\(error.code.rawValue): \(error.message)"
                }
            }
        }
    }

    func value(_ text: String) -> Value {
        let isSet = text.hasPrefix("set:")
        let json = evaluation.arena.string(isSet ? String(text.dropFirst(4)) : text)
        guard let value = try? JSONReader.read(json.bytes, into: evaluation.arena) else {
            Issue.record("not JSON: \(text)")
            return .undefined
        }
        guard isSet else { return value }
        let set = CollectionBuilder.set(in: evaluation.arena)
        for element in value.elements { set.insert(element) }
        return set.finish()
    }
}

/// One call and what it must show.
struct BuiltinCase: Sendable, CustomTestStringConvertible {
    let name: String
    let operands: [String]
    let expected: String

    init(_ name: String, _ operands: [String], _ expected: String) {
        self.name = name
        self.operands = operands
        self.expected = expected
    }

    var testDescription: String { "\(name)(\(operands.joined(separator: ", ")))" }

    func check(now: Int64 = 0) {
        let probe = BuiltinProbe(now: now)
        let shown: String
        switch operands.count {
        case 0: shown = probe.call(name)
        case 1: shown = probe.call(name, operands[0])
        case 2: shown = probe.call(name, operands[0], operands[1])
        case 3: shown = probe.call(name, operands[0], operands[1], operands[2])
        default: shown = probe.call(name, operands[0], operands[1], operands[2], operands[3])
        }
        #expect(shown == expected)
    }
}
