// SPDX-License-Identifier: Apache-2.0

/// Frames other than answers, queued until the next `produce`.
extension Session {
    func queue(_ head: FrameHead, _ payload: UnsafeRawBufferPointer) {
        guard mayQueue() else { return }
        state.pointee.control.append(head)
        state.pointee.control.append(payload)
    }

    private func queue(_ type: UInt8, _ stream: Int32, _ number: UInt32) {
        guard mayQueue() else { return }
        state.pointee.control.append(FrameHead(length: 4, type: type, stream: stream))
        state.pointee.control.append(number)
    }

    /// Nothing follows a GOAWAY, and a peer that does not read is owed a bounded number of frames.
    private func mayQueue() -> Bool {
        guard state.pointee.fault == nil else { return false }
        if state.pointee.control.count < SessionLimits.controlBytes { return true }
        end(.tooManyPendingFrames)
        return false
    }

    func queueSettings() {
        let limits = state.pointee.context.pointee.limits
        let settings = [
            (SettingID.maxConcurrentStreams, limits.concurrentStreams),
            (SettingID.initialWindowSize, UInt32(limits.streamWindow)),
            (SettingID.maxHeaderListSize, UInt32(limits.headerList)),
        ]
        state.pointee.control.append(
            FrameHead(length: settings.count * 6, type: FrameType.settings, stream: 0))
        for (id, value) in settings { state.pointee.control.append(id, value) }
        let more = Int(limits.connectionWindow) - HTTP2Constants.initialWindow
        if more > 0 { queueWindowUpdate(0, more) }
    }

    func queueSettingsAck() {
        queue(
            FrameHead(length: 0, type: FrameType.settings, flags: .ack, stream: 0),
            UnsafeRawBufferPointer(start: nil, count: 0))
    }

    func queueWindowUpdate(_ stream: Int32, _ more: Int) {
        queue(FrameType.windowUpdate, stream, UInt32(more))
    }

    /// Resets a stream, which the peer may not know for a while. Resets that the peer's own errors
    /// make us send cost as much as its own (CVE-2025-8671).
    func queueReset(_ stream: Int32, _ code: ErrorCode) {
        state.pointee.lastDropped = max(state.pointee.lastDropped, stream)
        queue(FrameType.rstStream, stream, code.rawValue)
        if code != .noError { spend(&state.pointee.budgets.resets, or: .tooManyResets) }
    }

    /// Queued however much waits already.
    func queueGoAway(_ last: Int32, _ code: ErrorCode) {
        state.pointee.control.append(FrameHead(length: 8, type: FrameType.goAway, stream: 0))
        state.pointee.control.append(UInt32(bitPattern: last))
        state.pointee.control.append(code.rawValue)
    }
}
