// SPDX-License-Identifier: Apache-2.0
import Authorization
import CExtAuthz
import Testing

@testable import ExtAuthz

/// What holds for every decision, however strange, with protobuf-c as the reader of the answers.
@Suite struct ResponsePropertyTests {
    @Test(arguments: 0..<4)
    func everyAnswerIsReadableAndSaysTheDecision(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let writer = CheckResponseWriter(capacity: 1)
        let decision = Decision()
        for round in 0..<2000 {
            let memory = Memory()
            Self.fill(decision, memory, &generator)
            let wasAllowed = decision.isAllowed && !decision.isError
            let bytes = writer.encode(decision)
            let place: Comment = "seed \(seed) round \(round)"
            // Envoy reads an empty answer as "allowed".
            #expect(bytes.count > 0, place)
            let unpacked = envoy__service__auth__v3__check_response__unpack(
                nil, bytes.count, bytes.start)
            let response = try #require(unpacked, place)
            defer { envoy__service__auth__v3__check_response__free_unpacked(response, nil) }
            let status = try #require(response.pointee.status, place).pointee
            let kind = response.pointee.http_response_case.rawValue
            if decision.isError {
                #expect(status.code == 13 && kind == 5, place)
                #expect(
                    (200...599).contains(
                        response.pointee.error_response.pointee.status.pointee.code))
            } else if decision.isAllowed {
                #expect(wasAllowed && status.code == 0 && kind == 3, place)
                Self.checkAllowance(response.pointee.ok_response.pointee, place)
            } else {
                #expect(status.code == 7 && kind == 2, place)
                #expect(
                    (200...599).contains(
                        response.pointee.denied_response.pointee.status.pointee.code))
            }
            #expect(Self.decisionID(response.pointee) == decision.id.description, place)
        }
    }

    @Test func newDecisionIsADenial() {
        let writer = CheckResponseWriter()
        let bytes = writer.encode(Decision())
        // status: a message with code 7.
        #expect(Self.copy(bytes, of: writer).prefix(4) == [0x0A, 2, 0x08, 7])
    }

    @Test func allowanceWritesItsStatusToo() {
        let decision = Decision()
        decision.isAllowed = true
        let writer = CheckResponseWriter()
        #expect(Self.copy(writer.encode(decision), of: writer).prefix(2) == [0x0A, 0])
    }

    @Test(arguments: [false, true])
    func tooLargeAnswerIsCutToItsCore(isAllowed: Bool) {
        let memory = Memory()
        let decision = Decision()
        let large = memory.bytes([UInt8](repeating: 97, count: Limits.responseBytes))
        decision.isAllowed = isAllowed
        decision.headers = [Decision.Field(name: Bytes("x"), value: large)]
        #expect(CheckResponseWriter().encode(decision).count < 200)
        #expect(!decision.isAllowed && decision.isError == isAllowed)
        #expect(decision.reasons.first?.code.string == "response_too_large")
    }

    /// As an error, Envoy's `failure_mode_allow` would let it through.
    @Test func denialWithBadHeaderStaysADenial() {
        let decision = Decision()
        decision.headers = [Decision.Field(name: Bytes("x"), value: Bytes("a\r\nb"))]
        let writer = CheckResponseWriter()
        #expect(Self.copy(writer.encode(decision), of: writer).prefix(4) == [0x0A, 2, 0x08, 7])
        #expect(!decision.isAllowed && !decision.isError)
    }

    @Test func tooManyChangesAreAnError() {
        let decision = Decision()
        decision.isAllowed = true
        for _ in 0...Limits.mutations { decision.requestHeadersToRemove.append(Bytes("x")) }
        MutationRules.settle(decision)
        #expect(decision.isError && !decision.isAllowed)
        #expect(decision.reasons.first?.code.string == "response_too_many_mutations")
    }

    @Test func settlingTwiceChangesNothing() {
        let decision = Decision()
        decision.isAllowed = true
        decision.headers.append(Decision.Field(name: Bytes("a b"), value: Bytes("c")))
        MutationRules.settle(decision)
        MutationRules.settle(decision)
        #expect(decision.reasons.count == 1)
    }

    /// The writer owns the bytes, so it must live until they are copied.
    private static func copy(_ bytes: Bytes, of writer: CheckResponseWriter) -> [UInt8] {
        withExtendedLifetime(writer) { Array(bytes.buffer) }
    }

    private static func fill(
        _ decision: Decision, _ memory: Memory, _ generator: inout SeededGenerator
    ) {
        func text() -> Bytes {
            let alphabets = ["abcX-", "ab \t:%&=;,", "a\r\n\0ü"]
            let alphabet = Array((alphabets.randomElement(using: &generator) ?? "").utf8)
            let length = Int.random(
                in: 0...(Bool.random(using: &generator) ? 5 : 200), using: &generator)
            return memory.bytes(
                (0..<length).map { _ in alphabet.randomElement(using: &generator) ?? 0 })
        }
        func fields() -> [Decision.Field] {
            (0..<Int.random(in: 0...3, using: &generator)).map { _ in
                Decision.Field(name: text(), value: text())
            }
        }
        func names() -> [Bytes] {
            (0..<Int.random(in: 0...3, using: &generator)).map { _ in text() }
        }
        decision.reset()
        decision.id = DecisionID(
            milliseconds: generator.next(), random: (generator.next(), generator.next()))
        decision.isAllowed = Bool.random(using: &generator)
        decision.isError = Int.random(in: 0..<5, using: &generator) == 0
        decision.httpStatus =
            Bool.random(using: &generator) ? Int.random(in: -5...1000, using: &generator) : nil
        if Bool.random(using: &generator) { decision.headers = fields() }
        if Bool.random(using: &generator) { decision.responseHeadersToAdd = fields() }
        if Bool.random(using: &generator) { decision.requestHeadersToRemove = names() }
        if Bool.random(using: &generator) { decision.queryParametersToSet = fields() }
        if Bool.random(using: &generator) { decision.queryParametersToRemove = names() }
        if Bool.random(using: &generator) { decision.body = text() }
        if Int.random(in: 0..<8, using: &generator) == 0 { decision.dynamicMetadata = text() }
    }

    private static func checkAllowance(
        _ ok: Envoy__Service__Auth__V3__OkHttpResponse, _ place: Comment
    ) {
        var seen: Set<String> = []
        for option in elements(ok.headers, ok.n_headers) {
            let header = option.pointee.header.pointee
            let name = String(cString: header.key)
            #expect(name == name.lowercased() && seen.insert(name).inserted, place)
            #expect(header.value.pointee != 0, place)
            #expect(option.pointee.append != nil && option.pointee.append.pointee.value == 0, place)
        }
        for option in elements(ok.response_headers_to_add, ok.n_response_headers_to_add) {
            #expect(option.pointee.append == nil, place)
        }
        for pair in elements(ok.query_parameters_to_set, ok.n_query_parameters_to_set) {
            let value = String(cString: pair.pointee.value)
            #expect(!value.contains { $0 == "&" || $0 == " " || $0 == "=" || $0 == "\n" }, place)
        }
    }

    private static func decisionID(_ response: Envoy__Service__Auth__V3__CheckResponse) -> String? {
        guard let metadata = response.dynamic_metadata?.pointee else { return nil }
        let entries = elements(metadata.fields, metadata.n_fields)
        let last = entries.last { String(cString: $0.pointee.key) == "decision_id" }
        return last?.pointee.value.map { String(cString: $0.pointee.string_value) }
    }
}
