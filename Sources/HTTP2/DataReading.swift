// SPDX-License-Identifier: Apache-2.0

/// DATA (RFC 9113 section 6.1): handed on as it comes, so that a message which came in one piece
/// is never copied.
extension Session {
    /// The head of a DATA frame has come.
    func beginData(_ head: FrameHead) {
        state.pointee.received += head.length
        if state.pointee.received > Int(state.pointee.context.pointee.limits.connectionWindow) {
            return violate(.flowControlError)
        }
        state.pointee.data = DataProgress(
            left: head.length, padding: head.flags.contains(.padded) ? -1 : 0, stream: head.stream,
            ends: head.flags.contains(.endStream))
        if let stream = state.pointee.table.find(head.stream) {
            count(head.length, on: stream)
        } else if head.stream & 1 == 0 || head.stream > state.pointee.lastStream {
            return violate(.protocolError)
        } else if head.stream > state.pointee.lastDropped {
            return violate(.streamClosed)
        }
        if head.length == 0 {
            if head.flags.contains(.padded) { return violate(.frameSizeError) }
            finishData()
        }
    }

    private func count(_ length: Int, on stream: UnsafeMutablePointer<StreamState>) {
        stream.pointee.received += length
        if stream.pointee.flags.contains(.ended) {
            Stream(state: stream).reset(.streamClosed)
        } else if stream.pointee.received
            > Int(state.pointee.context.pointee.limits.streamWindow)
        {
            Stream(state: stream).reset(.flowControlError)
        }
    }

    /// More of a DATA frame's payload has come.
    func takeData(_ input: inout Received) {
        if state.pointee.data.padding < 0 {
            let padding = Int(input.start.load(as: UInt8.self))
            input.drop(1)
            state.pointee.data.left -= 1
            guard padding <= state.pointee.data.left else { return violate(.protocolError) }
            state.pointee.data.padding = padding
        }
        let content = min(state.pointee.data.left - state.pointee.data.padding, input.count)
        if content > 0 { take(UnsafeRawBufferPointer(start: input.start, count: content)) }
        let passed = content > 0 ? content : min(state.pointee.data.left, input.count)
        input.drop(passed)
        state.pointee.data.left -= passed
        if state.pointee.data.left == 0 { finishData() }
    }

    private func take(_ content: UnsafeRawBufferPointer) {
        state.pointee.data.hasContent = true
        guard let stream = state.pointee.table.find(state.pointee.data.stream) else { return }
        stream.pointee.bodyTotal += content.count
        Stream(state: stream).appendBody(content)
        pushReady(stream)
    }

    /// All of a DATA frame has come.
    private func finishData() {
        state.pointee.data.left = -1
        let stream = state.pointee.table.find(state.pointee.data.stream)
        if state.pointee.data.ends {
            if let stream { finishRequest(stream) }
        } else if !state.pointee.data.hasContent {
            spend(&state.pointee.budgets.emptyData, or: .tooManyEmptyFrames)
        }
        replenish(stream)
    }

    /// Gives back windows that are half used up.
    private func replenish(_ stream: UnsafeMutablePointer<StreamState>?) {
        let limits = state.pointee.context.pointee.limits
        if state.pointee.received >= Int(limits.connectionWindow) / 2 {
            queueWindowUpdate(0, state.pointee.received)
            state.pointee.received = 0
        }
        guard let stream, !stream.pointee.flags.contains(.ended),
            stream.pointee.received >= Int(limits.streamWindow) / 2
        else { return }
        queueWindowUpdate(stream.pointee.id, stream.pointee.received)
        stream.pointee.received = 0
    }
}
