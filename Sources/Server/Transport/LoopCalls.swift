// SPDX-License-Identifier: Apache-2.0
import GRPC
import HTTP2

/// Where a stream becomes a call.
extension EventLoop {
    /// Something came for `stream`.
    func serve(_ stream: HTTP2.Stream) {
        let now = state.pointee.now
        switch state.pointee.reader.examine(stream, now: now) {
        case .nothing: watchClock(stream, now: now)
        case .call(let method, let message, let deadline):
            counters.calls.bump()
            state.pointee.batched &+= 1
            stream.clearTimer()
            state.pointee.service?.handle(
                CallHandle(name: stream.name), method: method, message: message, deadline: deadline)
            watchClock(stream, now: now)
        case .builtin(let method):
            stream.clearTimer()
            serve(method, stream)
            watchClock(stream, now: now)
        }
    }

    /// Sees to it that a stream which is not answered now will be.
    private func watchClock(_ stream: HTTP2.Stream, now: UInt64) {
        if stream.isAnswerComplete { return }
        let deadline = state.pointee.reader.timeout(of: stream, now: now)
        if deadline != .max { stream.setTimer(deadline: deadline) }
    }

    private func serve(_ method: BuiltinMethod, _ stream: HTTP2.Stream) {
        let reader = state.pointee.reader
        switch method {
        case .healthCheck, .healthWatch:
            if method == .healthWatch && !keepWatch(CallHandle(name: stream.name)) {
                _ = reader.answers.fail(stream, .resourceExhausted, "too many health watches")
                return
            }
            state.pointee.health.handle(method, stream, status, reader: reader)
        case .reflection, .reflectionAlpha:
            state.pointee.reflection.handle(stream, reader: reader)
        }
    }

    // MARK: health

    private var status: ServingStatus { state.pointee.isServing ? .serving : .notServing }

    private func keepWatch(_ watch: CallHandle) -> Bool {
        if state.pointee.watches.count >= limits.call.watches {
            state.pointee.watches.removeAll { !$0.isOpen }
        }
        guard state.pointee.watches.count < limits.call.watches else { return false }
        state.pointee.watches.append(watch)
        return true
    }

    /// Changes what health checks answer, and tells those who watch.
    func setServing(_ isServing: Bool) {
        if state.pointee.isServing == isServing { return }
        state.pointee.isServing = isServing
        state.pointee.reader.isServing = isServing
        for watch in state.pointee.watches {
            guard let (stream, connection) = watch.open else { continue }
            state.pointee.health.notify(stream, status, reader: state.pointee.reader)
            connection.markDirty()
        }
        state.pointee.watches.removeAll { !$0.isOpen }
    }

    /// Ends all watches, which would hold up a drain.
    func endWatches() {
        for watch in state.pointee.watches {
            watch.fail(status: .unavailable, message: "the server is shutting down")
        }
        state.pointee.watches = []
    }
}
