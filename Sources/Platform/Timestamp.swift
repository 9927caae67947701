// SPDX-License-Identifier: Apache-2.0

/// RFC 3339 in UTC: `2026-11-22T13:00:00.123Z`.
public enum Timestamp {
    /// How much of a second is written.
    public enum Precision: Sendable {
        case milliseconds
        /// As records have it.
        case nanoseconds
    }

    /// - Parameter nanoseconds: since 1970-01-01T00:00:00Z (an Int64 of them reaches from 1677 to
    ///   2262).
    public static func text(_ nanoseconds: Int64, _ precision: Precision = .milliseconds) -> String
    {
        let (seconds, fraction) = nanoseconds.quotientAndRemainder(flooredBy: 1_000_000_000)
        let (days, second) = seconds.quotientAndRemainder(flooredBy: 86_400)
        let date = CivilDate(daysSince1970: days)
        let part =
            switch precision {
            case .milliseconds: padded(fraction / 1_000_000, 3)
            case .nanoseconds: padded(fraction, 9)
            }
        return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))T"
            + "\(padded(second / 3_600, 2)):\(padded(second / 60 % 60, 2)):"
            + "\(padded(second % 60, 2)).\(part)Z"
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}

extension Int64 {
    /// Division that rounds down, so that the remainder is never negative.
    ///
    /// - Parameter divisor: positive.
    @inlinable
    public func quotientAndRemainder(
        flooredBy divisor: Int64
    ) -> (quotient: Int64, remainder: Int64) {
        let remainder = self % divisor
        let isBelow = remainder < 0
        return (self / divisor - (isBelow ? 1 : 0), remainder + (isBelow ? divisor : 0))
    }
}
