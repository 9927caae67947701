// SPDX-License-Identifier: Apache-2.0
import CNghttp2

struct SessionState {
    var raw: OpaquePointer?
    let context: UnsafeMutablePointer<SessionContext>
    /// Monotonic nanoseconds of the bytes that are being received.
    var now: UInt64
    var budgets: AbuseBudgets
    var fault: SessionFault?
    var readyHead: UnsafeMutablePointer<StreamState>?
    var readyTail: UnsafeMutablePointer<StreamState>?
    var live: UnsafeMutablePointer<StreamState>?
    var streams = 0
    /// The stream whose headers are being read; header blocks never interleave.
    var reading: UnsafeMutablePointer<StreamState>?
    var headUnfinished = false
    /// The stream whose answer was written last.
    var writing: UnsafeMutablePointer<StreamState>?
    /// The unfinished stream whose body still lies in the received bytes.
    var borrower: UnsafeMutablePointer<StreamState>?
    /// The stream that `nextReady` returned last.
    var shown: UnsafeMutablePointer<StreamState>?
    var greeted = false
    /// What the last mem_send gave and did not fit.
    var chunk: UnsafePointer<UInt8>?
    var chunkCount = 0
    /// For the layer above.
    var owner: UnsafeMutableRawPointer?

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

/// One HTTP/2 connection (RFC 9113), server side, without IO: bytes in, streams that something
/// came for, bytes out. A trivial handle to memory of its context.
public struct Session {
    let state: UnsafeMutablePointer<SessionState>

    var raw: OpaquePointer? { state.pointee.raw }

    /// A new session with its SETTINGS queued.
    ///
    /// - Parameter now: monotonic nanoseconds.
    /// - Returns: nil when memory is short.
    public static func open(
        in context: UnsafeMutablePointer<SessionContext>, now: UInt64
    ) -> Session? {
        let limits = context.pointee.limits
        let state = UnsafeMutablePointer<SessionState>.allocate(capacity: 1)
        state.initialize(
            to: SessionState(
                raw: nil, context: context, now: now,
                budgets: AbuseBudgets(limits.abuse, now: now)))
        var raw: OpaquePointer?
        let made = make(&raw, context, state)
        let session = Session(state: state)
        state.pointee.raw = raw
        guard made == 0, session.submitSettings(limits) else {
            session.close()
            return nil
        }
        return session
    }

    private static func make(
        _ raw: inout OpaquePointer?, _ context: UnsafeMutablePointer<SessionContext>,
        _ state: UnsafeMutablePointer<SessionState>
    ) -> Int32 {
        let callbacks = context.pointee.callbacks
        let options = context.pointee.options
        guard context.pointee.limits.poolsMemory else {
            return nghttp2_session_server_new2(&raw, callbacks, state, options)
        }
        var memory = pooledMemory(of: context)
        return nghttp2_session_server_new3(&raw, callbacks, state, options, &memory)
    }

    private func submitSettings(_ limits: SessionLimits) -> Bool {
        let settings = [
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS.rawValue),
                value: limits.concurrentStreams),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue),
                value: UInt32(limits.streamWindow)),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE.rawValue),
                value: UInt32(limits.headerList)),
        ]
        let flag = UInt8(NGHTTP2_FLAG_NONE.rawValue)
        return nghttp2_submit_settings(raw, flag, settings, settings.count) == 0
            && nghttp2_session_set_local_window_size(raw, flag, 0, limits.connectionWindow) == 0
    }

    /// Frees the session, its streams and their buffers.
    public func close() {
        while let stream = state.pointee.live { retire(stream) }
        while let stream = state.pointee.readyHead {
            state.pointee.readyHead = stream.pointee.next
            state.pointee.context.pointee.giveStream(stream)
        }
        nghttp2_session_del(raw)
        state.deinitialize(count: 1)
        state.deallocate()
    }

    // MARK: receiving

    /// Takes bytes from the peer. Then handle every stream of `nextReady`, and call `settle`
    /// before the bytes change.
    public func receive(_ bytes: UnsafeRawBufferPointer, now: UInt64) {
        state.pointee.now = now
        let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        note(nghttp2_session_mem_recv(raw, start, bytes.count))
    }

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
        guard let address = nghttp2_session_get_stream_user_data(raw, id) else { return nil }
        return Stream(state: address.assumingMemoryBound(to: StreamState.self))
    }

    /// As `stream`, but tries first the two streams that events mostly concern: a search touches
    /// cold memory, as nghttp2 keeps closed streams in its table.
    func recent(_ id: Int32) -> Stream? {
        if let reading = state.pointee.reading, reading.pointee.id == id {
            return Stream(state: reading)
        }
        if let writing = state.pointee.writing, writing.pointee.id == id {
            return Stream(state: writing)
        }
        return stream(id)
    }

    /// Why the connection must end; the peer's GOAWAY is queued already.
    public var fault: SessionFault? { state.pointee.fault }
    /// The peer's preface and first SETTINGS have come.
    public var isGreeted: Bool { state.pointee.greeted }
    /// The stream whose header block has begun and not ended.
    public var unfinishedHead: Stream? {
        guard state.pointee.headUnfinished, let stream = state.pointee.reading else { return nil }
        return Stream(state: stream)
    }
    public var openStreams: Int { state.pointee.streams }
    /// Whatever the layer above wants to find again.
    public var owner: UnsafeMutableRawPointer? {
        get { state.pointee.owner }
        nonmutating set { state.pointee.owner = newValue }
    }

    // MARK: sending

    /// Fills `output` with bytes for the peer.
    ///
    /// - Returns: how many; fewer than `output` holds when nothing is left to send.
    public func produce(into output: UnsafeMutableRawBufferPointer) -> Int {
        var used = 0
        while used < output.count {
            if state.pointee.chunkCount == 0 && !takeChunk() { break }
            guard let chunk = state.pointee.chunk else { break }
            let count = min(state.pointee.chunkCount, output.count - used)
            (output.baseAddress.unsafelyUnwrapped + used)
                .copyMemory(from: chunk, byteCount: count)
            state.pointee.chunk = chunk + count
            state.pointee.chunkCount -= count
            used += count
        }
        return used
    }

    private func takeChunk() -> Bool {
        var start: UnsafePointer<UInt8>?
        let count = nghttp2_session_mem_send(raw, &start)
        if count < 0 { note(count) }
        state.pointee.chunk = start
        state.pointee.chunkCount = max(count, 0)
        return count > 0
    }

    public var wantsToSend: Bool {
        state.pointee.chunkCount > 0 || nghttp2_session_want_write(raw) != 0
    }

    /// Nothing more will be received or sent: GOAWAY was exchanged and all streams are closed.
    public var isOver: Bool {
        nghttp2_session_want_read(raw) == 0 && !wantsToSend
    }

    // MARK: ending

    /// Tells the peer to open no more streams, while those on their way are still taken.
    public func announceShutdown() { note(Int(nghttp2_submit_shutdown_notice(raw))) }

    /// Takes no more streams; the session is over when those it has are answered.
    public func refuseNewStreams() {
        let last = nghttp2_session_get_last_proc_stream_id(raw)
        let flag = UInt8(NGHTTP2_FLAG_NONE.rawValue)
        note(Int(nghttp2_submit_goaway(raw, flag, last, NGHTTP2_NO_ERROR.rawValue, nil, 0)))
    }

    /// Ends the session: GOAWAY with the fault's error code, and nothing after it.
    public func end(_ fault: SessionFault) {
        guard state.pointee.fault == nil else { return }
        state.pointee.fault = fault
        _ = nghttp2_session_terminate_session(raw, fault.errorCode)
    }

    /// The one place where a negative result of nghttp2 becomes a fault of the session.
    func note(_ result: Int) {
        if result >= 0 { return }
        // The stream of a late answer may be gone, or answered: that concerns nobody else.
        let error = nghttp2_error(rawValue: Int32(truncatingIfNeeded: result))
        if error == NGHTTP2_ERR_INVALID_ARGUMENT || error == NGHTTP2_ERR_DATA_EXIST { return }
        end(SessionFault(result: result))
    }

    /// Resets streams whose complete answer the peer left no window for since the last call.
    public func resetStuckAnswers() {
        var next = state.pointee.live
        while let stream = next {
            next = stream.pointee.liveNext
            guard stream.pointee.flags.contains(.answerComplete) else { continue }
            if stream.pointee.flags.contains(.seenUnsent) {
                Stream(state: stream).reset(errorCode: NGHTTP2_CANCEL.rawValue)
            }
            stream.pointee.flags.insert(.seenUnsent)
        }
    }

    /// Takes a stream out of the session and frees what it holds.
    func retire(_ stream: UnsafeMutablePointer<StreamState>) {
        let handle = Stream(state: stream)
        handle.clearTimer()
        handle.releaseBody()
        handle.releaseAnswer()
        unlinkLive(stream)
        if state.pointee.borrower == stream { state.pointee.borrower = nil }
        if state.pointee.shown == stream { state.pointee.shown = nil }
        if state.pointee.reading == stream { state.pointee.reading = nil }
        if state.pointee.writing == stream { state.pointee.writing = nil }
        state.pointee.streams -= 1
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
