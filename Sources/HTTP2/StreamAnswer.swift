// SPDX-License-Identifier: Apache-2.0

/// The answer: headers, then bytes from the stream's buffer as flow control allows, then trailers.
extension Stream {
    /// Queues the headers. With `bodyFollows` false they end the stream.
    ///
    /// - Returns: false when the stream is gone or answered already.
    public func beginAnswer(_ block: HeaderBlock, bodyFollows: Bool) -> Bool {
        guard !isAnswerBegun else { return false }
        state.pointee.flags.insert(bodyFollows ? .answerBegun : [.answerBegun, .answerComplete])
        state.pointee.answerHead = block.isConstant ? block.fields : copy(block.fields)
        session.enqueue(state)
        return true
    }

    private func copy(_ fields: EncodedFields) -> EncodedFields {
        state.pointee.inline.copyMemory(from: fields.bytes, byteCount: fields.count)
        var copy = fields
        copy.bytes = UnsafeRawPointer(state.pointee.inline)
        return copy
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
        session.enqueue(state)
        return true
    }

    /// Ends the answer; the trailers, or with none the last bytes, end the stream.
    public func finishAnswer(trailers: HeaderBlock?) {
        guard !isAnswerComplete else { return }
        state.pointee.flags.insert(.answerComplete)
        state.pointee.trailers = trailers?.fields
        session.enqueue(state)
    }

    /// Ends the stream without an answer (RFC 9113 section 5.4.2). It is gone afterwards.
    public func reset(_ code: ErrorCode) {
        if state.pointee.flags.contains(.closed) { return }
        state.pointee.flags.insert([.discarding, .answerBegun, .answerComplete])
        session.queueReset(id, code)
        session.retire(state)
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
        let own = state.pointee.inlineAnswer
        if let answer = state.pointee.answer, answer != own {
            let context = state.pointee.session.unsafelyUnwrapped.pointee.context
            let capacity = state.pointee.answerCapacity
            context.pointee.buffers.give(PooledBuffer(start: answer, capacity: capacity))
            context.pointee.heldAnswers -= capacity
        }
        state.pointee.answer = own
        state.pointee.answerCapacity = SessionLimits.inlineAnswerBytes
    }
}
