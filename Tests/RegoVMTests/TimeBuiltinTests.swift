// SPDX-License-Identifier: Apache-2.0
import Testing

@Suite struct TimeBuiltinTests {
    private static let rangeError = "eval_builtin_error: time outside of valid range"

    @Test(arguments: [
        BuiltinCase("time.parse_rfc3339_ns", [#""1970-01-01T00:00:00-00:00""#], "0"),
        .init("time.parse_rfc3339_ns", [#""2017-06-02T19:00:00-07:00""#], "1496455200000000000"),
        .init(
            "time.parse_rfc3339_ns", [#""1677-09-21T00:12:43.145224192-00:00""#],
            "-9223372036854775808"),
        .init("time.parse_rfc3339_ns", [#""1677-09-21T00:12:43.145224191-00:00""#], rangeError),
        .init(
            "time.parse_rfc3339_ns", [#""2262-04-11T23:47:16.854775807-00:00""#],
            "9223372036854775807"),
        .init("time.parse_rfc3339_ns", [#""2262-04-11T23:47:16.854775808-00:00""#], rangeError),
        .init(
            "time.parse_rfc3339_ns", [#""2017-06-02""#],
            #"eval_builtin_error: parsing time "2017-06-02" as "2006-01-02T15:04:05Z07:00": "#
                + #"cannot parse "" as "T""#),
        .init(
            "time.parse_rfc3339_ns", [#""2017-13-02T00:00:00Z""#],
            #"eval_builtin_error: parsing time "2017-13-02T00:00:00Z": month out of range"#),
        .init(
            "time.parse_rfc3339_ns", [#""2017-02-29T00:00:00Z""#],
            #"eval_builtin_error: parsing time "2017-02-29T00:00:00Z": day out of range"#),
        .init("time.parse_ns", [#""2006-01-02""#, #""2020-02-29""#], "1582934400000000000"),
        .init(
            "time.parse_ns", [#""RFC1123Z""#, #""Mon, 05 Feb 2018 12:00:00 +0100""#],
            "1517828400000000000"),
        .init(
            "time.parse_ns", [#""Jan _2 06 3:04PM""#, #""feb  5 18 12:30AM""#],
            "1517790600000000000"),
        // A zone by name does not move the time, whatever its name says.
        .init(
            "time.parse_ns", [#""2006-01-02 MST""#, #""2020-01-01 GMT+3""#], "1577836800000000000"),
        .init("time.parse_ns", [#""2006-002""#, #""2020-366""#], "1609372800000000000"),
        .init(
            "time.parse_ns", [#""2006-01-02 15:04:05""#, #""1970-01-01 00:00:01.25""#], "1250000000"
        ),
        .init("time.parse_duration_ns", [#""1h15m30.918s""#], "4530918000000"),
        .init("time.parse_duration_ns", [#""-1.5h""#], "-5400000000000"),
        .init("time.parse_duration_ns", [#""1y1w1d2h""#], "32234400000000000"),
        .init("time.parse_duration_ns", [#""3µs""#], "3000"),
        .init(
            "time.parse_duration_ns", [#""5""#],
            #"eval_builtin_error: time: missing unit in duration "5""#),
        .init(
            "time.parse_duration_ns", [#""5 years""#],
            #"eval_builtin_error: time: unknown unit " years" in duration "5 years""#),
        .init(
            "time.parse_duration_ns", [#""9999999999h""#],
            #"eval_builtin_error: time: invalid duration "9999999999h""#),
    ])
    func parses(_ builtin: BuiltinCase) { builtin.check() }

    @Test(arguments: [
        BuiltinCase("time.now_ns", [], "7"),
        .init("time.date", ["1582977600000000000"], "[2020,2,29]"),
        .init("time.date", [#"[1517832000000000000, ""]"#], "[2018,2,5]"),
        .init("time.clock", ["1517832000000000000"], "[12,0,0]"),
        .init("time.clock", [#"[1517832000000000000, "America/New_York"]"#], "[7,0,0]"),
        .init("time.clock", [#"[4102444800000000000, "Europe/Berlin"]"#], "[1,0,0]"),
        .init("time.clock", [#"[4119120000000000000, "Europe/Berlin"]"#], "[2,0,0]"),
        .init("time.weekday", ["1517832000000000000"], #""Monday""#),
        .init("time.weekday", ["-1"], #""Wednesday""#),
        .init("time.weekday", ["1582977600000000000000"], "eval_builtin_error: timestamp too big"),
        .init(
            "time.date", [#""x""#],
            "eval_type_error: operand 1 must be either number (ns) or [number (ns), string (tz)] "
                + "but got string"),
        .init(
            "time.date", [#"[1, "Mars/Base"]"#], "eval_builtin_error: unknown time zone Mars/Base"),
        .init(
            "time.date", [#"[1, "../../../etc/passwd"]"#],
            "eval_builtin_error: time: invalid location name"),
        .init("time.format", ["1707133074028819500"], #""2024-02-05T11:37:54.0288195Z""#),
        .init(
            "time.format", [#"[1707133074028819500, "America/New_York"]"#],
            #""2024-02-05T06:37:54.0288195-05:00""#),
        .init(
            "time.format", [#"[1707133074028819500, "UTC", "RFC1123"]"#],
            #""Mon, 05 Feb 2024 11:37:54 UTC""#),
        .init(
            "time.format",
            [#"[1707133074028819500, "Asia/Kolkata", "Monday _2 __2 3pm .000 MST Z0700"]"#],
            #""Monday  5  36 5pm .028 IST +0530""#),
    ])
    func showsPartsOfATime(_ builtin: BuiltinCase) { builtin.check(now: 7) }

    @Test(arguments: [
        BuiltinCase(
            "time.add_date", ["1585852421593912000", "3", "9", "12"], "1705257221593912000"),
        .init("time.add_date", ["1585852421593912000", "-1", "-1", "-1"], "1551465221593912000"),
        .init("time.add_date", ["0", "2262", "1", "1"], rangeError),
        .init("time.add_date", ["-9223372036854775808", "0", "0", "-1"], rangeError),
        .init("time.add_date", ["0", "9223372036854775807", "0", "0"], rangeError),
        .init(
            "time.add_date", ["0", "1.5", "0", "0"],
            "eval_type_error: operand 2 must be integer number but got floating-point number"),
        .init("time.diff", ["3660000000000", "0"], "[0,0,0,1,1,0]"),
        .init("time.diff", ["1580601600000000000", "1583020800000000000"], "[0,0,28,0,0,0]"),
        .init(
            "time.diff", [#"[3600000000000, "UTC"]"#, #"[0, "Asia/Shanghai"]"#], "[0,0,0,1,0,0]"),
    ])
    func computesWithDates(_ builtin: BuiltinCase) { builtin.check() }
}
