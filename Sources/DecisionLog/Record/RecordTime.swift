// SPDX-License-Identifier: Apache-2.0
import Authorization

extension JSONBuffer {
    /// A moment as RFC 3339 in UTC with nine decimals.
    ///
    /// - Parameter nanoseconds: since 1970-01-01T00:00:00Z (an Int64 of them reaches from 1677
    ///   to 2262).
    mutating func time(_ nanoseconds: Int64) {
        let second = divide(nanoseconds, 1_000_000_000)
        if second.quotient == lastSecond.second {
            words(lastSecond.text, count: SecondText.length)
        } else {
            write(second.quotient)
        }
        let fraction = UInt(second.remainder).quotientAndRemainder(dividingBy: 100_000_000)
        decimal(fraction.quotient, width: 1)
        decimal(fraction.remainder, width: 8)
        literal("Z\",")
    }

    private mutating func write(_ second: Int64) {
        let start = mark
        let (days, inDay) = divide(second, 86_400)
        let date = civil(days)
        literal("\"")
        decimal(UInt(date.year), width: 4)
        literal("-")
        decimal(UInt(date.month), width: 2)
        literal("-")
        decimal(UInt(date.day), width: 2)
        literal("T")
        decimal(UInt(inDay / 3_600), width: 2)
        literal(":")
        decimal(UInt(inDay / 60 % 60), width: 2)
        literal(":")
        decimal(UInt(inDay % 60), width: 2)
        literal(".")
        let text = written(since: start)
        guard text.count == SecondText.length else { return }
        lastSecond.second = second
        withUnsafeMutableBytes(of: &lastSecond.text) { $0.copyBytes(from: text.buffer) }
    }
}

/// The second that was written last, because most records share it with the one before.
struct SecondText {
    /// `"2026-11-22T08:01:59.`
    static let length = 21

    var second = Int64.min
    /// Whole words, so that it is copied without a loop.
    var text: (UInt64, UInt64, UInt64) = (0, 0, 0)
}

/// Division that rounds down, so that the remainder is never negative.
private func divide(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let remainder = value % divisor
    let isBelow = remainder < 0
    return (value / divisor - (isBelow ? 1 : 0), remainder + (isBelow ? divisor : 0))
}

/// The Gregorian date of a day; day 0 is 1970-01-01. (Howard Hinnant, "chrono-compatible low-level
/// date algorithms", `civil_from_days`.)
private func civil(_ day: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = day + 719_468
    let era = divide(shifted, 146_097)
    let dayOfEra = era.remainder
    let yearOfEra =
        (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (
        era.quotient * 400 + yearOfEra + (month <= 2 ? 1 : 0), month,
        dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    )
}
