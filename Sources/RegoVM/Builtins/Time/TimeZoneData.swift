// SPDX-License-Identifier: Apache-2.0

/// One time zone: its past transitions and the rule for the time after them (RFC 8536).
final class TimeZoneData: Sendable {
    struct LocalTime: Sendable {
        var abbreviation: String
        /// Seconds east of UTC.
        var offset: Int
        var isDaylightSaving: Bool
    }

    /// A stretch of time with one offset: `start` inclusive to `end` exclusive, Unix seconds.
    struct Span {
        var abbreviation: String
        var offset: Int
        var start: Int
        var end: Int
    }

    let localTimes: [LocalTime]
    /// Ascending Unix seconds, each with the local time that starts there.
    let transitions: [(at: Int, localTime: Int)]
    let rule: TimeZoneRule?

    static let utc = TimeZoneData(
        localTimes: [LocalTime(abbreviation: "UTC", offset: 0, isDaylightSaving: false)],
        transitions: [], rule: nil)

    init(localTimes: [LocalTime], transitions: [(at: Int, localTime: Int)], rule: TimeZoneRule?) {
        self.localTimes = localTimes
        self.transitions = transitions
        self.rule = rule
    }

    func span(at seconds: Int) -> Span {
        guard let first = transitions.first, seconds >= first.at else {
            return span(localTimes[earliest], .min, transitions.first?.at ?? .max)
        }
        var low = 0
        var high = transitions.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if seconds < transitions[middle].at { high = middle } else { low = middle }
        }
        if high == transitions.count, let rule {
            let ruled = rule.span(at: seconds)
            return Span(
                abbreviation: ruled.abbreviation, offset: ruled.offset,
                start: max(ruled.start, transitions[low].at), end: ruled.end)
        }
        let end = high < transitions.count ? transitions[high].at : .max
        return span(localTimes[transitions[low].localTime], transitions[low].at, end)
    }

    private func span(_ time: LocalTime, _ start: Int, _ end: Int) -> Span {
        Span(abbreviation: time.abbreviation, offset: time.offset, start: start, end: end)
    }

    /// The local time before the first transition, chosen as Go does.
    private var earliest: Int {
        guard transitions.contains(where: { $0.localTime == 0 }) else { return 0 }
        if let first = transitions.first, localTimes[first.localTime].isDaylightSaving {
            var index = first.localTime - 1
            while index >= 0 {
                if !localTimes[index].isDaylightSaving { return index }
                index -= 1
            }
        }
        return localTimes.firstIndex { !$0.isDaylightSaving } ?? 0
    }
}

// MARK: Reading TZif

extension TimeZoneData {
    /// Reads a compiled zone file (RFC 8536); nil when it is malformed.
    static func read(_ file: [UInt8]) -> TimeZoneData? {
        var reader = ZoneFileReader(file)
        guard var header = reader.header() else { return nil }
        var timeSize = 4
        if header.version >= 2 {
            // The second block repeats the first one with 64-bit times.
            reader.position += header.bodySize(timeSize: 4)
            guard let second = reader.header() else { return nil }
            header = second
            timeSize = 8
        }
        guard let (times, transitions) = reader.body(header, timeSize) else { return nil }
        let rule = timeSize == 8 ? reader.footer().flatMap(TimeZoneRule.init) : nil
        return TimeZoneData(localTimes: times, transitions: transitions, rule: rule)
    }
}

private struct ZoneFileReader {
    let file: [UInt8]
    var position = 0

    struct Header {
        var version: Int
        var utIndicators: Int
        var standardIndicators: Int
        var leapSeconds: Int
        var transitions: Int
        var localTimes: Int
        var abbreviationBytes: Int

        func bodySize(timeSize: Int) -> Int {
            transitions * (timeSize + 1) + localTimes * 6 + abbreviationBytes
                + leapSeconds * (timeSize + 4) + standardIndicators + utIndicators
        }
    }

    init(_ file: [UInt8]) { self.file = file }

    private func integer(at offset: Int, bytes: Int) -> Int {
        var result: UInt64 = 0
        for index in offset..<offset + bytes { result = result << 8 | UInt64(file[index]) }
        return bytes == 4
            ? Int(Int32(truncatingIfNeeded: result)) : Int(truncatingIfNeeded: result)
    }

    mutating func header() -> Header? {
        let size = 44
        guard position + size <= file.count,
            file[position..<position + 4].elementsEqual("TZif".utf8)
        else {
            return nil
        }
        let version = file[position + 4]
        var counts: [Int] = []
        for index in 0..<6 {
            let count = integer(at: position + 20 + index * 4, bytes: 4)
            guard count >= 0, count <= file.count else { return nil }
            counts.append(count)
        }
        position += size
        return Header(
            version: version >= UInt8(ascii: "2") ? Int(version - UInt8(ascii: "0")) : 1,
            utIndicators: counts[0], standardIndicators: counts[1], leapSeconds: counts[2],
            transitions: counts[3], localTimes: counts[4], abbreviationBytes: counts[5])
    }

    mutating func body(
        _ header: Header, _ timeSize: Int
    ) -> ([TimeZoneData.LocalTime], [(at: Int, localTime: Int)])? {
        let size = header.bodySize(timeSize: timeSize)
        guard header.localTimes > 0, position + size <= file.count else { return nil }
        let indices = position + header.transitions * timeSize
        let types = indices + header.transitions
        let names = types + header.localTimes * 6
        var times: [TimeZoneData.LocalTime] = []
        for index in 0..<header.localTimes {
            let start = types + index * 6
            let nameOffset = Int(file[start + 5])
            guard nameOffset < header.abbreviationBytes else { return nil }
            let name = file[(names + nameOffset)..<(names + header.abbreviationBytes)].prefix {
                $0 != 0
            }
            times.append(
                .init(
                    abbreviation: String(decoding: name, as: UTF8.self),
                    offset: integer(at: start, bytes: 4), isDaylightSaving: file[start + 4] != 0))
        }
        var transitions: [(at: Int, localTime: Int)] = []
        for index in 0..<header.transitions {
            let localTime = Int(file[indices + index])
            guard localTime < times.count else { return nil }
            transitions.append(
                (integer(at: position + index * timeSize, bytes: timeSize), localTime))
        }
        position += size
        return (times, transitions)
    }

    /// The rule between the two newlines at the end.
    func footer() -> String? {
        guard position + 2 <= file.count, file[position] == 10, file.last == 10 else { return nil }
        return String(decoding: file[(position + 1)..<(file.count - 1)], as: UTF8.self)
    }
}
