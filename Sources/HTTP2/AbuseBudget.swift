// SPDX-License-Identifier: Apache-2.0

/// A token bucket: `burst` uses at once, then `perSecond` uses a second. Time is passed in.
public struct TokenBucket: Sendable {
    private let rate: AbuseLimits.Rate
    private var left: UInt32
    private var refilled: UInt64

    /// - Parameter now: monotonic nanoseconds.
    public init(_ rate: AbuseLimits.Rate, now: UInt64) {
        self.rate = rate
        left = rate.burst
        refilled = now
    }

    /// Takes one token; false when none is left.
    public mutating func take(now: UInt64) -> Bool {
        if left == 0 { refill(now) }
        if left == 0 { return false }
        left -= 1
        return true
    }

    private mutating func refill(_ now: UInt64) {
        let elapsed = now > refilled ? now - refilled : 0
        let (product, overflow) = elapsed.multipliedReportingOverflow(by: UInt64(rate.perSecond))
        let earned = overflow ? UInt64(rate.burst) : product / 1_000_000_000
        guard earned > 0 else { return }
        left = UInt32(min(UInt64(rate.burst), earned))
        refilled = now
    }
}

/// The budgets of one connection.
struct AbuseBudgets {
    var resets: TokenBucket
    var settings: TokenBucket
    var pings: TokenBucket
    var emptyData: TokenBucket
    var priorities: TokenBucket
    var windowUpdates: TokenBucket

    init(_ limits: AbuseLimits, now: UInt64) {
        resets = TokenBucket(limits.resets, now: now)
        settings = TokenBucket(limits.settings, now: now)
        pings = TokenBucket(limits.pings, now: now)
        emptyData = TokenBucket(limits.emptyData, now: now)
        priorities = TokenBucket(limits.priorities, now: now)
        windowUpdates = TokenBucket(limits.windowUpdates, now: now)
    }
}
