// SPDX-License-Identifier: Apache-2.0

/// Counts what happened in the last while, in `buckets` steps.
///
/// The oldest step counts whole as long as a part of it lies in the window, so the count is never
/// too small; it may be too large by what one step held.
struct Window<let buckets: Int> {
    private var counts = InlineArray<buckets, UInt32>(repeating: 0)
    /// The step that the newest count belongs to, in steps since 1970.
    private var newest: Int64 = 0

    /// - Parameter step: nanoseconds of one step.
    @inline(__always)
    mutating func add(at time: Int64, step: Int64) {
        // Nearly always the step is still the same, and nothing has to be divided.
        let isNewest = UInt64(bitPattern: time &- newest &* step) < UInt64(step)
        if !isNewest { advance(to: time / step) }
        let bucket = Self.bucket(newest)
        if counts[bucket] < UInt32.max { counts[bucket] += 1 }
    }

    private mutating func advance(to step: Int64) {
        let index = max(step, newest)
        if index - newest >= Int64(buckets) {
            for bucket in 0..<buckets { counts[bucket] = 0 }
        } else {
            var passed = newest
            while passed < index {
                passed += 1
                counts[Self.bucket(passed)] = 0
            }
        }
        newest = index
    }

    func count(at time: Int64, step: Int64) -> Int {
        let now = max(time / step, newest)
        var sum = 0
        var index = max(0, now - Int64(buckets) + 1)
        while index <= newest {
            sum += Int(counts[Self.bucket(index)])
            index += 1
        }
        return sum
    }

    private static func bucket(_ index: Int64) -> Int { Int(index % Int64(buckets)) }
}

/// One thing counted over the last minute, ten minutes and hour.
struct WindowCounts {
    /// One step more than the window has, for the one that has only partly passed.
    private var minute = Window<7>()
    private var tenMinutes = Window<11>()
    private var hour = Window<13>()

    private static let second: Int64 = 1_000_000_000
    private static let minuteStep = 10 * second
    private static let tenMinutesStep = 60 * second
    private static let hourStep = 300 * second

    mutating func add(at time: Int64) {
        minute.add(at: time, step: Self.minuteStep)
        tenMinutes.add(at: time, step: Self.tenMinutesStep)
        hour.add(at: time, step: Self.hourStep)
    }

    func perMinute(_ now: Int64) -> Int { minute.count(at: now, step: Self.minuteStep) }
    func perTenMinutes(_ now: Int64) -> Int { tenMinutes.count(at: now, step: Self.tenMinutesStep) }
    func perHour(_ now: Int64) -> Int { hour.count(at: now, step: Self.hourStep) }
}
