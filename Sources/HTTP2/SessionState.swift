// SPDX-License-Identifier: Apache-2.0

struct SessionState {
    let context: UnsafeMutablePointer<SessionContext>
    /// Monotonic nanoseconds of the bytes that are being received.
    var now: UInt64
    var budgets: AbuseBudgets
    var fault: SessionFault?
    /// For the layer above.
    var owner: UnsafeMutableRawPointer?

    // Streams.
    var table = StreamTable()
    var live: UnsafeMutablePointer<StreamState>?
    var readyHead: UnsafeMutablePointer<StreamState>?
    var readyTail: UnsafeMutablePointer<StreamState>?
    /// The highest stream that the peer opened.
    var lastStream: Int32 = 0
    /// At most up to here streams were refused, ignored or reset: their peer may not know yet.
    var lastDropped: Int32 = 0
    /// The unfinished stream whose body still lies in the received bytes.
    var borrower: UnsafeMutablePointer<StreamState>?
    /// The stream that `nextReady` returned last.
    var shown: UnsafeMutablePointer<StreamState>?

    // Receiving.
    var prefaceTaken = 0
    var isGreeted = false
    /// The beginning of a frame whose rest has not come.
    var partial = PartialFrame()
    var data = DataProgress()
    var block = BlockProgress()
    var decoder: HeaderDecoder
    var remembered = RememberedBlock()
    /// Bytes of DATA since the last WINDOW_UPDATE of the connection.
    var received = 0

    // Sending.
    var control = ControlQueue()
    var answers = AnswerTable()
    var sendHead: UnsafeMutablePointer<StreamState>?
    var sendTail: UnsafeMutablePointer<StreamState>?
    /// Bytes that the peer still takes on all streams together.
    var sendWindow = HTTP2Constants.initialWindow
    /// Bytes that the peer takes on a new stream (SETTINGS_INITIAL_WINDOW_SIZE).
    var peerStreamWindow = HTTP2Constants.initialWindow
    /// A stream waits for `sendWindow`.
    var isStarved = false
    /// The rest of a frame that the last output had no room for.
    var spill: PooledBuffer?
    var spillStart = 0
    var spillEnd = 0
    /// New streams are not taken any more.
    var refusesStreams = false
    /// The peer sent GOAWAY.
    var isLeft = false

    init(
        _ context: UnsafeMutablePointer<SessionContext>, decoder: HeaderDecoder, now: UInt64
    ) {
        self.context = context
        self.decoder = decoder
        self.now = now
        budgets = AbuseBudgets(context.pointee.limits.abuse, now: now)
    }

    /// Lends the received bytes to `stream`; whoever had them before and still waits for more
    /// must own a copy.
    mutating func lend(to stream: UnsafeMutablePointer<StreamState>) {
        if let former = borrower, former != stream { Self.settle(former) }
        borrower = stream
    }

    static func settle(_ stream: UnsafeMutablePointer<StreamState>) {
        guard stream.pointee.flags.contains(.bodyBorrowed) else { return }
        guard stream.pointee.flags.isDisjoint(with: [.ended, .closed]) else { return }
        Stream(state: stream).ownBody(room: stream.pointee.bodyCount)
    }
}

/// A frame of which only the first bytes have come.
struct PartialFrame {
    var buffer: PooledBuffer?
    var count = 0
}

/// A DATA frame that is being received.
struct DataProgress {
    /// Payload bytes that have not come; -1 between frames.
    var left = -1
    /// Bytes of padding at the payload's end; -1 until its length has come.
    var padding = 0
    var stream: Int32 = 0
    var ends = false
    /// Something but padding has come.
    var hasContent = false
}

/// A header block that is being received.
struct BlockProgress {
    var isOpen = false
    var stream: Int32 = 0
    /// Nil when nobody wants the fields: they are decoded for the compression's sake.
    var target: UnsafeMutablePointer<StreamState>?
    var isTrailers = false
    var ends = false
    var continuations = 0
    var rules = FieldRules()
}
