// SPDX-License-Identifier: Apache-2.0
import HTTP2
import HTTP2Client
import Testing

@Suite struct HostileTests {
    /// The error code of the GOAWAY among the server's frames; nil without one.
    private func goAway(_ bytes: [UInt8]) -> UInt32? {
        var rest = bytes[...]
        while rest.count >= 9 {
            let frame = Array(rest.prefix(9))
            let length = Int(frame[0]) << 16 | Int(frame[1]) << 8 | Int(frame[2])
            let payload = Array(rest.dropFirst(9).prefix(length))
            if frame[3] == Raw.goAway {
                return payload[4..<8].reduce(0) { $0 << 8 | UInt32($1) }
            }
            rest = rest.dropFirst(9 + length)
        }
        return nil
    }

    private static let protocolError: UInt32 = 1
    private static let flowControlError: UInt32 = 3
    private static let frameSizeError: UInt32 = 6
    private static let compressionError: UInt32 = 9
    private static let enhanceYourCalm: UInt32 = 11

    @Test func anythingButThePrefaceIsRefused() {
        let others = [
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "PRI * HTTP/1.0\r\n\r\nSM\r\n\r\n",
            "\u{16}\u{3}\u{1}\u{2}\u{0}",
        ]
        for bytes in others {
            let wire = Wire()
            wire.receive(Array(bytes.utf8))
            #expect(wire.fault == .badPreface)
            #expect(goAway(wire.produce()) == Self.protocolError)
            #expect(wire.session.isOver)
        }
    }

    /// Frames that RFC 9113 calls connection errors.
    static let wrongFrames: [(String, [UInt8], UInt32)] = [
        ("DATA on stream 0", Raw.frame(type: Raw.data, [1]), protocolError),
        ("DATA on an idle stream", Raw.frame(type: Raw.data, stream: 5, [1]), protocolError),
        ("HEADERS on stream 0", Raw.frame(type: Raw.headers, flags: 4, [0]), protocolError),
        ("HEADERS on an even stream", Raw.call("/a", stream: 2), protocolError),
        (
            "RST_STREAM on an idle stream",
            Raw.frame(type: Raw.rstStream, stream: 7, Raw.bytes(0)), protocolError
        ),
        (
            "RST_STREAM that is too short",
            Raw.frame(type: Raw.rstStream, stream: 1, [0]), frameSizeError
        ),
        ("SETTINGS on a stream", Raw.frame(type: Raw.settings, stream: 1), protocolError),
        ("SETTINGS of five bytes", Raw.frame(type: Raw.settings, [0, 0, 0, 0, 0]), frameSizeError),
        (
            "SETTINGS with a window over the limit",
            Raw.frame(type: Raw.settings, [0, 4, 0xFF, 0xFF, 0xFF, 0xFF]), flowControlError
        ),
        (
            "SETTINGS with a window over the limit among others",
            Raw.frame(
                type: Raw.settings, [0, 4, 0xFF, 0xFF, 0xFF, 0xFF, 0, 4, 0, 0, 0, 100]),
            flowControlError
        ),
        (
            "PUSH_PROMISE", Raw.frame(type: Raw.pushPromise, flags: 4, stream: 1, Raw.bytes(2)),
            protocolError
        ),
        ("PING of seven bytes", Raw.frame(type: Raw.ping, [0, 0, 0, 0, 0, 0, 0]), frameSizeError),
        ("WINDOW_UPDATE of zero", Raw.frame(type: Raw.windowUpdate, Raw.bytes(0)), protocolError),
        (
            "CONTINUATION alone", Raw.frame(type: Raw.continuation, flags: 4, stream: 1),
            protocolError
        ),
        (
            "a frame that is too large", Raw.frame(type: Raw.data, stream: 1, length: 1 << 20),
            frameSizeError
        ),
        (
            "a header block that is no HPACK",
            Raw.frame(
                type: Raw.headers, flags: 4, stream: 1, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
            compressionError
        ),
        (
            "a header block cut by another frame",
            Raw.frame(type: Raw.headers, stream: 1, [0x82])
                + Raw.frame(
                    type: Raw.ping,
                    [0, 0, 0, 0, 0, 0, 0, 0]), protocolError
        ),
    ]

    @Test(arguments: wrongFrames)
    func wrongFramesEndTheConnection(name: String, bytes: [UInt8], code: UInt32) {
        let wire = Wire()
        wire.receive(Raw.greeting + bytes)
        #expect(goAway(wire.produce()) == code, "\(name)")
        #expect(wire.session.isOver, "\(name)")
    }

    @Test func truncatedFramesWaitAndCostNothing() {
        let whole =
            Raw.greeting + Raw.call("/a", stream: 1)
            + Raw.frame(
                type: Raw.data, flags: Raw.endStream, stream: 1, [UInt8](repeating: 1, count: 64))
        for count in 0..<whole.count {
            let wire = Wire()
            var ended = false
            wire.onReady = { ended = ended || $0.isEnded }
            wire.receive(Array(whole.prefix(count)))
            #expect(!ended)
            #expect(wire.fault == nil)
        }
    }

    @Test func headerListOverTheLimitIsToldToTheLayerAbove() {
        var limits = SessionLimits()
        limits.headerList = 1000
        let wire = Wire(limits: limits)
        var tooLarge = false
        wire.onReady = { tooLarge = $0.isHeadTooLarge }
        wire.client.request(
            path: "/a", fields: Client.grpcFields + [("x", String(repeating: "y", count: 1000))])
        wire.talk()
        #expect(tooLarge)
        #expect(wire.fault == nil)
    }

    @Test func endlessHeaderListEndsTheConnection() {
        var limits = SessionLimits()
        limits.headerList = 1000
        let wire = Wire(limits: limits)
        let field = Raw.block([("x", String(repeating: "y", count: 100))])
        let block = Raw.block(Raw.callFields("/a")) + (0..<120).flatMap { _ in field }
        wire.receive(Raw.greeting + Raw.frame(type: Raw.headers, stream: 1, block))
        #expect(wire.fault == .headerListTooLarge)
        #expect(goAway(wire.produce()) == Self.enhanceYourCalm)
    }

    @Test func continuationsWithoutEndEndTheConnection() {
        let wire = Wire()
        var bytes =
            Raw.greeting
            + Raw.frame(type: Raw.headers, stream: 1, Raw.block(Raw.callFields("/a")))
        for _ in 0..<1000 { bytes += Raw.frame(type: Raw.continuation, stream: 1) }
        wire.receive(bytes)
        _ = wire.produce()
        #expect(wire.session.isOver)
    }

    @Test func tenThousandStreamsOpenedAndReset() {
        let wire = Wire()
        var bytes = Raw.greeting
        for index in UInt32(0)..<10_000 {
            bytes += Raw.call("/a", stream: index * 2 + 1)
            bytes += Raw.frame(type: Raw.rstStream, stream: index * 2 + 1, Raw.bytes(8))
        }
        wire.receive(bytes, piece: 16_384)
        #expect(wire.fault == .tooManyResets)
        #expect(goAway(wire.produce()) == Self.enhanceYourCalm)
        #expect(wire.session.isOver)
    }

    @Test func resetsThatThePeerProvokesCount() {
        // CVE-2025-8671: a WINDOW_UPDATE of zero on a stream makes the server reset it.
        let wire = Wire()
        var bytes = Raw.greeting
        for index in UInt32(0)..<2000 {
            bytes =
                Raw.call("/a", stream: index * 2 + 1)
                + Raw.frame(type: Raw.windowUpdate, stream: index * 2 + 1, Raw.bytes(0))
            wire.receive(index == 0 ? Raw.greeting + bytes : bytes)
            _ = wire.produce()
            if wire.session.isOver { break }
        }
        #expect(wire.session.isOver)
    }

    static let floods: [(String, [UInt8], SessionFault)] = [
        ("SETTINGS", Raw.emptySettings, .tooManySettings),
        ("PING", Raw.frame(type: Raw.ping, [0, 0, 0, 0, 0, 0, 0, 0]), .tooManyPings),
        (
            "PRIORITY", Raw.frame(type: Raw.priority, stream: 1, [0, 0, 0, 3, 9]),
            .tooManyPriorities
        ),
        ("empty DATA", Raw.frame(type: Raw.data, stream: 1), .tooManyEmptyFrames),
        ("WINDOW_UPDATE", Raw.frame(type: Raw.windowUpdate, Raw.bytes(1)), .tooManyWindowUpdates),
    ]

    @Test(arguments: floods)
    func floodsEndTheConnection(name: String, frame: [UInt8], fault: SessionFault) {
        let wire = Wire()
        wire.receive(Raw.greeting + Raw.call("/a", stream: 1))
        let block = (0..<1000).flatMap { _ in frame }
        for _ in 0..<30 where wire.fault == nil {
            wire.receive(block)
            _ = wire.produce()
        }
        #expect(wire.fault == fault, "\(name)")
    }

    @Test func floodOfPingsThatNobodyReadsIsBounded() {
        var limits = SessionLimits()
        limits.abuse.pings = .init(burst: .max, perSecond: 0)
        let wire = Wire(limits: limits)
        let ping = Raw.frame(type: Raw.ping, [0, 0, 0, 0, 0, 0, 0, 0])
        wire.receive(Raw.greeting + (0..<5000).flatMap { _ in ping })
        #expect(wire.fault == .tooManyPendingFrames)
    }

    @Test func bodyOverItsLimitIsDropped() {
        var limits = SessionLimits()
        limits.body = 1000
        let wire = Wire(limits: limits)
        var isTooLarge = false
        wire.onReady = { stream in
            isTooLarge = isTooLarge || stream.isBodyTooLarge
            if stream.isBodyTooLarge { #expect(stream.body.isEmpty) }
        }
        wire.client.request(path: "/a", body: [UInt8](repeating: 0, count: 5000))
        wire.talk(piece: 100)
        #expect(isTooLarge)
    }

    @Test func bodiesOfAllStreamsTogetherAreBounded() {
        var limits = SessionLimits()
        limits.heldBodies = 100_000
        let wire = Wire(limits: limits)
        var refused: Set<Int32> = []
        wire.onReady = { if $0.isBodyRefused { refused.insert($0.id) } }
        for _ in 0..<40 {
            wire.client.request(path: "/a", body: [UInt8](repeating: 0, count: 9000), ends: false)
        }
        wire.talk(piece: 1000)
        #expect(refused.count > 20 && refused.count < 40)
        #expect(wire.fault == nil)
    }

    @Test func tooManyConcurrentStreamsAreRefused() {
        var limits = SessionLimits()
        limits.concurrentStreams = 4
        let wire = Wire(limits: limits)
        // The client does not wait for the server's SETTINGS, as Envoy does not.
        for _ in 0..<10 { wire.client.request(path: "/a", body: [1], ends: false) }
        wire.talk()
        let refused = wire.client.answers.values.filter { $0.closed == 7 }.count
        #expect(wire.session.openStreams <= 4)
        #expect(refused == 6)
    }

    @Test func answersThatThePeerLeavesNoWindowForAreReset() {
        let wire = Wire(client: Client(window: 0))
        wire.onReady = echo
        let id = wire.client.request(path: "/a", body: [1, 2, 3])
        wire.talk()
        wire.session.resetStuckAnswers()
        wire.talk()
        #expect(wire.client.answers[id]?.closed == nil)
        wire.session.resetStuckAnswers()
        wire.talk()
        #expect(wire.client.answers[id]?.closed == 8)
        #expect(wire.session.openStreams == 0)
    }
}
