// SPDX-License-Identifier: Apache-2.0
import Authorization
import TestSupport
import Testing

@testable import ExtAuthz

/// `CheckRequestReader` against protobuf-c's generated code.
///
/// What our reader accepts, protobuf-c accepts and reads the same. It is stricter in the ways that
/// `refusedOnlyByUs` lists; and protobuf-c's strings end at a NUL, ours do not.
@Suite struct DifferentialTests {
    private static let refusedOnlyByUs: Set<CheckRequestError.Code> = [
        .invalidUTF8, .ambiguousHeaders, .repeatedMetadata, .tooDeep, .tooManyEntries,
        .varintOverflow,
        .invalidTag, .notFinite,
    ]

    static func fixtures() throws -> [String: [UInt8]] {
        var found: [String: [UInt8]] = [:]
        for name in try SharedFolder.list("fixtures/check") where name.hasSuffix(".check.bin") {
            found[name] = try SharedFolder.read("fixtures/check/" + name)
        }
        return found
    }

    @Test func fixturesReadTheSame() throws {
        let fixtures = try Self.fixtures()
        #expect(fixtures.count >= 18)
        for (name, message) in fixtures {
            let own = try own(message).get()
            #expect(own.lines.count > 10)
            #expect(own.lines == Description.oracle(message)?.lines, "\(name)")
        }
    }

    @Test(arguments: 0..<8)
    func mutationsReadTheSame(seed: UInt64) throws {
        let fixtures = try Self.fixtures().sorted { $0.key < $1.key }.map(\.value)
        var generator = SeededGenerator(seed: seed)
        var accepted = 0
        for round in 0..<2000 {
            let message = Mutation.mutate(fixtures, &generator)
            let oracle = Description.oracle(message)
            switch own(message) {
            case .success(let description):
                accepted += 1
                let difference = oracle.flatMap { description.firstDifference(from: $0) }
                #expect(
                    oracle != nil && difference == nil,
                    "seed \(seed) round \(round): \(difference ?? "")")
            case .failure(let error):
                let isKnown = oracle == nil || Self.refusedOnlyByUs.contains(error.code)
                #expect(isKnown, "seed \(seed) round \(round): \(error)")
            }
        }
        // The comparison is worth something only when many mutations are still messages.
        #expect(accepted > 200)
    }

    private func own(_ message: [UInt8]) -> Result<Description, CheckRequestError> {
        let context = AttributeContext()
        return message.withUnsafeBytes { bytes in
            do throws(CheckRequestError) {
                try CheckRequestReader.read(bytes, into: context)
                return .success(Description(context))
            } catch {
                return .failure(error)
            }
        }
    }
}

/// Changes to real messages that leave many of them readable.
enum Mutation {
    static func mutate(_ messages: [[UInt8]], _ generator: inout SeededGenerator) -> [UInt8] {
        guard var message = messages.randomElement(using: &generator) else { return [] }
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
            change(&message, messages, &generator)
        }
        return message
    }

    private static func change(
        _ message: inout [UInt8], _ messages: [[UInt8]], _ generator: inout SeededGenerator
    ) {
        guard !message.isEmpty else { return }
        let place = message.indices.randomElement(using: &generator) ?? 0
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: message[place] = UInt8.random(in: 0...255, using: &generator)
        case 1: message[place] ^= 1 << UInt8.random(in: 0...7, using: &generator)
        case 2: message.insert(UInt8.random(in: 0...255, using: &generator), at: place)
        case 3: message.remove(at: place)
        case 4: message.removeSubrange(place...)
        case 5:
            // Two messages in a row are one message, merged.
            message += messages.randomElement(using: &generator) ?? []
        case 6:
            let end = min(message.count, place + Int.random(in: 1...40, using: &generator))
            message.insert(contentsOf: message[place..<end], at: place)
        default: message[place] = UInt8(ascii: "a")
        }
    }
}
