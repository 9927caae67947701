// SPDX-License-Identifier: Apache-2.0

/// What all sessions of one loop share: limits, callbacks, timers and pools. One thread only.
///
/// It outlives its sessions and lives behind a pointer, as they do: nothing here is counted.
public struct SessionContext {
    public let limits: SessionLimits
    public var wheel: TimerWheel
    public var buffers: BufferPool
    var heldBodies = 0
    var heldAnswers = 0
    private var freeStreams: UnsafeMutablePointer<StreamState>?
    private var blocks: [UnsafeMutableRawPointer] = []

    /// - Parameter now: monotonic nanoseconds.
    public static func make(
        limits: SessionLimits, now: UInt64
    ) -> UnsafeMutablePointer<SessionContext> {
        let context = UnsafeMutablePointer<SessionContext>.allocate(capacity: 1)
        context.initialize(
            to: SessionContext(
                limits: limits, wheel: TimerWheel(now: now),
                buffers: BufferPool(spareLimit: limits.spareBuffers)))
        return context
    }

    /// Frees everything; no session may be left.
    public static func destroy(_ context: UnsafeMutablePointer<SessionContext>) {
        context.pointee.wheel.destroy()
        context.pointee.buffers.destroy()
        for block in context.pointee.blocks { block.deallocate() }
        context.deinitialize(count: 1)
        context.deallocate()
    }

    private init(limits: SessionLimits, wheel: TimerWheel, buffers: BufferPool) {
        self.limits = limits
        self.wheel = wheel
        self.buffers = buffers
    }

    mutating func takeStream() -> UnsafeMutablePointer<StreamState> {
        if freeStreams == nil { addBlock() }
        let state = freeStreams.unsafelyUnwrapped
        freeStreams = state.pointee.next
        state.pointee.next = nil
        return state
    }

    /// Takes back a stream whose buffers and timer are gone.
    mutating func giveStream(_ state: UnsafeMutablePointer<StreamState>) {
        state.pointee.next = freeStreams
        freeStreams = state
    }

    private mutating func addBlock() {
        let size = MemoryLayout<StreamState>.stride
        let each =
            size + SessionLimits.keptHeaderBytes + SessionLimits.answerHeaderBytes
            + SessionLimits.inlineAnswerBytes
        let block = UnsafeMutableRawPointer.allocate(
            byteCount: each * SessionLimits.streamsPerBlock, alignment: 64)
        blocks.append(block)
        for index in 0..<SessionLimits.streamsPerBlock {
            let start = block + index * each
            let state = start.bindMemory(to: StreamState.self, capacity: 1)
            let kept = (start + size).bindMemory(
                to: UInt8.self, capacity: SessionLimits.keptHeaderBytes)
            let timer = TimerNode(kind: .stream, owner: UInt(bitPattern: start))
            state.initialize(
                to: StreamState(
                    timer: timer, kept: kept,
                    inline: start + size + SessionLimits.keptHeaderBytes))
            giveStream(state)
        }
    }
}
