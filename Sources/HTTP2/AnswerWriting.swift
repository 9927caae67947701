// SPDX-License-Identifier: Apache-2.0

/// Room for frames.
private struct FrameOutput {
    let start: UnsafeMutableRawPointer
    let capacity: Int
    var used = 0

    var room: Int { capacity - used }

    /// Appends a frame; there must be room for it.
    @inline(__always)
    mutating func append(_ head: FrameHead, _ payload: UnsafeRawPointer?) {
        head.write(to: start + used)
        if let payload, head.length > 0 {
            (start + used + FrameHead.bytes).copyMemory(from: payload, byteCount: head.length)
        }
        used += FrameHead.bytes + head.length
    }

    /// Appends a HEADERS frame.
    ///
    /// - Returns: false when there is no room.
    @inline(__always)
    mutating func append(
        _ fields: EncodedFields, _ flags: FrameFlags, stream: Int32, _ table: inout AnswerTable
    ) -> Bool {
        guard room >= FrameHead.bytes + AnswerTable.updateBytes + fields.count else { return false }
        let place = start + used
        let count = table.write(fields, to: place + FrameHead.bytes)
        FrameHead(length: count, type: FrameType.headers, flags: flags, stream: stream)
            .write(to: place)
        used += FrameHead.bytes + count
        return true
    }
}

/// Output: what `ControlWriting` queued first, then the answers of the streams in turn, each frame
/// written straight to where it leaves from.
extension Session {
    public var wantsToSend: Bool {
        if state.pointee.spill != nil || !state.pointee.control.isEmpty { return true }
        return state.pointee.fault == nil && state.pointee.sendHead != nil
    }

    /// Fills `output` with bytes for the peer.
    ///
    /// - Returns: how many; 0 when nothing is left to send.
    public func produce(into output: UnsafeMutableRawBufferPointer) -> Int {
        guard let start = output.baseAddress else { return 0 }
        var frames = FrameOutput(start: start, capacity: output.count)
        moveSpill(&frames)
        frames.used += state.pointee.control.move(to: start + frames.used, room: frames.room)
        writeAnswers(&frames)
        if frames.used == 0 && wantsToSend { spill(&frames) }
        return frames.used
    }

    private func writeAnswers(_ frames: inout FrameOutput) {
        guard state.pointee.control.isEmpty, state.pointee.fault == nil else { return }
        while let stream = state.pointee.sendHead {
            if !write(stream, &frames) { return }
        }
    }

    // MARK: one answer

    /// Writes what a stream may send now.
    ///
    /// - Returns: false when there is no room.
    private func write(
        _ stream: UnsafeMutablePointer<StreamState>, _ frames: inout FrameOutput
    ) -> Bool {
        if let head = stream.pointee.answerHead, !write(head, stream, &frames) { return false }
        if !stream.pointee.flags.contains(.queued) { return true }
        if stream.pointee.unsent > 0 {
            guard writeData(stream, &frames) else { return false }
            if !stream.pointee.flags.contains(.queued) || stream.pointee.unsent > 0 { return true }
        }
        guard stream.pointee.flags.contains(.answerComplete) else {
            dequeue(stream)
            return true
        }
        return writeEnd(stream, &frames)
    }

    private func write(
        _ head: EncodedFields, _ stream: UnsafeMutablePointer<StreamState>,
        _ frames: inout FrameOutput
    ) -> Bool {
        let ends = stream.pointee.isHeadAll
        let flags: FrameFlags = ends ? [.endHeaders, .endStream] : .endHeaders
        guard frames.append(head, flags, stream: stream.pointee.id, &state.pointee.answers) else {
            return false
        }
        stream.pointee.answerHead = nil
        if ends { finish(stream) }
        return true
    }

    private func writeData(
        _ stream: UnsafeMutablePointer<StreamState>, _ frames: inout FrameOutput
    ) -> Bool {
        let unsent = stream.pointee.unsent
        let window = min(stream.pointee.sendWindow, state.pointee.sendWindow)
        guard window > 0 else {
            if state.pointee.sendWindow <= 0 { state.pointee.isStarved = true }
            dequeue(stream)
            return true
        }
        let count = min(
            unsent, window, HTTP2Constants.frameBytes, frames.room - FrameHead.bytes)
        guard count > 0 else { return false }
        let ends = count == unsent && stream.pointee.isDataAll
        frames.append(
            FrameHead(
                length: count, type: FrameType.data, flags: ends ? .endStream : [],
                stream: stream.pointee.id),
            stream.pointee.answer.unsafelyUnwrapped + stream.pointee.answerSent)
        stream.pointee.answerSent += count
        stream.pointee.sendWindow -= count
        state.pointee.sendWindow -= count
        if ends {
            finish(stream)
        } else if count == unsent {
            stream.pointee.answerSent = 0
            stream.pointee.answerCount = 0
        } else {
            // The others get their turn.
            dequeue(stream)
            enqueue(stream)
        }
        return true
    }

    /// Trailers, or an empty DATA when all bytes left before the answer was complete.
    private func writeEnd(
        _ stream: UnsafeMutablePointer<StreamState>, _ frames: inout FrameOutput
    ) -> Bool {
        let id = stream.pointee.id
        if let trailers = stream.pointee.trailers {
            let flags: FrameFlags = [.endHeaders, .endStream]
            guard frames.append(trailers, flags, stream: id, &state.pointee.answers) else {
                return false
            }
        } else {
            guard frames.room >= FrameHead.bytes else { return false }
            frames.append(
                FrameHead(length: 0, type: FrameType.data, flags: .endStream, stream: id), nil)
        }
        finish(stream)
        return true
    }

    /// END_STREAM is out.
    private func finish(_ stream: UnsafeMutablePointer<StreamState>) {
        // Before the request is in: ask the peer to stop (RFC 9113 section 8.1).
        if !stream.pointee.flags.contains(.ended) { queueReset(stream.pointee.id, .noError) }
        retire(stream)
    }

    // MARK: outputs smaller than a frame

    /// Writes the next frames elsewhere, and of those as much as there is room for.
    private func spill(_ frames: inout FrameOutput) {
        let buffer = state.pointee.context.pointee.buffers.take(SessionLimits.outboundFrame)
        var whole = FrameOutput(start: buffer.start, capacity: buffer.capacity)
        writeAnswers(&whole)
        state.pointee.spill = buffer
        state.pointee.spillStart = 0
        state.pointee.spillEnd = whole.used
        moveSpill(&frames)
    }

    private func moveSpill(_ frames: inout FrameOutput) {
        guard let spill = state.pointee.spill else { return }
        let left = state.pointee.spillEnd - state.pointee.spillStart
        let count = min(left, frames.room)
        (frames.start + frames.used)
            .copyMemory(from: spill.start + state.pointee.spillStart, byteCount: count)
        frames.used += count
        state.pointee.spillStart += count
        if count == left { dropSpill() }
    }

    func dropSpill() {
        guard let spill = state.pointee.spill else { return }
        state.pointee.context.pointee.buffers.give(spill)
        state.pointee.spill = nil
    }

    // MARK: streams that have something to send

    /// Puts a stream with something to send at the end of the line.
    func enqueue(_ stream: UnsafeMutablePointer<StreamState>) {
        guard stream.pointee.hasOutput, !stream.pointee.flags.contains(.queued) else { return }
        stream.pointee.flags.insert(.queued)
        stream.pointee.sendNext = nil
        stream.pointee.sendPrevious = state.pointee.sendTail
        if let tail = state.pointee.sendTail {
            tail.pointee.sendNext = stream
        } else {
            state.pointee.sendHead = stream
        }
        state.pointee.sendTail = stream
    }

    func dequeue(_ stream: UnsafeMutablePointer<StreamState>) {
        guard stream.pointee.flags.contains(.queued) else { return }
        stream.pointee.flags.remove(.queued)
        let previous = stream.pointee.sendPrevious
        let next = stream.pointee.sendNext
        if let previous {
            previous.pointee.sendNext = next
        } else {
            state.pointee.sendHead = next
        }
        if let next {
            next.pointee.sendPrevious = previous
        } else {
            state.pointee.sendTail = previous
        }
    }
}
