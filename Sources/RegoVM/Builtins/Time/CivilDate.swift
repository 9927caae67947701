// SPDX-License-Identifier: Apache-2.0

/// A date of the proleptic Gregorian calendar.
struct CivilDate: Equatable {
    var year: Int
    /// 1 to 12.
    var month: Int
    /// 1 to 31.
    var day: Int

    static let daysPerEra = 146_097

    init(year: Int, month: Int, day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// The date that is `days` after 1970-01-01. Years are counted from March, so that the leap
    /// day is a year's last day.
    init(daysSince1970 days: Int) {
        let shifted = days + 719_468
        let era = floorDivide(shifted, Self.daysPerEra)
        let dayOfEra = shifted - era * Self.daysPerEra
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// Days from 1970-01-01; `month` and `day` may lie outside of their ranges and carry over.
    var daysSince1970: Int {
        let monthIndex = month - 1
        let carriedYear = year + floorDivide(monthIndex, 12)
        let carriedMonth = monthIndex - floorDivide(monthIndex, 12) * 12 + 1
        let marchYear = carriedMonth <= 2 ? carriedYear - 1 : carriedYear
        let era = floorDivide(marchYear, 400)
        let yearOfEra = marchYear - era * 400
        let marchMonth = carriedMonth > 2 ? carriedMonth - 3 : carriedMonth + 9
        let dayOfEra =
            yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + (153 * marchMonth + 2) / 5
        return era * Self.daysPerEra + dayOfEra - 719_468 + day - 1
    }

    /// 1 for January 1st.
    var dayOfYear: Int { daysSince1970 - CivilDate(year: year, month: 1, day: 1).daysSince1970 + 1 }

    static func isLeap(_ year: Int) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    static func days(inMonth month: Int, of year: Int) -> Int {
        CivilDate(year: year, month: month + 1, day: 1).daysSince1970
            - CivilDate(year: year, month: month, day: 1).daysSince1970
    }

    /// 0 for Sunday.
    static func weekday(daysSince1970 days: Int) -> Int {
        let rest = (days + 4) % 7
        return rest < 0 ? rest + 7 : rest
    }
}

/// Division that rounds towards negative infinity.
func floorDivide(_ dividend: Int, _ divisor: Int) -> Int {
    let quotient = dividend / divisor
    return dividend % divisor != 0 && (dividend < 0) != (divisor < 0) ? quotient - 1 : quotient
}

/// A point in time with the zone that it is shown in.
struct ZonedTime {
    /// Seconds since 1970-01-01T00:00:00Z.
    var seconds: Int
    /// 0 to 999,999,999.
    var nanoseconds: Int
    var zone: TimeZoneData

    static let secondsPerDay = 86_400
    static let nanosecondsPerSecond = 1_000_000_000

    init(seconds: Int, nanoseconds: Int, zone: TimeZoneData) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
        self.zone = zone
    }

    init(nanosecondsSince1970 total: Int64, zone: TimeZoneData = .utc) {
        seconds = floorDivide(Int(total), Self.nanosecondsPerSecond)
        // The product may wrap below the least representable time; the difference is right all the
        // same.
        nanoseconds = Int(total) &- seconds &* Self.nanosecondsPerSecond
        self.zone = zone
    }

    /// A local date and clock time. A time that a zone skips or has twice is read as in Go.
    init(_ date: CivilDate, secondOfDay: Int, nanoseconds: Int, zone: TimeZoneData) {
        let local = date.daysSince1970 * Self.secondsPerDay + secondOfDay
        var span = zone.span(at: local)
        let guess = local - span.offset
        if guess < span.start || guess >= span.end { span = zone.span(at: guess) }
        self.init(seconds: local - span.offset, nanoseconds: nanoseconds, zone: zone)
    }

    /// Nanoseconds since 1970; nil outside of what 64 bits hold (years 1677 to 2262).
    var nanosecondsSince1970: Int64? {
        // The remainder is taken towards zero, or the lowest representable time would overflow.
        var whole = seconds
        var rest = nanoseconds
        if whole < 0 && rest > 0 {
            whole += 1
            rest -= Self.nanosecondsPerSecond
        }
        let (product, overflow) = whole.multipliedReportingOverflow(by: Self.nanosecondsPerSecond)
        guard !overflow else { return nil }
        let (sum, carried) = product.addingReportingOverflow(rest)
        return carried ? nil : Int64(sum)
    }

    var offset: Int { zone.span(at: seconds).offset }

    private var local: Int { seconds + offset }
    private var localDays: Int { floorDivide(local, Self.secondsPerDay) }

    var date: CivilDate { CivilDate(daysSince1970: localDays) }
    /// 0 for Sunday.
    var weekday: Int { CivilDate.weekday(daysSince1970: localDays) }

    /// Hour, minute and second of the day.
    var clock: (hour: Int, minute: Int, second: Int) {
        let second = local - localDays * Self.secondsPerDay
        return (second / 3600, second / 60 % 60, second % 60)
    }
}
