// SPDX-License-Identifier: Apache-2.0
import Platform

/// Points in time as people name them, and as records spell them.
public enum Moment {
    private static let second: Int64 = 1_000_000_000

    /// Reads `90s`, `10m`, `2h`, `7d` (that long before `now`), or RFC 3339 such as
    /// `2026-11-22T15:00:00Z`, of which the time, or its seconds, may be left out (UTC then).
    ///
    /// - Parameter now: nanoseconds since 1970-01-01T00:00:00Z; so is the result. Nil for what is
    ///   neither.
    public static func parse(_ text: String, now: Int64) -> Int64? {
        if let unit = text.last, let scale = units[unit], let count = Int64(text.dropLast()),
            count >= 0
        {
            let (length, overflows) = count.multipliedReportingOverflow(by: scale)
            return overflows ? nil : now - length
        }
        return timestamp(Array(text.utf8))
    }

    private static let units: [Character: Int64] = [
        "s": second, "m": 60 * second, "h": 3_600 * second, "d": 86_400 * second,
        "w": 7 * 86_400 * second,
    ]

    /// Nanoseconds of an RFC 3339 time; nil for anything else.
    public static func timestamp(_ text: [UInt8]) -> Int64? {
        var reader = Digits(text: text)
        guard let year = reader.number(4), reader.take("-"), let month = reader.number(2),
            reader.take("-"), let day = reader.number(2), (1...12).contains(month),
            (1...31).contains(day), (1678...2261).contains(year)
        else { return nil }
        var seconds = CivilDate(year: year, month: month, day: day).daysSince1970 * 86_400
        var fraction: Int64 = 0
        if reader.take("T") || reader.take("t") || reader.take(" ") {
            guard let hour = reader.number(2), reader.take(":"), let minute = reader.number(2),
                hour < 24, minute < 60
            else { return nil }
            seconds += hour * 3_600 + minute * 60
            if reader.take(":") {
                guard let second = reader.number(2), second <= 60 else { return nil }
                seconds += second
                if reader.take(".") {
                    guard let part = reader.fraction() else { return nil }
                    fraction = part
                }
            }
            guard let offset = reader.offset() else { return nil }
            seconds -= offset
        }
        return reader.isAtEnd ? seconds * second + fraction : nil
    }

    /// As records spell it: `2026-11-22T15:00:00.000000000Z`.
    public static func text(_ nanoseconds: Int64) -> String {
        Timestamp.text(nanoseconds, .nanoseconds)
    }
}

/// Reads the parts of a timestamp from left to right.
private struct Digits {
    let text: [UInt8]
    var position = 0

    var isAtEnd: Bool { position == text.count }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < text.count, text[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    /// Exactly `width` digits.
    mutating func number(_ width: Int) -> Int64? {
        guard position + width <= text.count else { return nil }
        var value: Int64 = 0
        for byte in text[position..<(position + width)] {
            guard (0x30...0x39).contains(byte) else { return nil }
            value = value * 10 + Int64(byte - 0x30)
        }
        position += width
        return value
    }

    /// One to nine digits, as nanoseconds.
    mutating func fraction() -> Int64? {
        var value: Int64 = 0
        var width = 0
        while width < 9, let digit = number(1) {
            value = value * 10 + digit
            width += 1
        }
        guard width > 0 else { return nil }
        for _ in width..<9 { value *= 10 }
        return value
    }

    /// Seconds east of UTC; none means UTC.
    mutating func offset() -> Int64? {
        if isAtEnd || take("Z") || take("z") { return 0 }
        let sign: Int64 = take("+") ? 1 : take("-") ? -1 : 0
        guard sign != 0, let hours = number(2), take(":"), let minutes = number(2) else {
            return nil
        }
        return sign * (hours * 3_600 + minutes * 60)
    }
}
