// SPDX-License-Identifier: Apache-2.0
import CNghttp2

/// The answer: headers, then bytes from the stream's buffer as flow control allows, then trailers.
extension Stream {
    /// Queues the headers. With `bodyFollows` false they end the stream.
    ///
    /// - Returns: false when the stream is gone or answered already.
    public func beginAnswer(_ block: HeaderBlock, bodyFollows: Bool) -> Bool {
        guard !isAnswerBegun, let raw = session.raw else { return false }
        state.pointee.flags.insert(bodyFollows ? .answerBegun : [.answerBegun, .answerComplete])
        let fields = UnsafePointer(block.fields)
        if !bodyFollows {
            return nghttp2_submit_response(raw, id, fields, block.count, nil) == 0
        }
        var source = nghttp2_data_provider(
            source: nghttp2_data_source(ptr: UnsafeMutableRawPointer(state)),
            read_callback: readAnswer)
        return nghttp2_submit_response(raw, id, fields, block.count, &source) == 0
    }

    /// Adds bytes to the answer.
    ///
    /// - Returns: false when the peers of this context together leave too much unread.
    public func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard !isAnswerComplete else { return false }
        guard let source = bytes.baseAddress, bytes.count > 0 else { return true }
        let total = state.pointee.answerCount + bytes.count
        guard reserve(total) else { return false }
        (state.pointee.answer.unsafelyUnwrapped + state.pointee.answerCount)
            .copyMemory(from: source, byteCount: bytes.count)
        state.pointee.answerCount = total
        resume()
        return true
    }

    /// Ends the answer; the trailers, or with none the last bytes, end the stream.
    public func finishAnswer(trailers: HeaderBlock?) {
        guard !isAnswerComplete else { return }
        state.pointee.flags.insert(.answerComplete)
        state.pointee.trailers = trailers?.fields
        state.pointee.trailerCount = trailers?.count ?? 0
        resume()
    }

    /// Ends the stream without an answer (RFC 9113 section 6.4).
    public func reset(errorCode: UInt32) {
        guard let raw = session.raw else { return }
        state.pointee.flags.insert([.discarding, .answerBegun, .answerComplete])
        releaseBody()
        let flag = UInt8(NGHTTP2_FLAG_NONE.rawValue)
        session.note(Int(nghttp2_submit_rst_stream(raw, flag, id, errorCode)))
    }

    private func resume() {
        guard state.pointee.flags.contains(.suspended), let raw = session.raw else { return }
        state.pointee.flags.remove(.suspended)
        // An idle provider must be told of trailers too, or they are never sent.
        session.note(Int(nghttp2_session_resume_data(raw, id)))
    }

    private func reserve(_ total: Int) -> Bool {
        if state.pointee.answerCapacity >= total { return true }
        let context = state.pointee.session.unsafelyUnwrapped.pointee.context
        guard context.pointee.heldAnswers + total <= context.pointee.limits.heldAnswers else {
            return false
        }
        let buffer = context.pointee.buffers.take(total)
        let count = state.pointee.answerCount
        if let old = state.pointee.answer, count > 0 {
            buffer.start.copyMemory(from: old, byteCount: count)
        }
        releaseAnswer()
        context.pointee.heldAnswers += buffer.capacity
        state.pointee.answer = buffer.start
        state.pointee.answerCapacity = buffer.capacity
        return true
    }

    func releaseAnswer() {
        if let answer = state.pointee.answer, answer != state.pointee.inline {
            let context = state.pointee.session.unsafelyUnwrapped.pointee.context
            let capacity = state.pointee.answerCapacity
            context.pointee.buffers.give(PooledBuffer(start: answer, capacity: capacity))
            context.pointee.heldAnswers -= capacity
        }
        state.pointee.answer = state.pointee.inline
        state.pointee.answerCapacity = SessionLimits.inlineAnswerBytes
    }
}

/// nghttp2 asks for at most `length` bytes, which is what flow control lets through.
private func readAnswer(
    _ raw: OpaquePointer?, _ id: Int32, _ buffer: UnsafeMutablePointer<UInt8>?, _ length: Int,
    _ flags: UnsafeMutablePointer<UInt32>?, _ source: UnsafeMutablePointer<nghttp2_data_source>?,
    _ user: UnsafeMutableRawPointer?
) -> Int {
    guard let flags, let target = buffer, let address = source?.pointee.ptr else {
        return Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
    }
    let state = address.assumingMemoryBound(to: StreamState.self)
    state.pointee.session?.pointee.writing = state
    let count = min(length, state.pointee.answerCount - state.pointee.answerSent)
    if count > 0 {
        UnsafeMutableRawPointer(target).copyMemory(
            from: state.pointee.answer.unsafelyUnwrapped + state.pointee.answerSent,
            byteCount: count)
        state.pointee.answerSent += count
    }
    if state.pointee.answerSent < state.pointee.answerCount { return count }
    state.pointee.answerSent = 0
    state.pointee.answerCount = 0
    if state.pointee.flags.contains(.answerComplete) {
        flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue
        return submitTrailers(raw, id, state, flags) ? count : fatalRead
    }
    if count > 0 { return count }
    state.pointee.flags.insert(.suspended)
    return Int(NGHTTP2_ERR_DEFERRED.rawValue)
}

private let fatalRead = Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)

private func submitTrailers(
    _ raw: OpaquePointer?, _ id: Int32, _ state: UnsafeMutablePointer<StreamState>,
    _ flags: UnsafeMutablePointer<UInt32>
) -> Bool {
    guard let trailers = state.pointee.trailers else { return true }
    flags.pointee |= NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
    return nghttp2_submit_trailer(raw, id, trailers, state.pointee.trailerCount) == 0
}
