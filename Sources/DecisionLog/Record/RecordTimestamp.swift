// SPDX-License-Identifier: Apache-2.0
import Authorization
import Platform

/// Moments as records hold them.
public enum RecordTimestamp {
    /// `2026-11-22T08:01:59.000000001Z`
    private static let length = 30
    private static let daySeconds: Int64 = 86_400

    /// Nanoseconds since 1970; nil for anything but RFC 3339 in UTC with nine decimals, between
    /// 1970 and 2262.
    public static func parse(_ text: Bytes) -> Int64? {
        guard text.count == length, text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"),
            text[10] == UInt8(ascii: "T"), text[13] == UInt8(ascii: ":"),
            text[16] == UInt8(ascii: ":"), text[19] == UInt8(ascii: "."),
            text[29] == UInt8(ascii: "Z"),
            let year = number(text, 0..<4), let month = number(text, 5..<7),
            let day = number(text, 8..<10), let hour = number(text, 11..<13),
            let minute = number(text, 14..<16), let second = number(text, 17..<19),
            let fraction = number(text, 20..<29)
        else { return nil }
        guard (1970...2261).contains(year), (1...12).contains(month), (1...31).contains(day),
            hour < 24, minute < 60, second < 60
        else { return nil }
        let inDay = hour * 3600 + minute * 60 + second
        let days = CivilDate(year: year, month: month, day: day).daysSince1970
        return (days * daySeconds + inDay) * 1_000_000_000 + fraction
    }

    private static func number(_ text: Bytes, _ range: Range<Int>) -> Int64? {
        var result: Int64 = 0
        for index in range {
            let digit = text[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            result = result * 10 + Int64(digit)
        }
        return result
    }
}
