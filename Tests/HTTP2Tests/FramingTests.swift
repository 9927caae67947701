// SPDX-License-Identifier: Apache-2.0
import HTTP2Client
import Testing

@testable import HTTP2

/// What a polite peer may do and a lazy reader of RFC 9113 gets wrong.
@Suite struct FramingTests {
    private static let padded: UInt8 = 0x8
    private static let priority: UInt8 = 0x20
    private static let endHeaders: UInt8 = 0x4

    private func bodies(_ bytes: [UInt8], piece: Int = .max) -> (Wire, [Int32: [UInt8]]) {
        let wire = Wire()
        var bodies: [Int32: [UInt8]] = [:]
        wire.onReady = { if $0.isEnded { bodies[$0.id] = Array($0.body) } }
        wire.receive(Raw.greeting + bytes, piece: piece)
        return (wire, bodies)
    }

    @Test(arguments: [1, 2, 3, 10, Int.max])
    func paddingIsNoBody(piece: Int) {
        let block = Raw.block(Raw.callFields("/a"))
        let flags = Self.padded | Self.priority | Self.endHeaders
        let head = Raw.frame(
            type: Raw.headers, flags: flags, stream: 1, [4, 0, 0, 0, 0, 16] + block + [0, 0, 0, 0])
        let data =
            Raw.frame(type: Raw.data, flags: Self.padded, stream: 1, [3, 7, 8, 0, 0, 0])
            + Raw.frame(type: Raw.data, flags: Self.padded, stream: 1, [0, 9])
            + Raw.frame(type: Raw.data, flags: Self.padded | Raw.endStream, stream: 1, [2, 0, 0])
        let (wire, bodies) = bodies(head + data, piece: piece)
        #expect(bodies[1] == [7, 8, 9])
        #expect(wire.fault == nil)
    }

    @Test func paddingLongerThanItsFrameEndsTheConnection() {
        let frames = [
            Raw.call("/a", stream: 1)
                + Raw.frame(type: Raw.data, flags: Self.padded, stream: 1, [3, 1, 1]),
            Raw.frame(type: Raw.headers, flags: Self.padded | 4, stream: 1, [200, 0x82]),
            Raw.call("/a", stream: 1) + Raw.frame(type: Raw.data, flags: Self.padded, stream: 1),
        ]
        for frame in frames { #expect(bodies(frame).0.fault == .protocolError) }
    }

    @Test(arguments: [1, 5, Int.max])
    func headersComeInAnyNumberOfFrames(piece: Int) {
        let block = Raw.block(Raw.callFields("/a"))
        var bytes = Raw.frame(type: Raw.headers, flags: Raw.endStream, stream: 1, [block[0]])
        for (index, byte) in block.dropFirst().enumerated().prefix(20) {
            let isLast = index == 19
            let rest = isLast ? Array(block.dropFirst(20)) : [byte]
            bytes += Raw.frame(
                type: Raw.continuation, flags: isLast ? Self.endHeaders : 0, stream: 1, rest)
        }
        let (wire, bodies) = bodies(bytes, piece: piece)
        #expect(bodies[1] == [])
        #expect(wire.fault == nil)
    }

    @Test func trailersEndARequest() {
        let trailers = Raw.frame(
            type: Raw.headers, flags: Raw.endStream | Self.endHeaders, stream: 1,
            Raw.block([("checksum", "1")]))
        let body = Raw.frame(type: Raw.data, stream: 1, [1, 2])
        #expect(bodies(Raw.call("/a", stream: 1) + body + trailers).1[1] == [1, 2])
    }

    /// Requests that RFC 9113 section 8 calls malformed: the stream is reset, the others live on.
    static let malformed: [(String, [(String, String)])] = [
        ("no method", [(":scheme", "http"), (":path", "/")]),
        ("no path", [(":scheme", "http"), (":method", "POST")]),
        ("no scheme", [(":path", "/"), (":method", "POST")]),
        ("a path twice", Raw.callFields("/a") + [(":path", "/b")]),
        ("an unknown pseudo-header", [(":status", "200")] + Raw.callFields("/a")),
        ("a pseudo-header after a header", [("x", "y")] + Raw.callFields("/a")),
        ("a path without slash", Raw.callFields("a")),
        ("a capital letter", Raw.callFields("/a") + [("Te", "trailers")]),
        ("an empty name", Raw.callFields("/a") + [("", "x")]),
        ("a line feed in a value", Raw.callFields("/a") + [("x", "a\nb")]),
        ("a NUL in a value", Raw.callFields("/a") + [("x", "a\0b")]),
        ("a space before a value", Raw.callFields("/a") + [("x", " b")]),
        ("connection", Raw.callFields("/a") + [("connection", "close")]),
        ("transfer-encoding", Raw.callFields("/a") + [("transfer-encoding", "chunked")]),
        ("te: gzip", Raw.callFields("/a").filter { $0.0 != "te" } + [("te", "gzip")]),
        ("a content-length that is no number", Raw.callFields("/a") + [("content-length", "+3")]),
        (
            "two content-lengths",
            Raw.callFields("/a") + [("content-length", "3"), ("content-length", "4")]
        ),
        ("a content-length too high", Raw.callFields("/a") + [("content-length", "4")]),
        ("a content-length too low", Raw.callFields("/a") + [("content-length", "2")]),
    ]

    @Test(arguments: malformed)
    func malformedRequestsAreReset(name: String, fields: [(String, String)]) {
        let (wire, bodies) = bodies(
            Raw.frame(type: Raw.headers, flags: Self.endHeaders, stream: 1, Raw.block(fields))
                + Raw.frame(type: Raw.data, flags: Raw.endStream, stream: 1, [1, 2, 3])
                + Raw.call("/b", stream: 3, ends: true))
        #expect(bodies[1] == nil, "\(name)")
        #expect(bodies[3] == [], "\(name)")
        #expect(wire.fault == nil, "\(name)")
        #expect(wire.resets() == [1: 1], "\(name)")
    }

    @Test func dataAfterTheEndClosesItsStream() {
        let (wire, _) = bodies(
            Raw.call("/a", stream: 1, ends: true) + Raw.frame(type: Raw.data, stream: 1, [1]))
        #expect(wire.resets() == [1: 5])
        #expect(wire.fault == nil)
    }

    @Test func framesOfAStreamThatWasResetAreIgnored() {
        let wire = Wire()
        wire.onReady = { $0.reset(.cancel) }
        wire.receive(Raw.greeting + Raw.call("/a", stream: 1))
        wire.receive(
            Raw.frame(type: Raw.data, stream: 1, [1])
                + Raw.frame(
                    type: Raw.headers, flags: Raw.endStream | Self.endHeaders, stream: 1,
                    Raw.block([("checksum", "1")]))
                + Raw.frame(type: Raw.windowUpdate, stream: 1, Raw.bytes(1)))
        #expect(wire.fault == nil)
        #expect(wire.resets() == [1: 8])
    }

    @Test func windowsAreGivenBackAsTheyAreUsed() {
        var limits = SessionLimits()
        limits.connectionWindow = 100_000
        limits.streamWindow = 70_000
        let wire = Wire(limits: limits)
        let piece = Raw.frame(type: Raw.data, stream: 1, [UInt8](repeating: 1, count: 10_000))
        wire.receive(Raw.greeting + Raw.call("/a", stream: 1))
        _ = wire.produce()
        for _ in 0..<40 { wire.receive(piece) }
        #expect(wire.fault == nil)
        let given = wire.windowUpdates()
        #expect(given[0] == 400_000)
        #expect(given[1] == 400_000)
    }

    @Test func windowsAreBinding() {
        var limits = SessionLimits()
        limits.connectionWindow = 1_000_000
        limits.streamWindow = 10_000
        let piece = Raw.frame(type: Raw.data, stream: 1, [UInt8](repeating: 1, count: 10_001))
        let wire = Wire(limits: limits)
        wire.receive(Raw.greeting + Raw.call("/a", stream: 1) + piece)
        #expect(wire.resets() == [1: 3])
        limits.connectionWindow = 10_000
        let other = Wire(limits: limits)
        other.receive(Raw.greeting + Raw.call("/a", stream: 1) + piece)
        #expect(other.fault == .protocolError)
    }

    /// RFC 9113 section 6.9.2: a window below zero is filled up before anything leaves.
    @Test func windowsShrinkUnderAnOpenAnswer() {
        let wire = Wire()
        wire.onReady = { stream in
            guard stream.isEnded else { return }
            _ = stream.beginAnswer(okHead, bodyFollows: true)
            _ = [UInt8](repeating: 1, count: 60_000).withUnsafeBytes { stream.append($0) }
        }
        wire.receive(Raw.greeting + Raw.call("/a", stream: 1, ends: true))
        #expect(wire.dataBytes() == 60_000)
        // The last one of a frame counts (RFC 9113 section 6.5.3).
        wire.receive(Raw.frame(type: Raw.settings, [0, 4, 0, 9, 0, 0, 0, 4, 0, 0, 0, 100]))
        wire.session.stream(1).map { stream in
            _ = [UInt8](repeating: 2, count: 100).withUnsafeBytes { stream.append($0) }
        }
        #expect(wire.dataBytes() == 0)
        wire.receive(Raw.frame(type: Raw.windowUpdate, stream: 1, Raw.bytes(59_900)))
        #expect(wire.dataBytes() == 0)
        wire.receive(Raw.frame(type: Raw.windowUpdate, stream: 1, Raw.bytes(40)))
        #expect(wire.dataBytes() == 40)
        wire.receive(Raw.frame(type: Raw.settings, [0, 4, 0, 0, 1, 0]))
        #expect(wire.dataBytes() == 60)
    }

    @Test func connectionWindowIsShared() {
        let wire = Wire(client: Client(window: 1 << 20))
        wire.onReady = echo
        let body = [UInt8](repeating: 7, count: 50_000)
        let ids = (0..<5).map { _ in wire.client.request(path: "/a", body: body) }
        wire.talk()
        for id in ids { #expect(wire.client.answers[id]?.body == body) }
    }

    @Test func queueThatIsNeverEmptyStaysSmall() {
        var queue = ControlQueue()
        let output = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 1)
        defer { output.deallocate() }
        let ping = FrameHead(length: 8, type: FrameType.ping, flags: .ack, stream: 0)
        var sent: [UInt8] = []
        for round in 0..<10_000 {
            queue.append(ping)
            withUnsafeBytes(of: UInt64(round).bigEndian) { queue.append($0) }
            // The first stays behind by some bytes.
            let moved = queue.move(to: output, room: round == 0 ? 5 : 17)
            sent += UnsafeRawBufferPointer(start: output, count: moved)
            #expect(queue.bytes.count < 4096)
        }
        let rounds = stride(from: 16, to: sent.count, by: 17).map { sent[$0] }
        #expect(rounds == (0..<rounds.count).map { UInt8(truncatingIfNeeded: $0) })
    }

    @Test func frameThatWaitsForItsRestIsBounded() {
        var limits = SessionLimits()
        limits.heldBodies = 8192
        let wire = Wire(limits: limits)
        wire.receive(
            Raw.greeting + Raw.frame(type: Raw.headers, stream: 1, [0x82], length: 16_000))
        #expect(wire.fault == .tooManyPendingFrames)
    }
}
