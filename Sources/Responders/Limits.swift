// SPDX-License-Identifier: Apache-2.0

/// Bounds of the responders, each with its unit.
public enum Limits {
    /// Responders; each has a thread.
    public static let responders = 16
    /// Attempts of one call, at most and unless configured otherwise.
    public static let attempts = 1...100
    public static let defaultAttempts = 12
    /// Nanoseconds of one attempt unless configured otherwise.
    public static let timeout: Int64 = 10_000_000_000
    /// Nanoseconds before the second attempt unless configured otherwise; each further pause is
    /// twice as long.
    public static let pause: Int64 = 1_000_000_000
    /// Nanoseconds of the longest pause.
    static let longestPause: Int64 = 300_000_000_000
    /// Calls that are not done; while there are more, no further log entry is read.
    static let openCalls = 1024
    /// Entries that are read before those in them are acted on.
    static let entriesAtOnce = 4096
    /// Outcomes that the start looks for in the log behind the cursor.
    static let knownOutcomes = 100_000
    /// Restrictions whose end is remembered, so that the same one is not reported twice.
    static let rememberedRestrictions = 100_000
    /// Nanoseconds between writes of a cursor behind which nothing was to be done.
    static let cursorInterval: Int64 = 5_000_000_000
    /// Nanoseconds before a log that could not be read is read again.
    static let retryInterval: Int64 = 1_000_000_000
    /// Bytes of the values of one record.
    static let recordBytes = 4 << 20
    /// Bytes of a call's URL, and of its body.
    static let urlBytes = 8192
    static let bodyBytes = 256 << 10
    /// Bytes of a file with a secret.
    static let secretBytes = 16 << 10
}
