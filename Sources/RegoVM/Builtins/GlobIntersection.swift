// SPDX-License-Identifier: Apache-2.0

/// `regex.globs_match`: whether some text matches both of two simple patterns made of characters,
/// `.`, sets, `*` and `+`.
enum GlobIntersection {
    /// Pairs of tokens that one call may look at.
    private static let pairLimit = 4_000_000

    private struct Token {
        /// Ranges of characters, ends included.
        var ranges: [ClosedRange<UInt32>]
        /// May occur any number of times, also never.
        var isStarred = false

        func overlaps(_ other: Token) -> Bool {
            ranges.contains { range in other.ranges.contains { $0.overlaps(range) } }
        }
    }

    static func match(_ left: Value, _ right: Value) throws(BuiltinError) -> Value {
        let (a, b) = try (tokens(left), tokens(right))
        guard (a.count + 1) * (b.count + 1) <= pairLimit else {
            throw BuiltinError(
                .limit, "patterns of \(left.count) and \(right.count) bytes exceed the limit")
        }
        return .boolean(intersect(a, b))
    }

    /// Walks all pairs of places that one text can lead to in both patterns.
    private static func intersect(_ a: [Token], _ b: [Token]) -> Bool {
        let width = b.count + 1
        var reached = [Bool](repeating: false, count: (a.count + 1) * width)
        reached[0] = true
        for i in 0...a.count {
            for j in 0...b.count where reached[i * width + j] {
                if i < a.count && a[i].isStarred { reached[(i + 1) * width + j] = true }
                if j < b.count && b[j].isStarred { reached[i * width + j + 1] = true }
                guard i < a.count, j < b.count, a[i].overlaps(b[j]) else { continue }
                reached[(a[i].isStarred ? i : i + 1) * width + (b[j].isStarred ? j : j + 1)] = true
            }
        }
        return reached[reached.count - 1]
    }

    private static func tokens(_ pattern: Value) throws(BuiltinError) -> [Token] {
        guard pattern.count <= Limits.patternBytes else {
            throw BuiltinError(.limit, "pattern of \(pattern.count) bytes exceeds the limit")
        }
        var reader = Reader(pattern)
        var tokens: [Token] = []
        while let (scalar, isEscaped) = try reader.next() {
            var token = Token(ranges: [scalar...scalar])
            if !isEscaped {
                switch scalar {
                case 0x2E: token.ranges = [0...0x10FFFF]
                case 0x5B: token.ranges = try reader.set()
                case 0x5D: throw reader.failure("set-close ']' with no preceding '['")
                case 0x2A, 0x2B:
                    let flag = scalar == 0x2A ? "*" : "+"
                    throw reader.failure("flag '\(flag)' must be preceded by a non-flag")
                default: break
                }
            }
            // `x+` is `xx*`.
            switch reader.flag() {
            case UInt32(0x2A): token.isStarred = true
            case UInt32(0x2B):
                tokens.append(token)
                token.isStarred = true
            default: break
            }
            tokens.append(token)
        }
        return tokens
    }

    private struct Reader {
        let pattern: Value
        let scalars: [UInt32]
        var position = 0

        init(_ pattern: Value) {
            self.pattern = pattern
            var scalars: [UInt32] = []
            var index = 0
            while index < pattern.count {
                let (scalar, length) = Runes.decode(pattern.bytes, index)
                scalars.append(scalar)
                index += length
            }
            self.scalars = scalars
        }

        func failure(_ reason: String) -> BuiltinError {
            .failed(
                "input:\(pattern.asString ?? ""), pos:\(position), \(reason): "
                    + "the input provided is invalid"
            )
        }

        mutating func next() throws(BuiltinError) -> (scalar: UInt32, isEscaped: Bool)? {
            guard position < scalars.count else { return nil }
            guard scalars[position] == 0x5C else {
                position += 1
                return (scalars[position - 1], false)
            }
            guard position + 1 < scalars.count else {
                throw failure("input ends with a \\ (escape) character")
            }
            position += 2
            return (scalars[position - 1], true)
        }

        mutating func flag() -> UInt32? {
            guard position < scalars.count, scalars[position] == 0x2A || scalars[position] == 0x2B
            else {
                return nil
            }
            position += 1
            return scalars[position - 1]
        }

        /// The rest of a set, its end included.
        mutating func set() throws(BuiltinError) -> [ClosedRange<UInt32>] {
            var ranges: [ClosedRange<UInt32>] = []
            var previous: UInt32?
            while let (scalar, isEscaped) = try next() {
                if !isEscaped && scalar == 0x5D { return ranges }
                if isEscaped || scalar != 0x2D {
                    ranges.append(scalar...scalar)
                    previous = scalar
                    continue
                }
                guard let low = previous else {
                    throw failure("range character '-' must be preceded by a Unicode character")
                }
                guard position < scalars.count - 1, let (high, isEscaped) = try next() else {
                    throw failure("range character '-' must be followed by a Unicode character")
                }
                if !isEscaped && (high == 0x5D || high == 0x2D) {
                    throw failure("range character '-' cannot be followed by a special symbol")
                }
                guard high >= low else { throw failure("range is out of order") }
                ranges.append(low...high)
                previous = nil
            }
            throw failure("found [ without matching ]")
        }
    }
}
