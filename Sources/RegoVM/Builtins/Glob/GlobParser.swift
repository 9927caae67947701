// SPDX-License-Identifier: Apache-2.0

/// A part of a glob.
indirect enum GlobNode: Equatable {
    case nothing
    case text([UInt8])
    /// `*`, `**` and `?`.
    case any, anyAtAll, single
    case list([UInt32], isNegated: Bool)
    case range(UInt32, UInt32, isNegated: Bool)
    case sequence([GlobNode])
    case alternatives([GlobNode])
}

/// Reads globs by the rules of `gobwas/glob`: alternatives that nobody closes end with the text,
/// and so does everything at a NUL that no text stands before.
struct GlobParser {
    private enum Token: Equatable {
        case end, any, anyAtAll, single, open, close, separator, rangeOpen, rangeClose, negation
        case text([UInt32])
        case low(UInt32)
        case high(UInt32)
    }

    private static let end: UInt32 = 0

    private let glob: UnsafeBufferPointer<UInt8>
    private var position = 0
    private var tokens: [Token] = []
    private var depth = 0
    /// The character read last, its bytes, and whether it is to be read again.
    private var last: (scalar: UInt32, length: Int, isPending: Bool) = (0, 0, false)

    static func parse(_ glob: UnsafeBufferPointer<UInt8>) throws(BuiltinError) -> GlobNode {
        var parser = GlobParser(glob: glob)
        return try parser.run()
    }

    private init(glob: UnsafeBufferPointer<UInt8>) { self.glob = glob }

    static func isSpecial(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "\\"), UInt8(ascii: "["),
            UInt8(ascii: "]"), UInt8(ascii: "{"), UInt8(ascii: "}"):
            return true
        default: return false
        }
    }

    // MARK: Tree

    private mutating func run() throws(BuiltinError) -> GlobNode {
        /// The alternatives read so far around each open sequence, outermost first.
        var outer: [(before: [GlobNode], alternatives: [GlobNode])] = []
        var sequence: [GlobNode] = []
        func close() {
            guard let (before, alternatives) = outer.popLast() else { return }
            sequence = before + [.alternatives(alternatives + [.sequence(sequence)])]
        }
        while true {
            switch try next() {
            case .end:
                while !outer.isEmpty { close() }
                return .sequence(sequence)
            case .text(let scalars): sequence.append(.text(Self.bytes(scalars)))
            case .any: sequence.append(.any)
            case .anyAtAll: sequence.append(.anyAtAll)
            case .single: sequence.append(.single)
            case .rangeOpen: sequence.append(try range())
            case .open:
                guard outer.count < GlobLimits.depth else {
                    throw BuiltinError(.limit, "glob is nested more than \(GlobLimits.depth) deep")
                }
                outer.append((sequence, []))
                sequence = []
            case .separator:
                outer[outer.count - 1].alternatives.append(.sequence(sequence))
                sequence = []
            case .close: close()
            case .rangeClose, .negation, .low, .high: throw .failed("unexpected token")
            }
        }
    }

    private mutating func range() throws(BuiltinError) -> GlobNode {
        var isNegated = false
        var low: UInt32 = 0
        var high: UInt32 = 0
        var characters: [UInt32] = []
        while true {
            switch try next() {
            case .negation: isNegated = true
            case .low(let scalar): low = scalar
            case .high(let scalar):
                high = scalar
                guard high >= low else {
                    throw .failed(
                        "hi character '\(Self.text(high))' should be greater than lo"
                            + " '\(Self.text(low))'")
                }
            case .text(let scalars): characters = scalars
            case .rangeClose:
                let isRange = low != 0 && high != 0
                guard isRange == characters.isEmpty else { throw .failed("could not parse range") }
                return isRange
                    ? .range(low, high, isNegated: isNegated)
                    : .list(characters, isNegated: isNegated)
            default: throw .failed("unexpected end")
            }
        }
    }

    private static func text(_ scalar: UInt32) -> String {
        String(Unicode.Scalar(scalar).map(Character.init) ?? "\u{FFFD}")
    }

    private static func bytes(_ scalars: [UInt32]) -> [UInt8] {
        scalars.flatMap { Array(text($0).utf8) }
    }

    // MARK: Tokens

    private mutating func next() throws(BuiltinError) -> Token {
        while tokens.isEmpty { try fetch() }
        return tokens.removeFirst()
    }

    private mutating func peek() throws(BuiltinError) -> (scalar: UInt32, length: Int) {
        guard position < glob.count else { return (Self.end, 0) }
        let (scalar, length) = Runes.decode(glob, position)
        guard scalar != Runes.replacement else { throw .failed("could not read rune") }
        return (scalar, length)
    }

    private mutating func read() throws(BuiltinError) -> UInt32 {
        if !last.isPending {
            let (scalar, length) = try peek()
            last = (scalar, length, true)
        }
        last.isPending = false
        position += last.length
        return last.scalar
    }

    private mutating func unread() {
        position -= last.length
        last.isPending = true
    }

    private mutating func fetch() throws(BuiltinError) {
        switch try read() {
        case Self.end: tokens.append(.end)
        case 0x7B:
            depth += 1
            tokens.append(.open)
        case 0x2C where depth > 0: tokens.append(.separator)
        case 0x7D where depth > 0:
            depth -= 1
            tokens.append(.close)
        case 0x5B:
            tokens.append(.rangeOpen)
            try fetchRange()
        case 0x3F: tokens.append(.single)
        case 0x2A:
            if try read() == 0x2A {
                tokens.append(.anyAtAll)
            } else {
                unread()
                tokens.append(.any)
            }
        default:
            unread()
            // `?`, `*`, `[` and `{`; among alternatives `}` and a comma too.
            try fetchText(
                until: depth > 0 ? [0x3F, 0x2A, 0x5B, 0x7B, 0x7D, 0x2C] : [0x3F, 0x2A, 0x5B, 0x7B])
        }
    }

    /// `[abc]`, `[!abc]`, `[a-c]` or `[!a-c]`: a list or one range, never both.
    private mutating func fetchRange() throws(BuiltinError) {
        var first = try readInRange()
        if first == 0x21 {
            tokens.append(.negation)
            first = try readInRange()
        }
        let (following, length) = try peek()
        if following == 0x2D {
            position += length
            tokens.append(.low(first))
            tokens.append(.high(try readInRange()))
        } else {
            unread()
            try fetchText(until: [0x5D])
        }
        guard try readInRange() == 0x5D else { throw .failed("expected close range character") }
        tokens.append(.rangeClose)
    }

    private mutating func readInRange() throws(BuiltinError) -> UInt32 {
        let scalar = try read()
        guard scalar != Self.end else { throw .failed("unexpected end of input") }
        return scalar
    }

    private mutating func fetchText(until breakers: [UInt32]) throws(BuiltinError) {
        var scalars: [UInt32] = []
        var isEscaped = false
        while true {
            let scalar = try read()
            if scalar == Self.end { break }
            if !isEscaped {
                if scalar == 0x5C {
                    isEscaped = true
                    continue
                }
                if breakers.contains(scalar) {
                    unread()
                    break
                }
            }
            isEscaped = false
            scalars.append(scalar)
        }
        if !scalars.isEmpty { tokens.append(.text(scalars)) }
    }
}
