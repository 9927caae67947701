// SPDX-License-Identifier: Apache-2.0

/// `time.*`
enum TimeBuiltins {
    private static let moment = "any<number, array<number, string>>"

    static let all: [Builtin] = [
        Builtin("time.now_ns", " -> number", .nondeterministic) { evaluation, _ in
            .integer(evaluation.now)
        },
        Builtin("time.parse_ns", "string, string -> number") { _, operands throws(BuiltinError) in
            let layout = try operands.string(0).asString ?? ""
            let text = Array(try operands.string(1).bytes)
            return try nanoseconds(
                TimeParser.parse(text, layout: TimeLayout.named[layout] ?? layout))
        },
        Builtin("time.parse_rfc3339_ns", "string -> number") { _, operands throws(BuiltinError) in
            let text = Array(try operands.string(0).bytes)
            return try nanoseconds(TimeParser.parse(text, layout: TimeLayout.rfc3339))
        },
        Builtin("time.parse_duration_ns", "string -> number") { _, operands throws(BuiltinError) in
            .integer(try DurationText.parse(Array(operands.string(0).bytes)))
        },
        Builtin("time.date", "\(moment) -> array<number, number, number>") {
            evaluation, operands throws(BuiltinError) in
            let date = try time(operands[0]).time.date
            return integers([date.year, date.month, date.day], evaluation)
        },
        Builtin("time.clock", "\(moment) -> array<number, number, number>") {
            evaluation, operands throws(BuiltinError) in
            let clock = try time(operands[0]).time.clock
            return integers([clock.hour, clock.minute, clock.second], evaluation)
        },
        Builtin("time.weekday", "\(moment) -> string") {
            evaluation, operands throws(BuiltinError) in
            evaluation.string(TimeLayout.weekdays[try time(operands[0]).time.weekday])
        },
        Builtin("time.add_date", "number, number, number, number -> number") {
            _, operands throws(BuiltinError) in
            try addDate(operands)
        },
        Builtin(
            "time.diff",
            "\(moment), \(moment) -> array<number, number, number, number, number, number>"
        ) { evaluation, operands throws(BuiltinError) in
            integers(difference(try time(operands[0]).time, try time(operands[1]).time), evaluation)
        },
        Builtin(
            "time.format",
            "any<number, array<number, string>, array<number, string, string>> -> string"
        ) { evaluation, operands throws(BuiltinError) in
            let (time, layout) = try time(operands[0])
            let wanted =
                layout.isEmpty ? TimeLayout.rfc3339Nano : TimeLayout.named[layout] ?? layout
            let text = time.formatted(wanted)
            return text.withUnsafeBufferPointer { evaluation.arena.string(copying: $0) }
        },
    ]

    private static func nanoseconds(_ time: ZonedTime) throws(BuiltinError) -> Value {
        guard let total = time.nanosecondsSince1970 else {
            throw .failed("time outside of valid range")
        }
        return .integer(total)
    }

    private static func integers(_ numbers: [Int], _ evaluation: Evaluation) -> Value {
        evaluation.arena.array(numbers.map { .integer($0) })
    }

    /// The operand of most of these functions: nanoseconds, or an array of nanoseconds, a time zone
    /// and a layout, of which all but the first may be left out.
    private static func time(_ operand: Value) throws(BuiltinError) -> (
        time: ZonedTime, layout: String
    ) {
        var number = operand
        var zone = TimeZoneData.utc
        var layout = ""
        if operand.kind == .array, operand.count > 0 {
            number = operand.elements[0]
            if number.isNumber {
                if operand.count > 1 { zone = try TimeZoneDatabase.zone(text(operand.elements[1])) }
                if operand.count > 2 { layout = try text(operand.elements[2]) }
            } else {
                throw .operand(1, mustBe: "number", got: number)
            }
        }
        guard number.isNumber else {
            throw .operand(
                1, mustBe: "either number (ns) or [number (ns), string (tz)]", got: operand)
        }
        guard let nanoseconds = number.asInteger ?? DecimalText(number.bytes).asInt64 else {
            throw .failed("timestamp too big")
        }
        return (ZonedTime(nanosecondsSince1970: nanoseconds, zone: zone), layout)
    }

    private static func text(_ value: Value) throws(BuiltinError) -> String {
        guard let text = value.asString else { throw .operand(1, mustBe: "string", got: value) }
        return text
    }

    private static func addDate(_ operands: Operands) throws(BuiltinError) -> Value {
        let start = try time(operands[0]).time
        let years = try operands.integer(1)
        let months = try operands.integer(2)
        let days = try operands.integer(3)
        // More than a million years in any unit ends outside of the valid range.
        let limit = 400_000_000
        guard abs(years.clamped) < limit, abs(months.clamped) < limit, abs(days.clamped) < limit
        else {
            throw .failed("time outside of valid range")
        }
        var date = start.date
        date.year += years
        date.month += months
        date.day += days
        let clock = start.clock
        let second = (clock.hour * 60 + clock.minute) * 60 + clock.second
        return try nanoseconds(
            ZonedTime(date, secondOfDay: second, nanoseconds: start.nanoseconds, zone: start.zone))
    }

    /// Years, months, days, hours, minutes and seconds between two times, shown in the first
    /// one's zone.
    private static func difference(_ first: ZonedTime, _ second: ZonedTime) -> [Int] {
        var early = first
        var late = second
        late.zone = first.zone
        if (late.seconds, late.nanoseconds) < (early.seconds, early.nanoseconds) {
            swap(&early, &late)
        }
        let (from, to) = (early.date, late.date)
        let (fromClock, toClock) = (early.clock, late.clock)
        var parts = [
            to.year - from.year, to.month - from.month, to.day - from.day,
            toClock.hour - fromClock.hour, toClock.minute - fromClock.minute,
            toClock.second - fromClock.second,
        ]
        let lengths = [0, 12, CivilDate.days(inMonth: from.month, of: from.year), 24, 60, 60]
        for index in (1...5).reversed() where parts[index] < 0 {
            parts[index] += lengths[index]
            parts[index - 1] -= 1
        }
        return parts
    }
}

extension Int {
    /// Itself, or the nearest number whose magnitude fits.
    fileprivate var clamped: Int { Swift.max(self, -Int.max) }
}
