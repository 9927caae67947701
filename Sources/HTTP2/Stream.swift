// SPDX-License-Identifier: Apache-2.0

/// What is true of a stream now.
struct StreamFlags: OptionSet {
    var rawValue: UInt16
    /// The whole request has come (END_STREAM).
    static let ended = StreamFlags(rawValue: 1 << 0)
    static let headRead = StreamFlags(rawValue: 1 << 1)
    /// Linked into the session's list of streams that something came for.
    static let ready = StreamFlags(rawValue: 1 << 2)
    /// Out of its session; it is recycled when it leaves the ready list.
    static let closed = StreamFlags(rawValue: 1 << 3)
    /// The body is above its limit and was dropped.
    static let bodyTooLarge = StreamFlags(rawValue: 1 << 4)
    /// The bodies of all streams are above their limit and this one was dropped.
    static let bodyRefused = StreamFlags(rawValue: 1 << 5)
    /// The body lies in the bytes that are being received.
    static let bodyBorrowed = StreamFlags(rawValue: 1 << 6)
    static let headTooLarge = StreamFlags(rawValue: 1 << 7)
    /// Whatever else comes is dropped: the answer is already decided.
    static let discarding = StreamFlags(rawValue: 1 << 8)
    static let answerBegun = StreamFlags(rawValue: 1 << 9)
    /// No more bytes are added to the answer.
    static let answerComplete = StreamFlags(rawValue: 1 << 10)
    /// Linked into the session's line of streams that have something to send.
    static let queued = StreamFlags(rawValue: 1 << 11)
    /// The answer was complete and unsent when it was last looked at.
    static let seenUnsent = StreamFlags(rawValue: 1 << 12)
}

struct StreamState {
    // Identity and lists.
    var id: Int32 = 0
    /// Changes whenever the stream closes; the memory is reused and never freed before the context.
    var serial: UInt64 = 0
    var flags: StreamFlags = []
    var session: UnsafeMutablePointer<SessionState>?
    /// The next of the ready list, or of the free list.
    var next: UnsafeMutablePointer<StreamState>?
    /// The list of all streams of the session.
    var livePrevious: UnsafeMutablePointer<StreamState>?
    var liveNext: UnsafeMutablePointer<StreamState>?
    /// The line of streams that have something to send.
    var sendPrevious: UnsafeMutablePointer<StreamState>?
    var sendNext: UnsafeMutablePointer<StreamState>?

    // The request.
    var head = RequestHead()
    /// What `content-length` says; -1 without it.
    var contentLength = -1
    var body: UnsafeMutableRawPointer?
    var bodyCount = 0
    var bodyCapacity = 0
    /// Bytes of the body that came, kept or not.
    var bodyTotal = 0
    /// Bytes of DATA since the stream's last WINDOW_UPDATE.
    var received = 0

    // The answer: bytes sent..<count are still to be written.
    var answer: UnsafeMutableRawPointer?
    var answerCapacity = 0
    var answerCount = 0
    var answerSent = 0
    /// Nil when they are written, or not there yet.
    var answerHead: EncodedFields?
    var trailers: EncodedFields?
    /// Bytes that the peer still takes.
    var sendWindow = 0

    // What the layer above keeps with its stream.
    var stage: UInt8 = 0
    var tag: Int32 = -1
    var deadline: UInt64 = .max
    var timer: TimerNode

    // Memory that the state owns for good.
    let kept: UnsafeMutablePointer<UInt8>
    /// Room for a copy of encoded headers, and behind it for the bytes of a short answer.
    let inline: UnsafeMutableRawPointer

    /// A fresh stream of `session`.
    mutating func begin(_ id: Int32, in session: UnsafeMutablePointer<SessionState>) {
        self.id = id
        flags = []
        self.session = session
        livePrevious = nil
        head = RequestHead()
        contentLength = -1
        bodyTotal = 0
        received = 0
        answer = inlineAnswer
        answerCapacity = SessionLimits.inlineAnswerBytes
        answerCount = 0
        answerSent = 0
        answerHead = nil
        trailers = nil
        sendWindow = session.pointee.peerStreamWindow
        stage = 0
        tag = -1
        deadline = .max
    }

    var inlineAnswer: UnsafeMutableRawPointer { inline + SessionLimits.answerHeaderBytes }

    /// Bytes of the answer that wait.
    var unsent: Int { answerCount - answerSent }

    var hasOutput: Bool {
        answerHead != nil
            || flags.contains(.answerBegun) && (unsent > 0 || flags.contains(.answerComplete))
    }

    /// The last of the bytes end the answer.
    var isDataAll: Bool { flags.contains(.answerComplete) && trailers == nil }
    /// The headers end the answer.
    var isHeadAll: Bool { isDataAll && unsent == 0 }
}

/// One request and its answer, as long as the session knows it. A trivial handle: keep its name
/// and ask that again after anything was received or sent.
public struct Stream {
    let state: UnsafeMutablePointer<StreamState>

    public var id: Int32 { state.pointee.id }
    public var session: Session { Session(state: state.pointee.session.unsafelyUnwrapped) }

    /// Names the stream for as long as the context lives.
    public var name: StreamName { StreamName(state: state, serial: state.pointee.serial) }

    /// All of the request has come.
    public var isEnded: Bool { state.pointee.flags.contains(.ended) }
    public var isHeadRead: Bool { state.pointee.flags.contains(.headRead) }
    public var isHeadTooLarge: Bool { state.pointee.flags.contains(.headTooLarge) }
    /// The body was dropped because it is above `SessionLimits.body`.
    public var isBodyTooLarge: Bool { state.pointee.flags.contains(.bodyTooLarge) }
    /// The body was dropped because all held bodies are above `SessionLimits.heldBodies`.
    public var isBodyRefused: Bool { state.pointee.flags.contains(.bodyRefused) }
    public var isAnswerBegun: Bool { state.pointee.flags.contains(.answerBegun) }
    public var isAnswerComplete: Bool { state.pointee.flags.contains(.answerComplete) }

    /// Three words for the layer above: its stage, its tag and the call's deadline
    /// (monotonic nanoseconds).
    public var stage: UInt8 {
        get { state.pointee.stage }
        nonmutating set { state.pointee.stage = newValue }
    }
    public var tag: Int32 {
        get { state.pointee.tag }
        nonmutating set { state.pointee.tag = newValue }
    }
    public var deadline: UInt64 {
        get { state.pointee.deadline }
        nonmutating set { state.pointee.deadline = newValue }
    }

    public func header(_ field: HeaderField) -> HeaderValue {
        state.pointee.head.value(field, memory: state.pointee.kept)
    }

    /// The body as far as it has come. Valid until the session receives again or drops it.
    public var body: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: state.pointee.body, count: state.pointee.bodyCount)
    }

    /// Arms the stream's timer, unless it is due earlier; it is disarmed when the stream closes.
    public func setTimer(deadline: UInt64) {
        if state.pointee.timer.isLinked && state.pointee.timer.deadline <= deadline { return }
        let context = state.pointee.session.unsafelyUnwrapped.pointee.context
        context.pointee.wheel.set(timer, deadline: deadline)
    }

    public func clearTimer() {
        guard state.pointee.timer.isLinked else { return }
        let context = state.pointee.session.unsafelyUnwrapped.pointee.context
        context.pointee.wheel.remove(timer)
    }

    /// The stream whose timer node expired.
    public static func owning(_ node: TimerWheel.Node) -> Stream {
        let address = UnsafeMutablePointer<StreamState>(bitPattern: node.pointee.owner)
        return Stream(state: address.unsafelyUnwrapped)
    }

    private var timer: TimerWheel.Node {
        let offset = MemoryLayout<StreamState>.offset(of: \.timer).unsafelyUnwrapped
        return (UnsafeMutableRawPointer(state) + offset).assumingMemoryBound(to: TimerNode.self)
    }
}

/// A stream that may be gone: two trivial words, to be asked on the context's thread.
public struct StreamName {
    let state: UnsafeMutablePointer<StreamState>
    let serial: UInt64

    /// The stream while it is open.
    public var stream: Stream? {
        state.pointee.serial == serial ? Stream(state: state) : nil
    }
}
