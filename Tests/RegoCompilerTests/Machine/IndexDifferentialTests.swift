// SPDX-License-Identifier: Apache-2.0
import RegoCompiler
import RegoVM
import Testing

/// Random policies give the same results with and without rule indices.
@Suite struct IndexDifferentialTests {
    static let casesPerSeed = 60

    @Test(arguments: [1, 2, 3, 4])
    func indexChangesNoResult(seed: UInt64) {
        var random = SeededGenerator(seed)
        var without = PolicyRun()
        without.options.usesIndex = false
        var answered = 0
        for _ in 0..<Self.casesPerSeed {
            var generator = PolicyGenerator(random.bytes(400))
            let item = generator.make()
            let indexed = PolicyRun().outcomes(item)
            let plain = without.outcomes(item)
            for (left, right) in zip(indexed, plain) where !left.isLimit && !right.isLimit {
                #expect(left == right, "\(item.policy)\n\(item.data)\n\(item.inputs)")
                if case .value = left { answered += 1 }
                // What the type checker knows of rules and data is more than the generator does.
                if case .refused(let reason) = left, !reason.contains("rego_type_error") {
                    Issue.record("not valid: \(left)\n\(item.policy)")
                }
                if left != right { return }
            }
        }
        #expect(answered > Self.casesPerSeed / 2)
    }
}

/// SplitMix64: the same numbers for the same seed on every machine.
struct SeededGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }
}
