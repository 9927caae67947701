// SPDX-License-Identifier: Apache-2.0
import Glibc
import TransparencyLog

// Finding records without reading the whole log: they lie nearly in the order of their times.
extension LogView {
    /// Where to begin to read for records from `time` on. Some before it may come along.
    ///
    /// - Parameter time: nanoseconds since 1970-01-01T00:00:00Z.
    public func firstIndex(since time: Int64) throws -> Int {
        try bundle(before: max(time, .min + ReadingLimits.disorder) - ReadingLimits.disorder)
            * LogLimits.tileWidth
    }

    /// The first record that is here and not older than a moment, or whose time cannot be read:
    /// every record before it was read, and is older. The log's size when all are.
    ///
    /// - Parameter time: nanoseconds since 1970-01-01T00:00:00Z.
    public func firstYoung(since time: Int64) throws -> Int {
        let text = Array(Moment.text(time).utf8)
        var found = size
        try scan(0..<size) { record in
            let isOlder =
                record.time.isString && record.time.bytes.count == text.count
                && record.time.bytes.lexicographicallyPrecedes(text)
            if !isOlder { found = record.index }
            return isOlder
        }
        return found
    }

    /// Where to begin to read for records from `time` on, if the clock was never set back.
    public func likelyIndex(since time: Int64) throws -> Int {
        try bundle(before: time) * LogLimits.tileWidth
    }

    /// The index of the record with an id; nil when there is none.
    ///
    /// - Parameter id: a UUID of version 7, whose time tells where to look first.
    public func index(of id: String) throws -> Int? {
        let id = id.lowercased()
        let begin = try firstPresent()
        if let index = try find(id, in: 0..<begin) { return index }
        let bundles = (size + LogLimits.tileWidth - 1) / LogLimits.tileWidth
        let first = begin / LogLimits.tileWidth
        guard bundles > first else { return nil }
        let start = try Self.time(of: id).map { try bundle(before: $0) } ?? bundles - 1
        // Outward from where it should be: whatever happened to the clock, it is found.
        var distance = 0
        while start - distance >= first || start + distance < bundles {
            for bundle in Set([start - distance, start + distance]).sorted()
            where bundle >= first && bundle < bundles {
                let first = bundle * LogLimits.tileWidth
                if let index = try find(id, in: first..<(first + LogLimits.tileWidth)) {
                    return index
                }
            }
            distance += 1
        }
        return nil
    }

    /// Nanoseconds since 1970 that a UUID of version 7 holds (RFC 9562, section 5.7).
    static func time(of id: String) -> Int64? {
        let digits = id.filter { $0 != "-" }
        guard digits.utf8.count == 32, digits.utf8.dropFirst(12).first == UInt8(ascii: "7"),
            let milliseconds = Int64(digits.prefix(12), radix: 16)
        else { return nil }
        let (nanoseconds, overflows) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
        return overflows ? nil : nanoseconds
    }

    private func find(_ id: String, in range: Range<Int>) throws -> Int? {
        var found: Int?
        let wanted = Array(id.utf8)
        try scan(range) { record in
            if record.id.bytes.elementsEqual(wanted) { found = record.index }
            return found == nil
        }
        return found
    }

    /// The last bundle whose first record is not later than `time`; the first one when all are.
    private func bundle(before time: Int64) throws -> Int {
        let text = Array(Moment.text(time).utf8)
        var low = try firstPresent() / LogLimits.tileWidth
        var high = (size + LogLimits.tileWidth - 1) / LogLimits.tileWidth
        while low + 1 < high {
            let middle = (low + high) / 2
            // Of absent bundles nothing is known: the next one that is there tells.
            var probe = middle
            while probe < high, try !isPresent(probe) { probe += 1 }
            var isLater = true
            let index = probe * LogLimits.tileWidth
            if probe < high {
                try scan(index..<(index + 1)) { record in
                    isLater = text.lexicographicallyPrecedes(record.time.bytes)
                    return false
                }
            }
            if isLater { high = middle } else { low = probe }
        }
        return low
    }
}
