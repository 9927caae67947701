// SPDX-License-Identifier: Apache-2.0

/// Reads a time by a Go layout.
struct TimeParser {
    private let layout: [UInt8]
    private let text: [UInt8]
    private var rest: ArraySlice<UInt8>

    private var year = 0
    private var month: Int?
    private var day: Int?
    private var dayOfYear: Int?
    private var hour = 0
    private var minute = 0
    private var second = 0
    private var nanoseconds = 0
    private var isAfternoon: Bool?
    private var isUTC = false
    private var zoneOffset: Int?
    private var zoneName: String?

    private init(_ layout: String, _ text: [UInt8]) {
        self.layout = Array(layout.utf8)
        self.text = text
        rest = ArraySlice(text)
    }

    /// - Throws: the message of Go's `time.ParseError`.
    static func parse(_ text: [UInt8], layout: String) throws(BuiltinError) -> ZonedTime {
        var parser = TimeParser(layout, text)
        try parser.readFields()
        return try parser.time()
    }

    // MARK: Fields

    private mutating func readFields() throws(BuiltinError) {
        var remaining = ArraySlice(layout)
        while let (element, range) = TimeLayout.next(remaining) {
            try skip(remaining[remaining.startIndex..<range.lowerBound])
            remaining = remaining[range.upperBound...]
            let before = rest
            switch read(element, remaining) {
            case .done: break
            case .bad: throw unreadable(before, layout[range])
            case .outOfRange(let field): throw invalid(": \(field) out of range")
            }
        }
        try skip(remaining)
        guard rest.isEmpty else { throw invalid(": extra text: \(GoText.asciiQuoted(rest))") }
    }

    /// Steps over literal text of the layout; runs of spaces match each other.
    private mutating func skip(_ literal: ArraySlice<UInt8>) throws(BuiltinError) {
        var wanted = literal
        let space = UInt8(ascii: " ")
        while let byte = wanted.first {
            if byte == space {
                guard rest.isEmpty || rest.first == space else { throw unreadable(rest, literal) }
                wanted = wanted.drop { $0 == space }
                rest = rest.drop { $0 == space }
                continue
            }
            guard rest.first == byte else { throw unreadable(rest, literal) }
            wanted.removeFirst()
            rest.removeFirst()
        }
    }

    private enum Outcome {
        case done
        case bad
        case outOfRange(String)
    }

    private mutating func read(
        _ element: TimeLayout.Element, _ following: ArraySlice<UInt8>
    ) -> Outcome {
        switch element {
        case .year, .longYear: return readYear(element)
        case .month:
            return readName(TimeLayout.months.map { String($0.prefix(3)) }, setsMonth: true)
        case .longMonth: return readName(TimeLayout.months, setsMonth: true)
        case .weekday: return readName(TimeLayout.weekdays.map { String($0.prefix(3)) })
        case .longWeekday: return readName(TimeLayout.weekdays)
        case .numericMonth, .zeroMonth:
            guard let number = number(isFixed: element == .zeroMonth) else { return .bad }
            month = number
            return (1...12).contains(number) ? .done : .outOfRange("month")
        case .day, .spacedDay, .zeroDay:
            if element == .spacedDay { skipSpaces(atMost: 1) }
            day = number(isFixed: element == .zeroDay)
            return day == nil ? .bad : .done
        case .spacedYearDay, .zeroYearDay:
            if element == .spacedYearDay { skipSpaces(atMost: 2) }
            dayOfYear = yearDay(isFixed: element == .zeroYearDay)
            return dayOfYear == nil ? .bad : .done
        case .hour:
            return read(\.hour, isFixed: false, below: 24, "hour")
        case .hour12, .zeroHour12:
            return read(\.hour, isFixed: element == .zeroHour12, below: 13, "hour")
        case .minute, .zeroMinute:
            return read(\.minute, isFixed: element == .zeroMinute, below: 60, "minute")
        case .second, .zeroSecond:
            let outcome = read(\.second, isFixed: element == .zeroSecond, below: 60, "second")
            if case .done = outcome { readUnannouncedFraction(following) }
            return outcome
        case .upperMeridiem: return readMeridiem("AM", "PM")
        case .lowerMeridiem: return readMeridiem("am", "pm")
        case .zoneName: return readZoneName()
        case .zoneOffset(let form): return readOffset(form)
        case .fraction(let digits, _, let trimsZeros):
            return readFraction(digits: digits, isOptional: trimsZeros)
        }
    }

    private mutating func readYear(_ element: TimeLayout.Element) -> Outcome {
        let width = element == .year ? 2 : 4
        guard rest.count >= width, let first = rest.first else { return .bad }
        if element == .longYear && !isDigit(first) { return .bad }
        guard let number = GoText.integer(rest.prefix(width)) else { return .bad }
        rest = rest.dropFirst(width)
        year = element == .longYear ? number : number >= 69 ? number + 1900 : number + 2000
        return .done
    }

    private mutating func readName(_ names: [String], setsMonth: Bool = false) -> Outcome {
        for (index, name) in names.enumerated() {
            let length = name.utf8.count
            guard rest.count >= length else { continue }
            let matches = zip(rest, name.utf8).allSatisfy { given, wanted in
                given == wanted || (given | 0x20 == wanted | 0x20 && wanted | 0x20 >= 0x61)
            }
            guard matches else { continue }
            rest = rest.dropFirst(length)
            if setsMonth { month = index + 1 }
            return .done
        }
        return .bad
    }

    private mutating func read(
        _ field: WritableKeyPath<TimeParser, Int>, isFixed: Bool, below limit: Int, _ name: String
    ) -> Outcome {
        guard let number = number(isFixed: isFixed) else { return .bad }
        self[keyPath: field] = number
        return number < limit ? .done : .outOfRange(name)
    }

    private mutating func readMeridiem(_ morning: String, _ afternoon: String) -> Outcome {
        if rest.starts(with: afternoon.utf8) {
            isAfternoon = true
        } else if rest.starts(with: morning.utf8) {
            isAfternoon = false
        } else {
            return .bad
        }
        rest = rest.dropFirst(2)
        return .done
    }

    // MARK: Zones

    private mutating func readOffset(_ form: TimeLayout.ZoneOffset) -> Outcome {
        if form.usesZ && rest.first == UInt8(ascii: "Z") {
            rest = rest.dropFirst()
            isUTC = true
            return .done
        }
        guard rest.count > form.length, let sign = rest.first else { return .bad }
        var field = rest.dropFirst()
        var parts = [0, 0, 0]
        for index in 0..<form.parts {
            if index > 0 && form.hasColons {
                guard field.first == UInt8(ascii: ":") else { return .bad }
                field = field.dropFirst()
            }
            guard let tens = field.first, let ones = field.dropFirst().first, isDigit(tens),
                isDigit(ones)
            else { return .bad }
            parts[index] = Int(tens - 0x30) * 10 + Int(ones - 0x30)
            field = field.dropFirst(2)
        }
        rest = field
        // Offsets of 24 hours, 60 minutes or 60 seconds are in use.
        if parts[0] > 24 { return .outOfRange("time zone offset hour") }
        if parts[1] > 60 { return .outOfRange("time zone offset minute") }
        if parts[2] > 60 { return .outOfRange("time zone offset second") }
        let offset = (parts[0] * 60 + parts[1]) * 60 + parts[2]
        switch sign {
        case UInt8(ascii: "+"): zoneOffset = offset
        case UInt8(ascii: "-"): zoneOffset = -offset
        default: return .bad
        }
        return .done
    }

    private mutating func readZoneName() -> Outcome {
        if rest.starts(with: "UTC".utf8) {
            isUTC = true
            rest = rest.dropFirst(3)
            return .done
        }
        guard let length = zoneNameLength() else { return .bad }
        zoneName = String(decoding: rest.prefix(length), as: UTF8.self)
        rest = rest.dropFirst(length)
        return .done
    }

    /// Bytes of the zone abbreviation at the front, by Go's rules of what looks like one.
    private func zoneNameLength() -> Int? {
        guard rest.count >= 3, let first = rest.first else { return nil }
        if rest.starts(with: "ChST".utf8) || rest.starts(with: "MeST".utf8) { return 4 }
        if rest.starts(with: "GMT".utf8) { return 3 + signedOffsetLength(rest.dropFirst(3)) }
        if first == UInt8(ascii: "+") || first == UInt8(ascii: "-") {
            let length = signedOffsetLength(rest)
            return length > 0 ? length : nil
        }
        let capitals = rest.prefix(6).prefix { $0 >= 0x41 && $0 <= 0x5A }
        switch capitals.count {
        case 3: return 3
        case 4:
            return capitals.last == UInt8(ascii: "T") || capitals.elementsEqual("WITA".utf8)
                ? 4 : nil
        case 5: return capitals.last == UInt8(ascii: "T") ? 5 : nil
        default: return nil
        }
    }

    /// The length of a sign and a number up to 23; 0 when there is none.
    private func signedOffsetLength(_ text: ArraySlice<UInt8>) -> Int {
        guard let sign = text.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else {
            return 0
        }
        let digits = text.dropFirst().prefix(while: isDigit)
        guard let number = GoText.integer(digits), number <= 23 else { return 0 }
        return digits.count + 1
    }

    // MARK: Fractions and numbers

    /// Go reads a fraction after the seconds even where the layout has none.
    private mutating func readUnannouncedFraction(_ following: ArraySlice<UInt8>) {
        guard startsFraction else { return }
        if case .fraction? = TimeLayout.next(following)?.element { return }
        _ = readFraction(digits: 0, isOptional: true)
    }

    private var startsFraction: Bool {
        guard let separator = rest.first,
            separator == UInt8(ascii: ".") || separator == UInt8(ascii: ","),
            let digit = rest.dropFirst().first
        else { return false }
        return isDigit(digit)
    }

    /// Reads exactly `digits`, or as many as there are when the fraction is optional.
    private mutating func readFraction(digits: Int, isOptional: Bool) -> Outcome {
        if isOptional && !startsFraction { return .done }
        guard let separator = rest.first,
            separator == UInt8(ascii: ".") || separator == UInt8(ascii: ",")
        else { return .bad }
        var field = rest.dropFirst().prefix(while: isDigit)
        if !isOptional {
            guard field.count >= digits else { return .bad }
            field = field.prefix(digits)
        }
        rest = rest.dropFirst(field.count + 1)
        nanoseconds = 0
        for index in 0..<9 {
            let digit = index < field.count ? Int(field[field.startIndex + index] - 0x30) : 0
            nanoseconds = nanoseconds * 10 + digit
        }
        return .done
    }

    private mutating func skipSpaces(atMost count: Int) {
        for _ in 0..<count where rest.first == UInt8(ascii: " ") { rest = rest.dropFirst() }
    }

    /// One or two digits, two when fixed.
    private mutating func number(isFixed: Bool) -> Int? {
        guard let first = rest.first, isDigit(first) else { return nil }
        guard let second = rest.dropFirst().first, isDigit(second) else {
            if isFixed { return nil }
            rest = rest.dropFirst()
            return Int(first - 0x30)
        }
        rest = rest.dropFirst(2)
        return Int(first - 0x30) * 10 + Int(second - 0x30)
    }

    private mutating func yearDay(isFixed: Bool) -> Int? {
        let digits = rest.prefix(3).prefix(while: isDigit)
        guard !digits.isEmpty, !isFixed || digits.count == 3 else { return nil }
        rest = rest.dropFirst(digits.count)
        return GoText.integer(digits)
    }

    // MARK: The result

    private mutating func time() throws(BuiltinError) -> ZonedTime {
        if isAfternoon == true && hour < 12 { hour += 12 }
        if isAfternoon == false && hour == 12 { hour = 0 }
        try resolveDayOfYear()
        let month = self.month ?? 1
        let day = self.day ?? 1
        guard day >= 1, day <= CivilDate.days(inMonth: month, of: year) else {
            throw invalid(": day out of range")
        }
        var offset = 0
        if !isUTC {
            // Go makes up a zone for a name, `GMT+3` too, without moving the time.
            offset = zoneOffset ?? 0
        }
        var time = ZonedTime(
            CivilDate(year: year, month: month, day: day),
            secondOfDay: (hour * 60 + minute) * 60 + second, nanoseconds: nanoseconds, zone: .utc)
        time.seconds -= offset
        return time
    }

    private mutating func resolveDayOfYear() throws(BuiltinError) {
        guard let dayOfYear else { return }
        guard dayOfYear >= 1, dayOfYear <= (CivilDate.isLeap(year) ? 366 : 365) else {
            throw invalid(": day-of-year out of range")
        }
        let january = CivilDate(year: year, month: 1, day: 1).daysSince1970
        let date = CivilDate(daysSince1970: january + dayOfYear - 1)
        guard month == nil || month == date.month else {
            throw invalid(": day-of-year does not match month")
        }
        guard day == nil || day == date.day else {
            throw invalid(": day-of-year does not match day")
        }
        month = date.month
        day = date.day
    }

    private func unreadable(
        _ value: ArraySlice<UInt8>, _ element: ArraySlice<UInt8>
    ) -> BuiltinError {
        .failed(
            "parsing time \(GoText.asciiQuoted(text)) as \(GoText.asciiQuoted(layout)): "
                + "cannot parse \(GoText.asciiQuoted(value)) as \(GoText.asciiQuoted(element))")
    }

    private func invalid(_ message: String) -> BuiltinError {
        .failed("parsing time \(GoText.asciiQuoted(text))\(message)")
    }
}

private func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
