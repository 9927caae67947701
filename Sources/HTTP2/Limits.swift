// SPDX-License-Identifier: Apache-2.0

/// What one HTTP/2 connection may cost. Every bound has its unit in its comment.
public struct SessionLimits: Sendable {
    /// Streams a peer may have open at once (SETTINGS_MAX_CONCURRENT_STREAMS).
    public var concurrentStreams: UInt32 = 1024
    /// Bytes a peer may send on one stream before we read on (SETTINGS_INITIAL_WINDOW_SIZE).
    public var streamWindow: Int32 = 1 << 20
    /// Bytes a peer may send on all streams together before we read on.
    public var connectionWindow: Int32 = 16 << 20
    /// Bytes of one header list as RFC 9113 section 10.5.1 counts them.
    public var headerList: Int = 32 << 10
    /// Bytes of one request body.
    public var body: Int = (4 << 20) + 5
    /// Bytes of unfinished request bodies held by all connections of one context.
    public var heldBodies: Int = 64 << 20
    /// Bytes of answers held by all connections of one context for peers that read slowly.
    public var heldAnswers: Int = 64 << 20
    /// Bytes of free buffers kept for reuse by one context.
    public var spareBuffers: Int = 8 << 20
    public var abuse = AbuseLimits()

    public init() {}

    /// A header list this many times over the limit closes the connection: decoding it goes on
    /// to keep the compression state, and that work must end.
    static let hopelessHeaderListFactor = 8
    /// Bytes kept of the header values that a request is judged by.
    static let keptHeaderBytes = 512
    /// Bytes of an answer that need no buffer of their own, behind those of its headers.
    static let inlineAnswerBytes = 512
    /// Bytes of an answer's encoded headers or trailers.
    static let answerHeaderBytes = 1024
    /// Bytes of frames other than answers that wait for a peer that does not read.
    static let controlBytes = 32 << 10
    /// CONTINUATION frames of one header block (CVE-2024-27316).
    static let continuations = 32
    /// Bytes of an encoded header block that is known again.
    static let rememberedBlockBytes = 256
    /// Stream states allocated at a time.
    static let streamsPerBlock = 32
    /// Bytes of one frame that we send: the least maximum a peer may set, and its head.
    static let outboundFrame = HTTP2Constants.frameBytes + FrameHead.bytes
}

/// How often a peer may do what costs us more than it costs the peer: an amount that may come at
/// once, and an amount a second after that.
public struct AbuseLimits: Sendable {
    public struct Rate: Sendable {
        public var burst: UInt32
        public var perSecond: UInt32
        public init(burst: UInt32, perSecond: UInt32) {
            self.burst = burst
            self.perSecond = perSecond
        }
    }

    /// RST_STREAM received, and sent because of the peer's own errors (CVE-2023-44487,
    /// CVE-2025-8671).
    public var resets = Rate(burst: 1000, perSecond: 200)
    /// SETTINGS received (CVE-2019-9515).
    public var settings = Rate(burst: 100, perSecond: 10)
    /// PING received (CVE-2019-9512).
    public var pings = Rate(burst: 200, perSecond: 50)
    /// DATA without bytes that does not end its stream (CVE-2019-9518).
    public var emptyData = Rate(burst: 200, perSecond: 50)
    /// PRIORITY received (CVE-2019-9513).
    public var priorities = Rate(burst: 1000, perSecond: 200)
    /// WINDOW_UPDATE received.
    public var windowUpdates = Rate(burst: 20_000, perSecond: 20_000)

    public init() {}
}
