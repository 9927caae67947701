// SPDX-License-Identifier: Apache-2.0

/// `semver.*`
enum SemanticVersionBuiltins {
    static let all: [Builtin] = [
        Builtin("semver.is_valid", "any -> boolean") { _, operands in
            .boolean(operands[0].asString.flatMap { SemanticVersion($0) } != nil)
        },
        Builtin("semver.compare", "string, string -> number") { _, operands throws(BuiltinError) in
            let left = try operands.string(0).asString ?? ""
            let right = try operands.string(1).asString ?? ""
            return .integer(try version(left, 1).order(to: version(right, 2)))
        },
    ]

    private static func version(_ text: String, _ position: Int) throws(BuiltinError)
        -> SemanticVersion
    {
        guard let version = SemanticVersion(text) else {
            throw .failed(
                "operand \(position): string \(GoText.quoted(text)) is not a valid SemVer")
        }
        return version
    }
}

/// A version as of semver.org 2.0.0, with an optional `v` in front.
struct SemanticVersion {
    private let numbers: [Int]
    private let preRelease: [Substring]

    init?(_ text: String) {
        var core = text.hasPrefix("v") ? text.dropFirst() : text[...]
        guard Self.cut(&core, at: "+") != nil, let preRelease = Self.cut(&core, at: "-") else {
            return nil
        }
        self.preRelease = preRelease
        let parts = core.split(separator: ".", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { GoText.integer($0.utf8) }
        guard parts.count == 3, numbers.count == 3 else { return nil }
        self.numbers = numbers
    }

    /// Takes the dotted identifiers behind `separator` off; nil when they are malformed.
    private static func cut(_ text: inout Substring, at separator: Character) -> [Substring]? {
        guard let index = text.utf8.firstIndex(of: separator.asciiValue ?? 0) else { return [] }
        let tail = text[text.utf8.index(after: index)...]
        text = text[..<index]
        if tail.isEmpty { return [] }
        let identifiers = tail.split(separator: ".", omittingEmptySubsequences: false)
        return identifiers.allSatisfy(isIdentifier) ? identifiers : nil
    }

    private static func isIdentifier(_ text: Substring) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                byte == UInt8(ascii: "-") || (byte >= 0x30 && byte <= 0x39)
                    || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A)
            }
    }

    /// -1, 0 or 1 (semver.org section 11).
    func order(to other: SemanticVersion) -> Int {
        for (left, right) in zip(numbers, other.numbers) where left != right {
            return left < right ? -1 : 1
        }
        if preRelease.isEmpty || other.preRelease.isEmpty {
            return (preRelease.isEmpty ? 1 : 0) - (other.preRelease.isEmpty ? 1 : 0)
        }
        for (left, right) in zip(preRelease, other.preRelease) {
            let order = Self.order(left, right)
            if order != 0 { return order }
        }
        return (preRelease.count - other.preRelease.count).signum()
    }

    /// Numeric identifiers sort below others and by their value.
    private static func order(_ left: Substring, _ right: Substring) -> Int {
        let (leftDigits, rightDigits) = (digits(left), digits(right))
        switch (leftDigits, rightDigits) {
        case (.some, nil): return -1
        case (nil, .some): return 1
        case (let left?, let right?) where left.utf8.count != right.utf8.count:
            return left.utf8.count < right.utf8.count ? -1 : 1
        case (let left?, let right?): return left == right ? 0 : left < right ? -1 : 1
        default: return left == right ? 0 : left < right ? -1 : 1
        }
    }

    /// Its digits without leading zeros, when it has nothing else.
    private static func digits(_ text: Substring) -> Substring? {
        text.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } ? text.drop { $0 == "0" } : nil
    }
}
