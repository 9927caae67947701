// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import RegoVM

/// The declarations of our builtins against OPA's `capabilities.json`.
@Suite("Signatures")
struct SignatureTests {
    @Test("Types and traits are those that OPA declares")
    func signaturesMatch() throws {
        let text = try SharedFolder.read("rego/capabilities.json")
        let arena = Arena()
        defer { arena.destroy() }
        let capabilities = try text.withUnsafeBufferPointer { try JSONReader.read($0, into: arena) }
        for declaration in capabilities["builtins"].elements {
            let name = try #require(declaration["name"].asString)
            guard let index = BuiltinTable.index(of: name) else { continue }
            let builtin = BuiltinTable.all[index]
            let types = declaration["decl"]
            let operands = types["args"].elements.map(notation).joined(separator: ", ")
            #expect(builtin.signature == "\(operands) -> \(notation(types["result"]))", "\(name)")
            #expect(builtin.traits.contains(.relation) == declaration["relation"].isTrue, "\(name)")
            #expect(
                builtin.traits.contains(.deprecated) == declaration["deprecated"].isTrue, "\(name)")
            #expect(
                builtin.traits.contains(.nondeterministic)
                    == declaration["nondeterministic"].isTrue,
                "\(name)")
        }
    }

    @Test("No name is declared twice")
    func namesAreUnique() {
        #expect(Set(BuiltinTable.all.map(\.name)).count == BuiltinTable.all.count)
    }

    private func notation(_ type: Value) -> String {
        let inner = { (key: StaticString) in
            type[key].elements.map(notation).joined(separator: ", ")
        }
        switch type["type"].asString {
        case "any": return type["of"].count > 0 ? "any<\(inner("of"))>" : "any"
        case "array":
            return type["static"].count > 0
                ? "array<\(inner("static"))>" : "array[\(notation(type["dynamic"]))]"
        case "set": return "set[\(notation(type["of"]))]"
        case "object":
            let dynamic = type["dynamic"]
            guard type["static"].count > 0 else {
                return "object[\(notation(dynamic["key"])): \(notation(dynamic["value"]))]"
            }
            var entries = type["static"].elements.map {
                "\($0["key"].asString ?? ""): \(notation($0["value"]))"
            }
            if dynamic.isDefined { entries.append("...") }
            return "object<\(entries.joined(separator: ", "))>"
        case let name: return name ?? ""
        }
    }
}
