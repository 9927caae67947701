// SPDX-License-Identifier: Apache-2.0

extension ZonedTime {
    /// The time written as a Go layout says.
    func formatted(_ layout: String) -> [UInt8] {
        var output: [UInt8] = []
        var rest = ArraySlice(Array(layout.utf8))
        while let (element, range) = TimeLayout.next(rest) {
            output += rest[rest.startIndex..<range.lowerBound]
            append(element, to: &output)
            rest = rest[range.upperBound...]
        }
        return output + rest
    }

    private func append(_ element: TimeLayout.Element, to output: inout [UInt8]) {
        switch element {
        case .longMonth: output += TimeLayout.months[date.month - 1].utf8
        case .month: output += TimeLayout.months[date.month - 1].utf8.prefix(3)
        case .numericMonth: appendNumber(date.month, 0, to: &output)
        case .zeroMonth: appendNumber(date.month, 2, to: &output)
        case .longWeekday: output += TimeLayout.weekdays[weekday].utf8
        case .weekday: output += TimeLayout.weekdays[weekday].utf8.prefix(3)
        case .day: appendNumber(date.day, 0, to: &output)
        case .spacedDay: appendNumber(date.day, 2, padding: UInt8(ascii: " "), to: &output)
        case .zeroDay: appendNumber(date.day, 2, to: &output)
        case .spacedYearDay:
            appendNumber(date.dayOfYear, 3, padding: UInt8(ascii: " "), to: &output)
        case .zeroYearDay: appendNumber(date.dayOfYear, 3, to: &output)
        case .hour: appendNumber(clock.hour, 2, to: &output)
        case .hour12: appendNumber((clock.hour + 11) % 12 + 1, 0, to: &output)
        case .zeroHour12: appendNumber((clock.hour + 11) % 12 + 1, 2, to: &output)
        case .minute: appendNumber(clock.minute, 0, to: &output)
        case .zeroMinute: appendNumber(clock.minute, 2, to: &output)
        case .second: appendNumber(clock.second, 0, to: &output)
        case .zeroSecond: appendNumber(clock.second, 2, to: &output)
        case .longYear: appendNumber(date.year, 4, to: &output)
        case .year: appendNumber(date.year % 100, 2, to: &output)
        case .upperMeridiem: output += (clock.hour >= 12 ? "PM" : "AM").utf8
        case .lowerMeridiem: output += (clock.hour >= 12 ? "pm" : "am").utf8
        case .zoneName: output += zone.span(at: seconds).abbreviation.utf8
        case .zoneOffset(let form): appendOffset(form, to: &output)
        case .fraction(let digits, let separator, let trimsZeros):
            appendFraction(digits, separator, trimsZeros, to: &output)
        }
    }

    private func appendNumber(
        _ number: Int, _ width: Int, padding: UInt8 = UInt8(ascii: "0"), to output: inout [UInt8]
    ) {
        let text = String(number)
        for _ in 0..<max(0, width - text.utf8.count) { output.append(padding) }
        output += text.utf8
    }

    private func appendOffset(_ form: TimeLayout.ZoneOffset, to output: inout [UInt8]) {
        let offset = self.offset
        if form.usesZ && offset == 0 {
            output.append(UInt8(ascii: "Z"))
            return
        }
        // Only whole minutes decide the sign, as in Go.
        let isNegative = offset / 60 < 0
        let magnitude = abs(offset)
        output.append(UInt8(ascii: isNegative ? "-" : "+"))
        let parts = [magnitude / 3600, magnitude / 60 % 60, magnitude % 60]
        for index in 0..<form.parts {
            if index > 0 && form.hasColons { output.append(UInt8(ascii: ":")) }
            appendNumber(parts[index], 2, to: &output)
        }
    }

    private func appendFraction(
        _ digits: Int, _ separator: UInt8, _ trimsZeros: Bool, to output: inout [UInt8]
    ) {
        if trimsZeros && nanoseconds == 0 { return }
        var text = Array(String(nanoseconds).utf8)
        text = [UInt8](repeating: 0x30, count: 9 - text.count) + text
        if digits < 9 { text.removeLast(9 - digits) }
        if trimsZeros {
            while text.last == 0x30 { text.removeLast() }
            if text.isEmpty { return }
        }
        output.append(separator)
        output += text
    }
}
