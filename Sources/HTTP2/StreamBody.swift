// SPDX-License-Identifier: Apache-2.0

/// The request body: it lies where it was received as long as it came in one piece, and in a
/// pooled buffer otherwise.
extension Stream {
    /// Drops the body and everything that still comes.
    public func discardRest() {
        state.pointee.flags.insert(.discarding)
        releaseBody()
    }

    /// Forgets the first `count` bytes of the body.
    public func consumeBody(_ count: Int) {
        let left = state.pointee.bodyCount - count
        precondition(count >= 0 && left >= 0)
        if left == 0 { return releaseBody() }
        if !state.pointee.flags.contains(.bodyBorrowed), let body = state.pointee.body {
            body.copyMemory(from: body + count, byteCount: left)
        } else {
            state.pointee.body = state.pointee.body.map { $0 + count }
        }
        state.pointee.bodyCount = left
    }

    /// Adds bytes that are valid until the session receives again.
    func appendBody(_ bytes: UnsafeRawBufferPointer) {
        guard state.pointee.flags.isDisjoint(with: [.discarding, .bodyTooLarge, .bodyRefused])
        else { return }
        let session = state.pointee.session.unsafelyUnwrapped
        let total = state.pointee.bodyCount + bytes.count
        if total > session.pointee.context.pointee.limits.body {
            state.pointee.flags.insert(.bodyTooLarge)
            return releaseBody()
        }
        if state.pointee.bodyCount == 0 {
            state.pointee.body = UnsafeMutableRawPointer(mutating: bytes.baseAddress)
            state.pointee.bodyCount = bytes.count
            state.pointee.flags.insert(.bodyBorrowed)
            return session.pointee.lend(to: state)
        }
        guard ownBody(room: total) else { return }
        (state.pointee.body.unsafelyUnwrapped + state.pointee.bodyCount)
            .copyMemory(from: bytes.baseAddress.unsafelyUnwrapped, byteCount: bytes.count)
        state.pointee.bodyCount = total
    }

    /// Moves the body into a buffer of its own with at least `room` bytes; false when the
    /// context holds too many bytes already, and then the body is dropped.
    @discardableResult
    func ownBody(room: Int) -> Bool {
        if state.pointee.bodyCapacity >= room { return true }
        let context = state.pointee.session.unsafelyUnwrapped.pointee.context
        guard context.pointee.heldBodies + room <= context.pointee.limits.heldBodies else {
            state.pointee.flags.insert(.bodyRefused)
            releaseBody()
            return false
        }
        let buffer = context.pointee.buffers.take(room)
        let count = state.pointee.bodyCount
        if let body = state.pointee.body, count > 0 {
            buffer.start.copyMemory(from: body, byteCount: count)
        }
        releaseBody()
        context.pointee.heldBodies += buffer.capacity
        state.pointee.body = buffer.start
        state.pointee.bodyCapacity = buffer.capacity
        state.pointee.bodyCount = count
        return true
    }

    func releaseBody() {
        if state.pointee.bodyCapacity > 0, let body = state.pointee.body {
            let context = state.pointee.session.unsafelyUnwrapped.pointee.context
            let capacity = state.pointee.bodyCapacity
            context.pointee.buffers.give(PooledBuffer(start: body, capacity: capacity))
            context.pointee.heldBodies -= capacity
        }
        state.pointee.body = nil
        state.pointee.bodyCount = 0
        state.pointee.bodyCapacity = 0
        state.pointee.flags.remove(.bodyBorrowed)
    }
}
