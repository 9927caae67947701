// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import RegoVM

/// Calls builtins with operands written as JSON, in which `#[1, 2]` stands for a set and keys of
/// objects may be any value.
struct BuiltinHarness {
    let evaluation = Evaluation()

    /// One call and what it must give: a value in the same notation, `undefined`, or
    /// `<error code>: <message>`.
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let operands: String
        let expected: String

        init(_ name: String, _ operands: String, _ expected: String) {
            self.name = name
            self.operands = operands
            self.expected = expected
        }

        var testDescription: String { "\(name)(\(operands))" }
    }

    func run(_ test: Case) throws -> String {
        let list = Literal(evaluation.arena).read("[" + test.operands + "]")
        return try call(test.name, Array(list.elements))
    }

    func call(_ name: String, _ operands: [Value]) throws -> String {
        let index = try #require(BuiltinTable.index(of: name), "no builtin `\(name)`")
        let builtin = BuiltinTable.all[index]
        #expect(builtin.arity == operands.count)
        return operands.withUnsafeBufferPointer { buffer in
            // An empty array's base address is nil, and a call without operands needs none.
            let base = buffer.baseAddress ?? UnsafePointer(bitPattern: 16)!
            do throws(BuiltinError) {
                return Literal.text(
                    try builtin.function(evaluation, Operands(base, count: operands.count)))
            } catch {
                return "\(error.code.rawValue): \(error.message)"
            }
        }
    }

    func expect(_ test: Case, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let expected =
            test.expected == "undefined" || test.expected.hasPrefix("eval_")
            ? test.expected : Literal.text(Literal(evaluation.arena).read(test.expected))
        let actual = try run(test)
        #expect(actual == expected, sourceLocation: sourceLocation)
    }
}

/// The notation of `BuiltinHarness`.
struct Literal {
    let arena: Arena

    init(_ arena: Arena) { self.arena = arena }

    func read(_ text: String) -> Value {
        var bytes = Array(text.utf8)[...]
        return value(&bytes)
    }

    private func value(_ rest: inout ArraySlice<UInt8>) -> Value {
        skipSpace(&rest)
        switch rest.first {
        case UInt8(ascii: "["):
            return arena.array(list(&rest, UInt8(ascii: "]")))
        case UInt8(ascii: "#"):
            rest = rest.dropFirst()
            let builder = CollectionBuilder.set(in: arena)
            for member in list(&rest, UInt8(ascii: "]")) { builder.insert(member) }
            return builder.finish()
        case UInt8(ascii: "{"):
            let builder = CollectionBuilder.object(in: arena)
            let parts = list(&rest, UInt8(ascii: "}"))
            for index in stride(from: 0, to: parts.count - 1, by: 2) {
                builder.update(parts[index], parts[index + 1])
            }
            return builder.finish()
        default:
            return scalar(&rest)
        }
    }

    /// Values up to `end`; commas and colons both part them.
    private func list(_ rest: inout ArraySlice<UInt8>, _ end: UInt8) -> [Value] {
        rest = rest.dropFirst()
        var values: [Value] = []
        while true {
            skipSpace(&rest)
            guard let first = rest.first, first != end else { break }
            if first == UInt8(ascii: ",") || first == UInt8(ascii: ":") {
                rest = rest.dropFirst()
            } else {
                values.append(value(&rest))
            }
        }
        rest = rest.dropFirst()
        return values
    }

    private func scalar(_ rest: inout ArraySlice<UInt8>) -> Value {
        let whole = rest
        if rest.first == UInt8(ascii: "\"") {
            rest = rest.dropFirst()
            while let byte = rest.first, byte != UInt8(ascii: "\"") {
                rest = rest.dropFirst(byte == UInt8(ascii: "\\") ? 2 : 1)
            }
            rest = rest.dropFirst()
        } else {
            rest = rest.drop { !",:]} \n".utf8.contains($0) }
        }
        // What is read shares the text, so that must live as long as the arena.
        let text = arena.string(
            String(decoding: whole.prefix(whole.count - rest.count), as: UTF8.self))
        do {
            return try JSONReader.read(text.bytes, into: arena)
        } catch {
            Issue.record("not JSON: \(String(decoding: text.bytes, as: UTF8.self))")
            return .undefined
        }
    }

    private func skipSpace(_ rest: inout ArraySlice<UInt8>) {
        rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
    }

    static func text(_ value: Value) -> String {
        switch value.kind {
        case .undefined: return "undefined"
        case .array: return "[" + value.elements.map(text).joined(separator: ", ") + "]"
        case .set: return "#[" + value.elements.map(text).joined(separator: ", ") + "]"
        case .object:
            let entries = (0..<value.count).map {
                text(value.keys[$0]) + ": " + text(value.values[$0])
            }
            return "{" + entries.joined(separator: ", ") + "}"
        default: return value.description
        }
    }
}
