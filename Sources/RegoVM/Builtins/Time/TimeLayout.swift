// SPDX-License-Identifier: Apache-2.0

/// Go's time layouts: the reference time `Mon Jan 2 15:04:05 MST 2006` written in the wanted form.
enum TimeLayout {
    /// One part of a layout that stands for a part of the time.
    enum Element: Equatable {
        case longMonth, month, numericMonth, zeroMonth
        case longWeekday, weekday
        case day, spacedDay, zeroDay, spacedYearDay, zeroYearDay
        case hour, hour12, zeroHour12, minute, zeroMinute, second, zeroSecond
        case longYear, year
        case upperMeridiem, lowerMeridiem
        case zoneName
        case zoneOffset(ZoneOffset)
        /// `.000` or `.999`; `separator` is a point or a comma.
        case fraction(digits: Int, separator: UInt8, trimsZeros: Bool)
    }

    struct ZoneOffset: Equatable {
        /// `Z07:00`: writes Z for no offset.
        var usesZ: Bool
        var hasColons: Bool
        /// 1: hours; 2: and minutes; 3: and seconds.
        var parts: Int

        /// Bytes without the sign or Z.
        var length: Int { parts * 2 + (hasColons ? parts - 1 : 0) }
    }

    /// Layouts that policies may name.
    static let named: [String: String] = [
        "ANSIC": "Mon Jan _2 15:04:05 2006",
        "UnixDate": "Mon Jan _2 15:04:05 MST 2006",
        "RubyDate": "Mon Jan 02 15:04:05 -0700 2006",
        "RFC822": "02 Jan 06 15:04 MST",
        "RFC822Z": "02 Jan 06 15:04 -0700",
        "RFC850": "Monday, 02-Jan-06 15:04:05 MST",
        "RFC1123": "Mon, 02 Jan 2006 15:04:05 MST",
        "RFC1123Z": "Mon, 02 Jan 2006 15:04:05 -0700",
        "RFC3339": rfc3339,
        "RFC3339Nano": rfc3339Nano,
    ]
    static let rfc3339 = "2006-01-02T15:04:05Z07:00"
    static let rfc3339Nano = "2006-01-02T15:04:05.999999999Z07:00"

    static let weekdays = [
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
    ]
    static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    ]

    /// The first element in `layout`, with its range; nil when there is none.
    static func next(_ layout: ArraySlice<UInt8>) -> (element: Element, range: Range<Int>)? {
        for index in layout.indices {
            if let (element, length) = element(in: layout[index...]) {
                return (element, index..<index + length)
            }
        }
        return nil
    }

    /// The element that `text` starts with, and its length.
    private static func element(in text: ArraySlice<UInt8>) -> (Element, Int)? {
        switch text[text.startIndex] {
        case UInt8(ascii: "J"):
            return name(text, "Jan", .month, "January", .longMonth)
        case UInt8(ascii: "M"):
            if text.starts(with: "MST".utf8) { return (.zoneName, 3) }
            return name(text, "Mon", .weekday, "Monday", .longWeekday)
        case UInt8(ascii: "0"): return zeroed(text)
        case UInt8(ascii: "1"):
            return text.starts(with: "15".utf8) ? (.hour, 2) : (.numericMonth, 1)
        case UInt8(ascii: "2"):
            return text.starts(with: "2006".utf8) ? (.longYear, 4) : (.day, 1)
        case UInt8(ascii: "_"):
            // `_2006` is an underscore before a year, not a spaced day.
            if text.starts(with: "_2006".utf8) { return nil }
            if text.starts(with: "_2".utf8) { return (.spacedDay, 2) }
            return text.starts(with: "__2".utf8) ? (.spacedYearDay, 3) : nil
        case UInt8(ascii: "3"): return (.hour12, 1)
        case UInt8(ascii: "4"): return (.minute, 1)
        case UInt8(ascii: "5"): return (.second, 1)
        case UInt8(ascii: "P"): return text.starts(with: "PM".utf8) ? (.upperMeridiem, 2) : nil
        case UInt8(ascii: "p"): return text.starts(with: "pm".utf8) ? (.lowerMeridiem, 2) : nil
        case UInt8(ascii: "-"): return zoneOffset(text, usesZ: false)
        case UInt8(ascii: "Z"): return zoneOffset(text, usesZ: true)
        case UInt8(ascii: "."), UInt8(ascii: ","): return fraction(text)
        default: return nil
        }
    }

    private static func name(
        _ text: ArraySlice<UInt8>, _ short: String, _ element: Element, _ long: String,
        _ longElement: Element
    ) -> (Element, Int)? {
        guard text.starts(with: short.utf8) else { return nil }
        if text.starts(with: long.utf8) { return (longElement, long.utf8.count) }
        if let after = text.dropFirst(3).first, after >= 0x61, after <= 0x7A { return nil }
        return (element, 3)
    }

    private static func zeroed(_ text: ArraySlice<UInt8>) -> (Element, Int)? {
        if text.starts(with: "002".utf8) { return (.zeroYearDay, 3) }
        guard let digit = text.dropFirst().first, digit >= 0x31, digit <= 0x36 else { return nil }
        let elements: [Element] = [
            .zeroMonth, .zeroDay, .zeroHour12, .zeroMinute, .zeroSecond, .year,
        ]
        return (elements[Int(digit - 0x31)], 2)
    }

    private static func zoneOffset(_ text: ArraySlice<UInt8>, usesZ: Bool) -> (Element, Int)? {
        let rest = text.dropFirst()
        let forms: [(String, Bool, Int)] = [
            ("070000", false, 3), ("07:00:00", true, 3), ("0700", false, 2), ("07:00", true, 2),
            ("07", false, 1),
        ]
        for (form, hasColons, parts) in forms where rest.starts(with: form.utf8) {
            let offset = ZoneOffset(usesZ: usesZ, hasColons: hasColons, parts: parts)
            return (.zoneOffset(offset), form.utf8.count + 1)
        }
        return nil
    }

    private static func fraction(_ text: ArraySlice<UInt8>) -> (Element, Int)? {
        let rest = text.dropFirst()
        guard let digit = rest.first, digit == 0x30 || digit == 0x39 else { return nil }
        let digits = rest.prefix { $0 == digit }.count
        if let after = rest.dropFirst(digits).first, after >= 0x30, after <= 0x39 { return nil }
        let separator = text[text.startIndex]
        return (
            .fraction(digits: min(digits, 0xFFF), separator: separator, trimsZeros: digit == 0x39),
            digits + 1
        )
    }
}
