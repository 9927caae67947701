// SPDX-License-Identifier: Apache-2.0

/// Finds the name that somebody may have meant.
enum Spelling {
    /// Names differ by so many characters at most, and by less than half of their length.
    private static let distanceLimit = 2
    /// Longer names are not compared.
    private static let lengthLimit = 64

    /// The nearest of the names, the first one of several; nil when none is near.
    static func nearest(_ name: String, among names: [String]) -> String? {
        let wanted = Array(name.lowercased().utf8).filter { $0 != UInt8(ascii: "_") }
        guard wanted.count <= lengthLimit else { return nil }
        var best: (name: String, distance: Int)?
        for candidate in names {
            let letters = Array(candidate.lowercased().utf8).filter { $0 != UInt8(ascii: "_") }
            guard letters.count <= lengthLimit, abs(letters.count - wanted.count) <= distanceLimit
            else { continue }
            let distance = self.distance(wanted, letters)
            guard distance <= distanceLimit, 2 * distance < max(wanted.count, 1) else { continue }
            if best.map({ distance < $0.distance }) ?? true { best = (candidate, distance) }
        }
        return best?.name
    }

    /// Levenshtein's distance; two exchanged neighbours count as one change.
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for i in 0..<a.count {
            var current = [i + 1]
            for j in 0..<b.count {
                var cost = min(last[j + 1] + 1, current[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                    cost = min(cost, beforeLast[j - 1] + 1)
                }
                current.append(cost)
            }
            beforeLast = last
            last = current
        }
        return last[b.count]
    }
}
