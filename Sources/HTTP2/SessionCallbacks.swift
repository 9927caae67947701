// SPDX-License-Identifier: Apache-2.0
import CNghttp2

// nghttp2 calls these while it receives or sends. They never call back into receiving or sending:
// a stream that something came for is put on the session's ready list, and a fault is noted.

func makeCallbacks() -> OpaquePointer? {
    var callbacks: OpaquePointer?
    guard nghttp2_session_callbacks_new(&callbacks) == 0, let callbacks else { return nil }
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, onBeginHeaders)
    nghttp2_session_callbacks_set_on_header_callback(callbacks, onHeader)
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, onDataChunk)
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, onFrame)
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, onFrameSent)
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, onStreamClose)
    return callbacks
}

private typealias Frame = UnsafePointer<nghttp2_frame>

private func session(_ user: UnsafeMutableRawPointer?) -> Session {
    Session(state: user.unsafelyUnwrapped.assumingMemoryBound(to: SessionState.self))
}

/// The frame's head, its first member, without copying the union.
private func head(_ frame: Frame?) -> UnsafePointer<nghttp2_frame_hd> {
    UnsafeRawPointer(frame.unsafelyUnwrapped).assumingMemoryBound(to: nghttp2_frame_hd.self)
}

private func has(_ flags: UInt8, _ flag: nghttp2_flag) -> Bool {
    flags & UInt8(truncatingIfNeeded: flag.rawValue) != 0
}

private func onBeginHeaders(
    _ raw: OpaquePointer?, _ frame: Frame?, _ user: UnsafeMutableRawPointer?
) -> Int32 {
    let session = session(user)
    let id = head(frame).pointee.stream_id
    session.state.pointee.headUnfinished = true
    // Trailers of a stream that is known: counted with its head, and not kept.
    if frame.unsafelyUnwrapped.pointee.headers.cat != NGHTTP2_HCAT_REQUEST {
        session.state.pointee.reading = session.stream(id)?.state
        return 0
    }
    let stream = session.state.pointee.context.pointee.takeStream()
    session.adopt(stream, id: id)
    return nghttp2_session_set_stream_user_data(raw, id, stream)
}

extension Session {
    fileprivate func adopt(_ stream: UnsafeMutablePointer<StreamState>, id: Int32) {
        stream.pointee.id = id
        stream.pointee.flags = []
        stream.pointee.session = state
        stream.pointee.head = RequestHead()
        stream.pointee.answer = stream.pointee.inline
        stream.pointee.answerCapacity = SessionLimits.inlineAnswerBytes
        stream.pointee.answerCount = 0
        stream.pointee.answerSent = 0
        stream.pointee.trailers = nil
        stream.pointee.stage = 0
        stream.pointee.tag = -1
        stream.pointee.deadline = .max
        stream.pointee.livePrevious = nil
        stream.pointee.liveNext = state.pointee.live
        state.pointee.live?.pointee.livePrevious = stream
        state.pointee.live = stream
        state.pointee.reading = stream
        state.pointee.streams += 1
    }

    fileprivate func pushReady(_ stream: UnsafeMutablePointer<StreamState>) {
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

    /// Takes one token, or ends the session.
    @inline(__always)
    fileprivate func spend(_ bucket: inout TokenBucket, or fault: SessionFault) {
        if !bucket.take(now: state.pointee.now) { end(fault) }
    }
}

private func onHeader(
    _ raw: OpaquePointer?, _ frame: Frame?, _ name: UnsafePointer<UInt8>?, _ nameCount: Int,
    _ value: UnsafePointer<UInt8>?, _ valueCount: Int, _ flags: UInt8,
    _ user: UnsafeMutableRawPointer?
) -> Int32 {
    let session = session(user)
    guard let stream = session.state.pointee.reading, let name, let value else { return 0 }
    stream.pointee.head.add(
        name: name, nameCount: nameCount, value: value, valueCount: valueCount,
        memory: stream.pointee.kept)
    let limit = session.state.pointee.context.pointee.limits.headerList
    if stream.pointee.head.listSize > limit {
        stream.pointee.flags.insert(.headTooLarge)
        if stream.pointee.head.listSize > limit * SessionLimits.hopelessHeaderListFactor {
            session.end(.headerListTooLarge)
            return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
        }
    }
    return 0
}

private func onDataChunk(
    _ raw: OpaquePointer?, _ flags: UInt8, _ id: Int32, _ bytes: UnsafePointer<UInt8>?,
    _ count: Int, _ user: UnsafeMutableRawPointer?
) -> Int32 {
    let session = session(user)
    guard let stream = session.recent(id) else { return 0 }
    stream.appendBody(UnsafeRawBufferPointer(start: bytes, count: count))
    session.pushReady(stream.state)
    return 0
}

private func onFrame(
    _ raw: OpaquePointer?, _ frame: Frame?, _ user: UnsafeMutableRawPointer?
) -> Int32 {
    let session = session(user)
    let head = head(frame)
    switch nghttp2_frame_type(UInt32(head.pointee.type)) {
    case NGHTTP2_DATA:
        onDataFrame(session, head.pointee)
    case NGHTTP2_HEADERS:
        session.state.pointee.headUnfinished = false
        onHeadersFrame(session, head.pointee)
    case NGHTTP2_WINDOW_UPDATE:
        session.spend(&session.state.pointee.budgets.windowUpdates, or: .tooManyWindowUpdates)
    case NGHTTP2_SETTINGS:
        if has(head.pointee.flags, NGHTTP2_FLAG_ACK) { return 0 }
        session.state.pointee.greeted = true
        session.spend(&session.state.pointee.budgets.settings, or: .tooManySettings)
    case NGHTTP2_PRIORITY:
        session.spend(&session.state.pointee.budgets.priorities, or: .tooManyPriorities)
    case NGHTTP2_PING:
        session.spend(&session.state.pointee.budgets.pings, or: .tooManyPings)
    case NGHTTP2_RST_STREAM:
        session.spend(&session.state.pointee.budgets.resets, or: .tooManyResets)
    default: break
    }
    return 0
}

private func onHeadersFrame(_ session: Session, _ head: nghttp2_frame_hd) {
    guard let stream = session.state.pointee.reading, stream.pointee.id == head.stream_id else {
        return
    }
    stream.pointee.flags.insert(.headRead)
    if has(head.flags, NGHTTP2_FLAG_END_STREAM) { stream.pointee.flags.insert(.ended) }
    session.pushReady(stream)
}

private func onDataFrame(_ session: Session, _ head: nghttp2_frame_hd) {
    if !has(head.flags, NGHTTP2_FLAG_END_STREAM) {
        if head.length == 0 {
            session.spend(&session.state.pointee.budgets.emptyData, or: .tooManyEmptyFrames)
        }
        return
    }
    guard let stream = session.recent(head.stream_id) else { return }
    stream.state.pointee.flags.insert(.ended)
    session.pushReady(stream.state)
}

private func onFrameSent(
    _ raw: OpaquePointer?, _ frame: Frame?, _ user: UnsafeMutableRawPointer?
) -> Int32 {
    let head = head(frame)
    switch nghttp2_frame_type(UInt32(head.pointee.type)) {
    case NGHTTP2_HEADERS, NGHTTP2_DATA:
        guard has(head.pointee.flags, NGHTTP2_FLAG_END_STREAM) else { return 0 }
        return endEarly(raw, head.pointee.stream_id, session(user))
    case NGHTTP2_GOAWAY:
        // Violations that nghttp2 finds are answered by nghttp2: this is where we hear of them.
        let code = frame.unsafelyUnwrapped.pointee.goaway.error_code
        let session = session(user)
        if code != NGHTTP2_NO_ERROR.rawValue && session.fault == nil {
            session.state.pointee.fault = .protocolError
        }
        return 0
    case NGHTTP2_RST_STREAM:
        // Resets that the peer's own errors make us send cost as much as its own.
        let code = frame.unsafelyUnwrapped.pointee.rst_stream.error_code
        let session = session(user)
        if code != NGHTTP2_NO_ERROR.rawValue {
            session.spend(&session.state.pointee.budgets.resets, or: .tooManyResets)
        }
        return 0
    default:
        return 0
    }
}

/// The answer is out before the request is in: ask the peer to stop (RFC 9113 section 8.1).
private func endEarly(_ raw: OpaquePointer?, _ id: Int32, _ session: Session) -> Int32 {
    guard let stream = session.recent(id), !stream.isEnded else { return 0 }
    let flag = UInt8(NGHTTP2_FLAG_NONE.rawValue)
    return nghttp2_submit_rst_stream(raw, flag, id, NGHTTP2_NO_ERROR.rawValue)
}

private func onStreamClose(
    _ raw: OpaquePointer?, _ id: Int32, _ errorCode: UInt32, _ user: UnsafeMutableRawPointer?
) -> Int32 {
    let session = session(user)
    if let stream = session.recent(id) { session.retire(stream.state) }
    return 0
}
