// SPDX-License-Identifier: Apache-2.0

/// One HTTP/2 connection (RFC 9113), server side, without IO: bytes in, streams that something
/// came for, bytes out. A trivial handle to memory of its context.
///
/// Frames are read in `FrameReading`, `HeaderReading`, `DataReading` and `ControlReading`, and
/// written in `AnswerWriting`. Header compression is nghttp2's (`HeaderDecoder`).
public struct Session {
    let state: UnsafeMutablePointer<SessionState>

    /// A new session with its SETTINGS queued.
    ///
    /// - Parameter now: monotonic nanoseconds.
    /// - Returns: nil when memory is short.
    public static func open(
        in context: UnsafeMutablePointer<SessionContext>, now: UInt64
    ) -> Session? {
        guard let decoder = HeaderDecoder() else { return nil }
        let state = UnsafeMutablePointer<SessionState>.allocate(capacity: 1)
        state.initialize(to: SessionState(context, decoder: decoder, now: now))
        let session = Session(state: state)
        session.queueSettings()
        return session
    }

    /// Frees the session, its streams and their buffers.
    public func close() {
        while let stream = state.pointee.live { retire(stream) }
        while let stream = state.pointee.readyHead {
            state.pointee.readyHead = stream.pointee.next
            state.pointee.context.pointee.giveStream(stream)
        }
        dropPartial()
        dropSpill()
        state.pointee.decoder.destroy()
        state.pointee.remembered.destroy()
        state.pointee.table.destroy()
        state.deinitialize(count: 1)
        state.deallocate()
    }

    // MARK: streams that something came for

    /// The next stream that something came for since it was last returned. A whole body can be
    /// read until the next call; after that it is gone.
    public func nextReady() -> Stream? {
        dropShownBody()
        while let stream = state.pointee.readyHead {
            state.pointee.readyHead = stream.pointee.next
            if stream.pointee.next == nil { state.pointee.readyTail = nil }
            stream.pointee.next = nil
            stream.pointee.flags.remove(.ready)
            if !stream.pointee.flags.contains(.closed) {
                state.pointee.shown = stream
                return Stream(state: stream)
            }
            state.pointee.context.pointee.giveStream(stream)
        }
        return nil
    }

    func pushReady(_ stream: UnsafeMutablePointer<StreamState>) {
        if stream.pointee.flags.contains(.ready) { return }
        stream.pointee.flags.insert(.ready)
        stream.pointee.next = nil
        if let tail = state.pointee.readyTail {
            tail.pointee.next = stream
        } else {
            state.pointee.readyHead = stream
        }
        state.pointee.readyTail = stream
    }

    /// Nobody may keep a pointer into the received bytes, whatever the layer above forgot.
    private func dropShownBody() {
        guard let shown = state.pointee.shown else { return }
        state.pointee.shown = nil
        if shown.pointee.flags.contains(.ended) { Stream(state: shown).releaseBody() }
    }

    /// Copies what unfinished streams borrow from the received bytes.
    public func settle() {
        dropShownBody()
        guard let borrower = state.pointee.borrower else { return }
        SessionState.settle(borrower)
        state.pointee.borrower = nil
    }

    /// The stream `id` while it is open.
    public func stream(_ id: Int32) -> Stream? {
        state.pointee.table.find(id).map { Stream(state: $0) }
    }

    /// Why the connection must end; the peer's GOAWAY is queued already.
    public var fault: SessionFault? { state.pointee.fault }
    /// The peer's preface and first SETTINGS have come.
    public var isGreeted: Bool { state.pointee.isGreeted }
    /// The stream whose header block has begun and not ended.
    public var unfinishedHead: Stream? {
        guard state.pointee.block.isOpen, let stream = state.pointee.block.target else {
            return nil
        }
        return Stream(state: stream)
    }
    public var openStreams: Int { state.pointee.table.count }
    /// Whatever the layer above wants to find again.
    public var owner: UnsafeMutableRawPointer? {
        get { state.pointee.owner }
        nonmutating set { state.pointee.owner = newValue }
    }

    // MARK: ending

    /// Nothing more will be received or sent: GOAWAY was exchanged and all streams are closed.
    public var isOver: Bool {
        if wantsToSend { return false }
        if state.pointee.fault != nil { return true }
        return openStreams == 0 && (state.pointee.isLeft || state.pointee.refusesStreams)
    }

    /// Tells the peer to open no more streams, while those on their way are still taken.
    public func announceShutdown() {
        guard !state.pointee.refusesStreams, state.pointee.fault == nil else { return }
        queueGoAway(.max, .noError)
    }

    /// Takes no more streams; the session is over when those it has are answered.
    public func refuseNewStreams() {
        guard !state.pointee.refusesStreams, state.pointee.fault == nil else { return }
        state.pointee.refusesStreams = true
        queueGoAway(state.pointee.lastStream, .noError)
    }

    /// Ends the session: GOAWAY with an error code, and nothing after it.
    ///
    /// - Parameter code: that of the fault when nil.
    func end(_ fault: SessionFault, _ code: ErrorCode? = nil) {
        guard state.pointee.fault == nil else { return }
        queueGoAway(state.pointee.lastStream, code ?? fault.errorCode)
        state.pointee.fault = fault
    }

    /// Ends the session for breaking the protocol.
    func violate(_ code: ErrorCode) { end(.protocolError, code) }

    /// Takes one token, or ends the session.
    @inline(__always)
    func spend(_ bucket: inout TokenBucket, or fault: SessionFault) {
        if !bucket.take(now: state.pointee.now) { end(fault) }
    }

    /// Resets streams whose complete answer the peer left no window for since the last call.
    public func resetStuckAnswers() {
        var next = state.pointee.live
        while let stream = next {
            next = stream.pointee.liveNext
            guard stream.pointee.flags.contains(.answerComplete) else { continue }
            if stream.pointee.flags.contains(.seenUnsent) {
                Stream(state: stream).reset(.cancel)
            } else {
                stream.pointee.flags.insert(.seenUnsent)
            }
        }
    }

    // MARK: a stream's life

    /// Begins the stream `id`.
    func adopt(_ id: Int32) -> UnsafeMutablePointer<StreamState> {
        let stream = state.pointee.context.pointee.takeStream()
        stream.pointee.begin(id, in: state)
        stream.pointee.liveNext = state.pointee.live
        state.pointee.live?.pointee.livePrevious = stream
        state.pointee.live = stream
        state.pointee.table.insert(stream)
        return stream
    }

    /// Takes a stream out of the session and frees what it holds.
    func retire(_ stream: UnsafeMutablePointer<StreamState>) {
        let handle = Stream(state: stream)
        handle.clearTimer()
        handle.releaseBody()
        handle.releaseAnswer()
        dequeue(stream)
        unlinkLive(stream)
        if state.pointee.borrower == stream { state.pointee.borrower = nil }
        if state.pointee.shown == stream { state.pointee.shown = nil }
        if state.pointee.block.target == stream { state.pointee.block.target = nil }
        state.pointee.table.remove(stream.pointee.id)
        stream.pointee.flags.insert(.closed)
        stream.pointee.serial &+= 1
        if !stream.pointee.flags.contains(.ready) {
            state.pointee.context.pointee.giveStream(stream)
        }
    }

    private func unlinkLive(_ stream: UnsafeMutablePointer<StreamState>) {
        let previous = stream.pointee.livePrevious
        let next = stream.pointee.liveNext
        if let previous { previous.pointee.liveNext = next } else { state.pointee.live = next }
        next?.pointee.livePrevious = previous
    }
}
