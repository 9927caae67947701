// SPDX-License-Identifier: Apache-2.0
import Authorization

/// What becomes of an allow that is not certain enough.
public struct DeferralSettings: Sendable {
    /// An allow whose policy is less confident than this (0 to 100) is deferred; 0 defers none.
    public var confidence = 0
    /// Seconds after which a client may come again.
    public var retrySeconds = 5
    /// Seconds from the first deferral of an action until it is denied for good.
    public var timeoutSeconds: Int64 = 300

    public init() {}
}
