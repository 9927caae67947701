// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Says that nobody wants a decision's result any more. Any thread may cancel; the evaluation and
/// what it waits for look at it now and then.
public final class Cancellation: Sendable {
    private let flag = Atomic<Bool>(false)

    public init() {}

    public func cancel() { flag.store(true, ordering: .relaxed) }

    public var isCancelled: Bool { flag.load(ordering: .relaxed) }
}
