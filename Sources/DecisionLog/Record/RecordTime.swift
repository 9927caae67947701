// SPDX-License-Identifier: Apache-2.0
import Authorization
import Platform

extension JSONBuffer {
    /// A moment as RFC 3339 in UTC with nine decimals.
    ///
    /// - Parameter nanoseconds: since 1970-01-01T00:00:00Z (an Int64 of them reaches from 1677
    ///   to 2262).
    mutating func time(_ nanoseconds: Int64) {
        let second = nanoseconds.quotientAndRemainder(flooredBy: 1_000_000_000)
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
        let (days, inDay) = second.quotientAndRemainder(flooredBy: 86_400)
        let date = CivilDate(daysSince1970: days)
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
