// SPDX-License-Identifier: Apache-2.0

/// SETTINGS, PING, WINDOW_UPDATE and RST_STREAM (RFC 9113 section 6).
extension Session {
    func readSettings(_ head: FrameHead, _ payload: UnsafeRawBufferPointer) {
        if head.flags.contains(.ack) {
            if !state.pointee.isGreeted { violate(.protocolError) }
            return
        }
        state.pointee.isGreeted = true
        spend(&state.pointee.budgets.settings, or: .tooManySettings)
        guard let start = payload.baseAddress else { return queueSettingsAck() }
        var window = state.pointee.peerStreamWindow
        for offset in stride(from: 0, to: payload.count, by: 6) {
            let id = UInt16(
                bigEndian: start.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
            let value = start.bigEndian(at: offset + 2)
            if let error = apply(id, value, &window) { return violate(error) }
        }
        // Once a frame, whatever it repeats: this walks all streams.
        if let error = resizeWindows(window) { return violate(error) }
        queueSettingsAck()
    }

    /// Applies one of the peer's settings, but for the streams' windows.
    private func apply(_ id: UInt16, _ value: UInt32, _ window: inout Int) -> ErrorCode? {
        switch id {
        case SettingID.enablePush: return value > 1 ? .protocolError : nil
        case SettingID.maxFrameSize:
            // We send frames of the least maximum there is.
            let allowed = HTTP2Constants.frameBytes...HTTP2Constants.mostFrameBytes
            return allowed.contains(Int(value)) ? nil : .protocolError
        case SettingID.initialWindowSize:
            guard value <= HTTP2Constants.largestWindow else { return .flowControlError }
            window = Int(value)
            return nil
        case SettingID.headerTableSize:
            state.pointee.answers.limit(value)
            return nil
        // We open no streams, and our answers' headers are few.
        default: return nil
        }
    }

    /// Open streams get the difference (RFC 9113 section 6.9.2), which may leave them below zero.
    private func resizeWindows(_ size: Int) -> ErrorCode? {
        let change = size - state.pointee.peerStreamWindow
        guard change != 0 else { return nil }
        state.pointee.peerStreamWindow = size
        var next = state.pointee.live
        while let stream = next {
            next = stream.pointee.liveNext
            stream.pointee.sendWindow += change
            if stream.pointee.sendWindow > HTTP2Constants.largestWindow {
                return .flowControlError
            }
            if change > 0 { enqueue(stream) }
        }
        return nil
    }

    func readPing(_ head: FrameHead, _ payload: UnsafeRawBufferPointer) {
        spend(&state.pointee.budgets.pings, or: .tooManyPings)
        if head.flags.contains(.ack) { return }
        queue(FrameHead(length: 8, type: FrameType.ping, flags: .ack, stream: 0), payload)
    }

    func readWindowUpdate(_ head: FrameHead, _ payload: UnsafeRawBufferPointer) {
        spend(&state.pointee.budgets.windowUpdates, or: .tooManyWindowUpdates)
        guard let start = payload.baseAddress else { return }
        let more = Int(start.bigEndian(at: 0) & 0x7FFF_FFFF)
        if head.stream == 0 { return widen(by: more) }
        guard let stream = known(head.stream) else { return }
        stream.pointee.sendWindow += more
        if more == 0 {
            Stream(state: stream).reset(.protocolError)
        } else if stream.pointee.sendWindow > HTTP2Constants.largestWindow {
            Stream(state: stream).reset(.flowControlError)
        } else {
            enqueue(stream)
        }
    }

    private func widen(by more: Int) {
        if more == 0 { return violate(.protocolError) }
        state.pointee.sendWindow += more
        if state.pointee.sendWindow > HTTP2Constants.largestWindow {
            return violate(.flowControlError)
        }
        guard state.pointee.isStarved else { return }
        state.pointee.isStarved = false
        var next = state.pointee.live
        while let stream = next {
            next = stream.pointee.liveNext
            enqueue(stream)
        }
    }

    func readReset(_ head: FrameHead) {
        spend(&state.pointee.budgets.resets, or: .tooManyResets)
        if let stream = known(head.stream) { retire(stream) }
    }

    /// An open stream; nil when it is closed. One that was never opened ends the session.
    private func known(_ id: Int32) -> UnsafeMutablePointer<StreamState>? {
        if id & 1 == 0 || id > state.pointee.lastStream { violate(.protocolError) }
        return state.pointee.table.find(id)
    }
}
