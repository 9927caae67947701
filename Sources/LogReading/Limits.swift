// SPDX-License-Identifier: Apache-2.0

/// Bounds of this module.
public enum ReadingLimits {
    /// Nanoseconds by which the times of neighbouring records may be out of order; a search by
    /// time begins that much earlier.
    static let disorder: Int64 = 60_000_000_000
    /// Bytes of values that one record may become.
    static let recordValues = 16 << 20
    /// Decisions that a graph shows when nothing else is asked for: about a page.
    public static let graphDecisions = 40
    /// Decisions in a graph at most.
    static let maximumGraphDecisions = 1_000_000
    /// Nanoseconds between two looks at a log that is followed.
    public static let followInterval: Int64 = 200_000_000
    /// Characters of text that one line shows of a long value.
    static let lineText = 100
}
