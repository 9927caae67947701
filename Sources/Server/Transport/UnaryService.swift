// SPDX-License-Identifier: Apache-2.0

/// What answers calls: made once per loop, so that it has its own scratch and shares nothing.
/// All its methods run on the loop's thread and must not block.
public protocol UnaryService: AnyObject {
    /// A whole request has come. The answer may be given now or at any later time.
    ///
    /// - Parameters:
    ///   - method: the index of the method's path in `GRPCServer.Configuration.methods`.
    ///   - message: valid only during this call.
    ///   - deadline: monotonic nanoseconds, `.max` for none. When it passes before the answer, the
    ///     transport answers DEADLINE_EXCEEDED itself.
    func handle(
        _ call: CallHandle, method: Int, message: UnsafeRawBufferPointer, deadline: UInt64)

    /// So many calls were handed over that they should be answered, or there are no more at the
    /// moment, and nothing of them is written yet: the moment for one group write of what was
    /// decided since the last batch. At least once a turn.
    func batchEnded()

    /// Some thread called `LoopHandle.wake` (or the loop woke for reasons of its own).
    func woken()

    /// A moment asked for with `LoopHandle.schedule` has come.
    func timerFired(token: UInt64)

    /// The server is about to end: what waits for no computer should be answered soon.
    func drainBegan()

    /// The loop ends: no call can be answered any more, and nothing else is called.
    func loopEnded()
}

extension UnaryService {
    public func batchEnded() {}
    public func woken() {}
    public func timerFired(token: UInt64) {}
    public func drainBegan() {}
    public func loopEnded() {}
}
