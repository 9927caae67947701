// SPDX-License-Identifier: Apache-2.0

/// What the content store keeps, and for how long.
public struct ContentConfiguration: Sendable {
    /// Which texts are kept.
    public enum Kept: String, Sendable, CaseIterable {
        /// None: the log has no text of any request, and its decisions cannot be replayed.
        case none
        /// The request's body with its prompt and arguments: enough to see what was asked.
        case bodies
        /// The whole check, without credentials: what replay needs.
        case input
    }

    public var kept = Kept.input
    /// Nanoseconds until a text is removed.
    public var age: Int64 = 30 * 24 * 3_600_000_000_000
    /// Bytes that the store may hold; the oldest texts go first.
    public var size = 8 << 30
    /// Bytes of one text. A longer check is kept without its body.
    public var limit = 1 << 20

    public init() {}

    /// Bytes of a segment before a new one is begun: retention removes whole segments.
    var segmentBytes: Int {
        min(
            max(size / 32, DecisionLogLimits.contentSegmentBytes.lowerBound),
            DecisionLogLimits.contentSegmentBytes.upperBound)
    }

    /// Nanoseconds before a new segment is begun.
    var segmentAge: Int64 { max(age / 32, 1_000_000_000) }
}
