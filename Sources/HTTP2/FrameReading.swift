// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Bytes that have come and are not looked at yet.
struct Received {
    var start: UnsafeRawPointer
    var count: Int

    @inline(__always)
    mutating func drop(_ taken: Int) {
        start += taken
        count -= taken
    }
}

extension Session {
    /// Takes bytes from the peer. Then handle every stream of `nextReady`, and call `settle`
    /// before the bytes change.
    public func receive(_ bytes: UnsafeRawBufferPointer, now: UInt64) {
        guard let start = bytes.baseAddress else { return }
        state.pointee.now = now
        var input = Received(start: start, count: bytes.count)
        if state.pointee.prefaceTaken < HTTP2Constants.preface.utf8CodeUnitCount {
            takePreface(&input)
        }
        while input.count > 0 && state.pointee.fault == nil {
            if state.pointee.data.left >= 0 {
                takeData(&input)
            } else if state.pointee.partial.count > 0 {
                completePartial(&input)
            } else {
                takeFrame(&input)
            }
        }
    }

    private func takePreface(_ input: inout Received) {
        let preface = HTTP2Constants.preface
        let taken = state.pointee.prefaceTaken
        let count = min(input.count, preface.utf8CodeUnitCount - taken)
        guard memcmp(input.start, preface.utf8Start + taken, count) == 0 else {
            return end(.badPreface)
        }
        state.pointee.prefaceTaken += count
        input.drop(count)
    }

    private func takeFrame(_ input: inout Received) {
        guard input.count >= FrameHead.bytes else {
            _ = keepPartial(&input, whole: FrameHead.bytes)
            return
        }
        let head = FrameHead(input.start)
        guard admit(head) else { return }
        let whole = FrameHead.bytes + head.length
        if head.type != FrameType.data && input.count < whole {
            _ = keepPartial(&input, whole: whole)
            return
        }
        input.drop(FrameHead.bytes)
        if head.type == FrameType.data { return }
        dispatch(head, UnsafeRawBufferPointer(start: input.start, count: head.length))
        input.drop(head.length)
    }

    /// Sees a frame's head: whether it may come here and now, and what it begins.
    private func admit(_ head: FrameHead) -> Bool {
        if head.length > HTTP2Constants.frameBytes {
            violate(.frameSizeError)
        } else if !state.pointee.isGreeted && head.type != FrameType.settings {
            violate(.protocolError)
        } else if state.pointee.block.isOpen != (head.type == FrameType.continuation) {
            violate(.protocolError)
        } else if let error = head.shapeError {
            violate(error)
        } else if head.type == FrameType.data {
            beginData(head)
        } else if head.type == FrameType.headers {
            openBlock(head)
        }
        return state.pointee.fault == nil
    }

    /// A whole frame other than DATA.
    private func dispatch(_ head: FrameHead, _ payload: UnsafeRawBufferPointer) {
        switch head.type {
        case FrameType.headers: readHeaders(head, payload)
        case FrameType.continuation: readContinuation(head, payload)
        case FrameType.settings: readSettings(head, payload)
        case FrameType.ping: readPing(head, payload)
        case FrameType.windowUpdate: readWindowUpdate(head, payload)
        case FrameType.rstStream: readReset(head)
        case FrameType.priority:
            spend(&state.pointee.budgets.priorities, or: .tooManyPriorities)
        case FrameType.goAway: state.pointee.isLeft = true
        // A type that we do not know (RFC 9113 section 5.5).
        default: break
        }
    }

    // MARK: frames that come in pieces

    /// Keeps bytes of a frame until it has `whole` bytes.
    ///
    /// - Returns: the frame when it has as many; nil when more must come, or may not be kept.
    private func keepPartial(_ input: inout Received, whole: Int) -> UnsafeMutableRawPointer? {
        guard let start = reservePartial(whole) else { return nil }
        let count = min(whole - state.pointee.partial.count, input.count)
        (start + state.pointee.partial.count).copyMemory(from: input.start, byteCount: count)
        state.pointee.partial.count += count
        input.drop(count)
        return state.pointee.partial.count == whole ? start : nil
    }

    private func completePartial(_ input: inout Received) {
        if state.pointee.partial.count < FrameHead.bytes {
            guard let start = keepPartial(&input, whole: FrameHead.bytes) else { return }
            let head = FrameHead(start)
            guard admit(head) else { return }
            if head.type == FrameType.data { return dropPartial() }
        }
        guard let start = state.pointee.partial.buffer?.start else { return }
        let head = FrameHead(start)
        guard let frame = keepPartial(&input, whole: FrameHead.bytes + head.length) else { return }
        dispatch(
            head, UnsafeRawBufferPointer(start: frame + FrameHead.bytes, count: head.length))
        dropPartial()
    }

    /// Room for a frame of `whole` bytes; nil, and the session ends, when all connections together
    /// hold too much already.
    private func reservePartial(_ whole: Int) -> UnsafeMutableRawPointer? {
        let former = state.pointee.partial
        if let buffer = former.buffer, buffer.capacity >= whole { return buffer.start }
        let context = state.pointee.context
        guard context.pointee.heldBodies + whole <= context.pointee.limits.heldBodies else {
            end(.tooManyPendingFrames)
            return nil
        }
        let buffer = context.pointee.buffers.take(whole)
        context.pointee.heldBodies += buffer.capacity
        if let old = former.buffer {
            buffer.start.copyMemory(from: old.start, byteCount: former.count)
        }
        dropPartial()
        state.pointee.partial = PartialFrame(buffer: buffer, count: former.count)
        return buffer.start
    }

    func dropPartial() {
        guard let buffer = state.pointee.partial.buffer else { return }
        state.pointee.context.pointee.buffers.give(buffer)
        state.pointee.context.pointee.heldBodies -= buffer.capacity
        state.pointee.partial = PartialFrame()
    }
}

extension FrameHead {
    /// What a frame's type says of its stream and its length (RFC 9113 section 6).
    fileprivate var shapeError: ErrorCode? {
        switch type {
        case FrameType.data, FrameType.headers, FrameType.continuation:
            error(isPlaced: stream != 0)
        case FrameType.priority: error(isPlaced: stream != 0, fits: length == 5)
        case FrameType.rstStream: error(isPlaced: stream != 0, fits: length == 4)
        case FrameType.settings:
            error(
                isPlaced: stream == 0,
                fits: length % 6 == 0 && (!flags.contains(.ack) || length == 0))
        case FrameType.ping: error(isPlaced: stream == 0, fits: length == 8)
        case FrameType.goAway: error(isPlaced: stream == 0, fits: length >= 8)
        case FrameType.windowUpdate: error(isPlaced: true, fits: length == 4)
        case FrameType.pushPromise: .protocolError
        default: nil
        }
    }

    private func error(isPlaced: Bool, fits: Bool = true) -> ErrorCode? {
        if !isPlaced { return .protocolError }
        return fits ? nil : .frameSizeError
    }
}
