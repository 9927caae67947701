// SPDX-License-Identifier: Apache-2.0
import RegoVM
import TestSupport
import Testing

@testable import PDP

/// Checks that a real Envoy sent, and the `input` that OPA-Envoy made of each.
@Suite struct InputFixtureTests {
    static func names() throws -> [String] {
        try SharedFolder.list("fixtures/check").filter { $0.hasSuffix(".check.bin") }
            .map { String($0.dropLast(".check.bin".count)) }
    }

    private func load(_ name: String) throws -> (CheckedRequest, Value) {
        let request = try CheckedRequest(SharedFolder.read("fixtures/check/\(name).check.bin"))
        let text = try SharedFolder.read("fixtures/check/\(name).opa-input.json")
        let copy = request.arena.allocate(UInt8.self, count: text.count)
        copy.update(from: text, count: text.count)
        let expected = try JSONReader.read(
            UnsafeBufferPointer(start: UnsafePointer(copy), count: text.count), into: request.arena)
        return (request, expected)
    }

    @Test func wholeDocumentIsWhatOPAEnvoyMakes() throws {
        let names = try Self.names()
        #expect(names.count >= 18)
        for name in names {
            let (request, expected) = try load(name)
            let own = try request.whole()
            #expect(own.description == normalised(expected, request.arena).description, "\(name)")
            #expect(own.isEqual(to: expected), "\(name)")
        }
    }

    /// Each path alone gives what the whole document has there.
    @Test func eachPathReadAloneIsTheSame() throws {
        for name in try Self.names() {
            let (request, expected) = try load(name)
            var paths: [[String]] = []
            collect(expected, [], &paths)
            #expect(paths.count > 10)
            for path in paths {
                let steps = path.map { request.arena.string($0) }
                let own = try request.read(path)
                let shape =
                    "\(name): input.\(path.joined(separator: ".")) is `\(request.json(own))`"
                #expect(own.isEqual(to: expected.value(at: steps)), "\(shape)")
            }
        }
    }

    /// The whole binding of a fixture's paths at once, as a policy would have it.
    @Test func manyPathsShareTheirParts() throws {
        let (request, expected) = try load("mcp-tools-call")
        var paths: [[String]] = []
        collect(expected, [], &paths)
        let steps = paths.map { $0.map { request.arena.string($0) } }
        let input = CheckInput()
        let binding = InputBinding(paths: steps)
        #expect(binding.tables.nodes.count < paths.count)
        input.bind(binding)
        input.begin(request.context)
        for (index, path) in steps.enumerated() {
            #expect(input.value(at: index, in: request.arena).isEqual(to: expected.value(at: path)))
        }
        #expect(input.failure == nil)
    }

    private func collect(_ value: Value, _ path: [String], _ paths: inout [[String]]) {
        paths.append(path)
        for (key, element) in zip(value.keys, value.values) {
            collect(element, path + [key.asString ?? ""], &paths)
        }
    }

    /// The same document with `41002.0` as `41002`.
    private func normalised(_ value: Value, _ arena: Arena) -> Value {
        switch value.kind {
        case .decimal:
            return Double(String(decoding: value.bytes, as: UTF8.self)).map(arena.number) ?? value
        case .array: return arena.array(value.elements.map { normalised($0, arena) })
        case .object:
            let object = CollectionBuilder.object(in: arena, capacity: value.count)
            for (key, element) in zip(value.keys, value.values) {
                object.insert(key, normalised(element, arena))
            }
            return object.finish()
        default: return value
        }
    }
}
