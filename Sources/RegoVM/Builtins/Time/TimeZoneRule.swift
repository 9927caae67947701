// SPDX-License-Identifier: Apache-2.0

/// The rule for all years after a zone file's last transition: a POSIX `TZ` string such as
/// `EST5EDT,M3.2.0,M11.1.0` (POSIX.1-2017 section 8.3, with the hours of RFC 8536 section 3.3.1).
struct TimeZoneRule: Sendable {
    /// When a change happens in each year.
    enum Day: Sendable {
        /// 1 to 365; February 29th is never counted.
        case julian(Int)
        /// 0 to 365; February 29th is counted.
        case zeroBased(Int)
        /// Month 1 to 12, week 1 to 5 (5 is the last), weekday from 0 (Sunday).
        case weekday(month: Int, week: Int, weekday: Int)
    }

    private struct Change {
        var day: Day
        /// Seconds after local midnight; may be negative or over a day.
        var seconds: Int
    }

    private let standardName: String
    private let standardOffset: Int
    private var daylightName = ""
    private var daylightOffset = 0
    private var toDaylight: Change?
    private var toStandard: Change?

    /// Nil when `text` is malformed.
    init?(_ text: String) {
        var scanner = Scanner(Array(text.utf8))
        guard let name = scanner.name(), let west = scanner.time() else { return nil }
        standardName = name
        standardOffset = -west
        guard !scanner.isAtEnd else { return }
        guard let daylight = scanner.name() else { return nil }
        daylightName = daylight
        daylightOffset = standardOffset + 3600
        if !scanner.isAtEnd, !scanner.take(",") {
            guard let west = scanner.time() else { return nil }
            daylightOffset = -west
            guard scanner.isAtEnd || scanner.take(",") else { return nil }
        }
        guard !scanner.isAtEnd else { return nil }
        guard let start = scanner.change(), scanner.take(","), let end = scanner.change(),
            scanner.isAtEnd
        else { return nil }
        toDaylight = Change(day: start.day, seconds: start.seconds)
        toStandard = Change(day: end.day, seconds: end.seconds)
    }

    func span(at seconds: Int) -> TimeZoneData.Span {
        guard let toDaylight, let toStandard else {
            return TimeZoneData.Span(
                abbreviation: standardName, offset: standardOffset, start: .min, end: .max)
        }
        let year = CivilDate(
            daysSince1970: floorDivide(seconds + standardOffset, ZonedTime.secondsPerDay)
        ).year
        var changes: [(at: Int, isDaylight: Bool)] = []
        for year in (year - 1)...(year + 1) {
            let daylight = Self.instant(of: toDaylight, in: year) - standardOffset
            let standard = Self.instant(of: toStandard, in: year) - daylightOffset
            changes.append((daylight, true))
            changes.append((standard, false))
        }
        changes.sort { $0.at < $1.at }
        let next = changes.firstIndex { $0.at > seconds } ?? changes.count
        guard next > 0 else {
            return TimeZoneData.Span(
                abbreviation: standardName, offset: standardOffset, start: .min, end: .max)
        }
        let current = changes[next - 1]
        return TimeZoneData.Span(
            abbreviation: current.isDaylight ? daylightName : standardName,
            offset: current.isDaylight ? daylightOffset : standardOffset, start: current.at,
            end: next < changes.count ? changes[next].at : .max)
    }

    /// Local Unix seconds of a change.
    private static func instant(of change: Change, in year: Int) -> Int {
        let january = CivilDate(year: year, month: 1, day: 1).daysSince1970
        let days: Int
        switch change.day {
        case .julian(let day):
            days = january + day - 1 + (CivilDate.isLeap(year) && day >= 60 ? 1 : 0)
        case .zeroBased(let day):
            days = january + day
        case .weekday(let month, let week, let weekday):
            let first = CivilDate(year: year, month: month, day: 1).daysSince1970
            let ahead = (weekday - CivilDate.weekday(daysSince1970: first) + 7) % 7
            var day = ahead + (week - 1) * 7
            while day >= CivilDate.days(inMonth: month, of: year) { day -= 7 }
            days = first + day
        }
        return days * ZonedTime.secondsPerDay + change.seconds
    }
}

private struct Scanner {
    let text: [UInt8]
    var position = 0

    init(_ text: [UInt8]) { self.text = text }

    var isAtEnd: Bool { position >= text.count }

    mutating func take(_ character: Character) -> Bool {
        guard position < text.count, text[position] == character.asciiValue else { return false }
        position += 1
        return true
    }

    /// Letters, or anything between `<` and `>`.
    mutating func name() -> String? {
        let start = position
        if take("<") {
            while position < text.count, text[position] != UInt8(ascii: ">") { position += 1 }
            guard take(">") else { return nil }
            return String(decoding: text[(start + 1)..<(position - 1)], as: UTF8.self)
        }
        while position < text.count, text[position] | 0x20 >= 0x61, text[position] | 0x20 <= 0x7A {
            position += 1
        }
        return position - start >= 3 ? String(decoding: text[start..<position], as: UTF8.self) : nil
    }

    mutating func number(_ range: ClosedRange<Int>) -> Int? {
        let start = position
        var result = 0
        while position < text.count, text[position] >= 0x30, text[position] <= 0x39, result < 10_000
        {
            result = result * 10 + Int(text[position] - 0x30)
            position += 1
        }
        return position > start && range.contains(result) ? result : nil
    }

    /// `[+-]hh[:mm[:ss]]` in seconds.
    mutating func time() -> Int? {
        let isNegative = take("-")
        if !isNegative { _ = take("+") }
        guard var result = number(0...167) else { return nil }
        result *= 3600
        if take(":") {
            guard let minutes = number(0...59) else { return nil }
            result += minutes * 60
            if take(":") {
                guard let seconds = number(0...59) else { return nil }
                result += seconds
            }
        }
        return isNegative ? -result : result
    }

    mutating func change() -> (day: TimeZoneRule.Day, seconds: Int)? {
        let day: TimeZoneRule.Day
        if take("J") {
            guard let number = number(1...365) else { return nil }
            day = .julian(number)
        } else if take("M") {
            guard let month = number(1...12), take("."), let week = number(1...5), take("."),
                let weekday = number(0...6)
            else { return nil }
            day = .weekday(month: month, week: week, weekday: weekday)
        } else {
            guard let number = number(0...365) else { return nil }
            day = .zeroBased(number)
        }
        guard take("/") else { return (day, 2 * 3600) }
        guard let seconds = time() else { return nil }
        return (day, seconds)
    }
}
