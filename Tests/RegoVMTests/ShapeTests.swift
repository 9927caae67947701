// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import RegoVM

@Suite struct ShapeTests {
    private let arena = Arena()

    private func value(_ weight: UInt64, nesting: UInt16 = 0) -> Value {
        var parts = Shape()
        parts.weight = weight - 1
        parts.nesting = nesting
        return Value(kind: .array, pointer: nil, length: 0, parts: parts)
    }

    @Test func smallWeightsAreExact() {
        for weight: UInt64 in 1..<512 { #expect(value(weight).weight == weight) }
    }

    @Test func largeOnesAreRoundedUpALittle() {
        var weight: UInt64 = 512
        while weight < 1 << 38 {
            for near in [weight - 1, weight, weight + 1, weight + weight / 3] {
                let told = value(near).weight
                #expect(told >= near && told <= near + near / 256 + 1, "\(near): \(told)")
            }
            weight *= 2
        }
        #expect(value(1 << 60).weight >= 1 << 38)
    }

    @Test func nestingStopsAtItsLargest() {
        #expect(value(5, nesting: 7).nesting == 8)
        #expect(value(1 << 30, nesting: 1023).nesting == 1024)
        #expect(value(5, nesting: .max).nesting == Shape.largestNesting)
        #expect(value(5, nesting: .max).needsBound)
    }

    @Test func partsAreCountedAsOftenAsTheyOccur() throws {
        let text = arena.string(#"{"a": [1, 2, {"b": []}], "c": "d"}"#)
        let read = try JSONReader.read(text.bytes, into: arena)
        #expect(read.weight == 10)
        #expect(read.nesting == 4)
        let twice = arena.array([read, read])
        #expect(twice.weight == 21)
        #expect(twice.copied(into: arena, interner: StringInterner(arena)).weight == 21)
    }

    @Test func answersAreMeasured() {
        let text = arena.string(String(repeating: "x", count: 100))
        let answer = arena.array([text, .true])
        #expect(!answer.exceeds(bytes: 148))
        #expect(answer.exceeds(bytes: 147))
    }
}
