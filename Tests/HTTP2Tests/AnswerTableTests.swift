// SPDX-License-Identifier: Apache-2.0
import HTTP2Client
import Testing

@testable import HTTP2

/// Header fields of answers for peers with tables of any size, read by nghttp2.
@Suite("answers' header compression")
struct AnswerTableTests {
    private static let sizes: [UInt32] = [
        0, 1, 30, 31, 32, 63, 100, 103, 104, 127, 128, 158, 159, 200, 286, 287, 4095, 4096, 4097,
        65_536, .max,
    ]

    private func expectAnswer(_ wire: Wire, _ body: [UInt8]) {
        let id = wire.client.call("/echo", body)
        wire.talk()
        let answer = wire.client.answers[id]
        #expect(wire.client.goneAway == nil && wire.fault == nil)
        #expect(answer?.fields.map(\.name) == [":status", "content-type", "grpc-status"])
        #expect(answer?.fields.map(\.value) == ["200", "application/grpc", "0"])
        #expect(answer?.closed == 0 && answer?.body == framed(body))
    }

    private func wire() -> Wire {
        let wire = Wire()
        wire.onReady = echo
        return wire
    }

    /// Bytes of the header blocks of the next answer.
    private func blocks(_ wire: Wire) -> [Int] {
        let id = wire.client.call("/echo")
        wire.receive(wire.client.output())
        let answer = wire.produce()
        wire.client.input(answer)
        #expect(wire.client.answers[id]?["grpc-status"] == "0")
        return Wire.frames(of: answer).filter { $0.head.type == FrameType.headers }
            .map(\.head.length)
    }

    @Test("a table of any size, from the beginning and later", arguments: sizes)
    func size(size: UInt32) {
        let early = wire()
        early.client.limitTable(size)
        for length in 0..<4 { expectAnswer(early, [UInt8](repeating: 1, count: length)) }
        let late = wire()
        for length in 0..<2 { expectAnswer(late, [UInt8](repeating: 1, count: length)) }
        late.client.limitTable(size)
        for length in 0..<4 { expectAnswer(late, [UInt8](repeating: 1, count: length)) }
    }

    @Test("what was said once is a byte from then on, where the table has room")
    func remembered() {
        let wire = wire()
        expectAnswer(wire, [])
        #expect(blocks(wire) == [2, 1])
        wire.client.limitTable(200)
        wire.talk()
        // `:status` and a literal, with the two sizes before them; then a literal.
        #expect(blocks(wire) == [1 + 3 + 1 + 18, 15])
        #expect(blocks(wire) == [2, 1])
        wire.client.limitTable(100)
        wire.talk()
        #expect(blocks(wire)[0] > 18)
        #expect(blocks(wire) == [1 + 18, 15])
        wire.client.limitTable(4096)
        wire.talk()
        #expect(blocks(wire) == [3 + 1 + 18, 15])
        #expect(blocks(wire) == [2, 1])
    }

    @Test("a size that was asked for and taken back is told")
    func takenBack() {
        let wire = wire()
        for _ in 0..<2 { expectAnswer(wire, []) }
        wire.client.limitTable(0, 4096)
        for _ in 0..<3 { expectAnswer(wire, []) }
        wire.client.limitTable(50)
        wire.client.limitTable(300, 200)
        for _ in 0..<3 { expectAnswer(wire, []) }
    }

    @Test("sizes change again and again")
    func changes() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            var limits = SessionLimits()
            limits.abuse.settings = .init(burst: 1000, perSecond: 1000)
            let wire = Wire(limits: limits)
            wire.onReady = echo
            for _ in 0..<20 {
                switch UInt8.random(in: 0..<4, using: &random) {
                case 0: wire.client.limitTable(Self.sizes.randomElement(using: &random)!)
                case 1:
                    wire.client.limitTable(
                        Self.sizes.randomElement(using: &random)!,
                        Self.sizes.randomElement(using: &random)!)
                case 2: wire.talk()
                default: expectAnswer(wire, [7])
                }
            }
        }
    }

    @Test("trailers may come before any head that tables remember")
    func trailersFirst() {
        let wire = wire()
        // The head is out when the table is emptied.
        wire.onReady = { stream in
            if !stream.isAnswerBegun { _ = stream.beginAnswer(okHead, bodyFollows: true) }
        }
        let id = wire.client.call("/later")
        wire.talk()
        wire.client.limitTable(128)
        wire.talk()
        wire.session.stream(id)?.finishAnswer(trailers: okTrailers)
        wire.talk()
        #expect(wire.client.answers[id]?["grpc-status"] == "0")
        wire.onReady = echo
        for _ in 0..<4 { expectAnswer(wire, [1]) }
    }
}
