// SPDX-License-Identifier: Apache-2.0

/// How often each of the things an agent uses most was used. A new thing takes the place of the
/// one that was used least, which counts as new again.
struct UsageSketch {
    private var hashes = InlineArray<16, UInt32>(repeating: 0)
    private var counts = InlineArray<16, UInt16>(repeating: 0)

    func contains(_ hash: UInt64) -> Bool { count(of: hash) > 0 }

    /// 0 for what is not known.
    func count(of hash: UInt64) -> Int {
        let hash = UInt32(truncatingIfNeeded: hash)
        for index in 0..<Limits.seen where hashes[index] == hash && counts[index] > 0 {
            return Int(counts[index])
        }
        return 0
    }

    /// Of the thing that is used most.
    var largest: Int {
        var largest: UInt16 = 0
        for index in 0..<Limits.seen { largest = max(largest, counts[index]) }
        return Int(largest)
    }

    mutating func add(_ hash: UInt64) {
        let hash = UInt32(truncatingIfNeeded: hash)
        var place = 0
        for index in 0..<Limits.seen {
            if hashes[index] == hash, counts[index] > 0 {
                if counts[index] == .max { halve() }
                counts[index] += 1
                return
            }
            if counts[index] < counts[place] { place = index }
        }
        hashes[place] = hash
        counts[place] = 1
    }

    /// What is long ago weighs less and less.
    private mutating func halve() {
        for index in 0..<Limits.seen where counts[index] > 1 { counts[index] /= 2 }
    }
}

/// How often an agent did each kind of thing.
struct EffectCounts {
    private var counts = InlineArray<7, UInt16>(repeating: 0)

    func count(of effect: Int) -> Int { effect < 7 ? Int(counts[effect]) : 0 }

    var largest: Int {
        var largest: UInt16 = 0
        for index in 0..<7 { largest = max(largest, counts[index]) }
        return Int(largest)
    }

    mutating func add(_ effect: Int) {
        guard effect < 7 else { return }
        if counts[effect] == .max {
            for index in 0..<7 where counts[index] > 1 { counts[index] /= 2 }
        }
        counts[effect] += 1
    }
}
