// SPDX-License-Identifier: Apache-2.0
import HTTP2
import HTTP2Client
import Testing

@Suite struct SessionTests {
    @Test(arguments: [1, 7, 100, Int.max])
    func bodiesArriveWholeHoweverTheyAreCut(piece: Int) {
        let wire = Wire()
        wire.onReady = echo
        let small = wire.client.request(path: "/a", body: Array("hello".utf8))
        let large = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
        let big = wire.client.request(path: "/b", body: large)
        wire.talk(piece: piece)
        #expect(wire.client.answers[small]?.body == Array("hello".utf8))
        #expect(wire.client.answers[big]?.body == large)
        #expect(wire.client.answers[big]?["grpc-status"] == "0")
        #expect(wire.client.answers[big]?.closed == 0)
        #expect(wire.session.openStreams == 0)
    }

    @Test func wholeMessageInOneChunkIsNotCopied() {
        let wire = Wire()
        let request =
            Raw.greeting + Raw.call("/a", stream: 1)
            + Raw.frame(type: Raw.data, flags: Raw.endStream, stream: 1, [1, 2, 3])
        var inPlace = false
        request.withUnsafeBytes { bytes in
            wire.session.receive(bytes, now: 0)
            while let stream = wire.session.nextReady() {
                let start = stream.body.baseAddress!
                inPlace = start >= bytes.baseAddress! && start < bytes.baseAddress! + bytes.count
            }
        }
        #expect(inPlace)
    }

    @Test func interleavedBodiesDoNotMix() {
        let wire = Wire()
        wire.onReady = echo
        var bytes = Raw.greeting + Raw.call("/a", stream: 1) + Raw.call("/a", stream: 3)
        for value in UInt8(0)..<50 {
            bytes += Raw.frame(type: Raw.data, stream: 1, [value])
            bytes += Raw.frame(type: Raw.data, stream: 3, [value, value])
        }
        bytes += Raw.frame(type: Raw.data, flags: Raw.endStream, stream: 3)
        bytes += Raw.frame(type: Raw.data, flags: Raw.endStream, stream: 1)
        var bodies: [Int32: [UInt8]] = [:]
        wire.onReady = { if $0.isEnded { bodies[$0.id] = Array($0.body) } }
        wire.receive(bytes)
        #expect(bodies[1] == Array(0..<50))
        #expect(bodies[3] == (UInt8(0)..<50).flatMap { [$0, $0] })
    }

    @Test func windowOfOneByteIsHonoured() {
        let wire = Wire(client: Client(window: 1))
        wire.onReady = echo
        let body = Array("0123456789".utf8)
        let id = wire.client.request(path: "/a", body: body)
        wire.talk()
        #expect(wire.client.answers[id]?.body == body)
        #expect(wire.client.answers[id]?["grpc-status"] == "0")
    }

    @Test func answersComeThroughAnyOutputSize() {
        let wire = Wire()
        wire.onReady = echo
        let body = [UInt8](repeating: 7, count: 40_000)
        let id = wire.client.request(path: "/a", body: body)
        wire.receive(wire.client.output())
        for _ in 0..<3 {
            let bytes = wire.produce(piece: 11)
            wire.client.input(bytes)
            wire.receive(wire.client.output())
        }
        #expect(wire.client.answers[id]?.body == body)
    }

    @Test func lateAnswerToAGoneStreamIsHarmless() {
        let wire = Wire()
        let id = wire.client.request(path: "/a", body: [1])
        wire.talk()
        #expect(wire.session.stream(id) != nil)
        wire.client.reset(id)
        wire.talk()
        #expect(wire.session.stream(id) == nil)
        #expect(wire.fault == nil)
        #expect(wire.session.openStreams == 0)
    }

    @Test func streamThatWasResetBeforeItWasLookedAtIsNotShown() {
        let wire = Wire()
        var shown = 0
        wire.onReady = { _ in shown += 1 }
        wire.receive(
            Raw.greeting + Raw.call("/a", stream: 1, ends: true)
                + Raw.frame(type: Raw.rstStream, stream: 1, Raw.bytes(8)))
        #expect(shown == 0)
        #expect(wire.session.openStreams == 0)
    }

    @Test func trailersAfterAnIdleAnswerAreSent() {
        let wire = Wire()
        let id = wire.client.request(path: "/a", body: [1])
        wire.onReady = { stream in
            guard stream.isEnded else { return }
            _ = stream.beginAnswer(okHead, bodyFollows: true)
            _ = [UInt8](arrayLiteral: 1, 2).withUnsafeBytes { stream.append($0) }
        }
        wire.talk()
        #expect(wire.client.answers[id]?.body == [1, 2])
        #expect(wire.client.answers[id]?.closed == nil)
        wire.session.stream(id)?.finishAnswer(trailers: okTrailers)
        wire.talk()
        #expect(wire.client.answers[id]?["grpc-status"] == "0")
        #expect(wire.client.answers[id]?.closed == 0)
    }

    @Test func earlyAnswerAsksThePeerToStop() {
        let wire = Wire()
        let id = wire.client.request(path: "/a", body: [1], ends: false)
        wire.onReady = { stream in
            if !stream.isAnswerBegun { _ = stream.beginAnswer(okHead, bodyFollows: false) }
        }
        wire.talk()
        #expect(wire.client.answers[id]?[":status"] == "200")
        #expect(wire.client.answers[id]?.closed == 0)
        #expect(wire.session.openStreams == 0)
    }

    @Test func shutdownLetsOpenStreamsEnd() {
        let wire = Wire()
        let first = wire.client.request(path: "/a", body: [1])
        wire.talk()
        wire.session.announceShutdown()
        wire.talk()
        wire.session.refuseNewStreams()
        wire.talk()
        #expect(wire.client.goneAway == 0)
        #expect(wire.client.goAwayLastStream == first)
        #expect(!wire.session.isOver)
        wire.session.stream(first).map(echo)
        wire.talk()
        #expect(wire.client.answers[first]?.closed == 0)
        #expect(wire.session.isOver)
    }
}
