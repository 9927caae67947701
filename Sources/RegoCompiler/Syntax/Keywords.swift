// SPDX-License-Identifier: Apache-2.0

/// Keywords that a version of Rego has not by itself, switched on by `import future.keywords.X`.
public struct FutureKeywords: OptionSet, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let `in` = FutureKeywords(rawValue: 1 << 0)
    public static let `if` = FutureKeywords(rawValue: 1 << 1)
    public static let contains = FutureKeywords(rawValue: 1 << 2)
    public static let every = FutureKeywords(rawValue: 1 << 3)
    public static let and = FutureKeywords(rawValue: 1 << 4)
    public static let or = FutureKeywords(rawValue: 1 << 5)
    /// `not` is a keyword everywhere; this one gives it bodies (`not { ... }`).
    public static let not = FutureKeywords(rawValue: 1 << 6)

    /// What version 1 has by itself.
    static let versionOne: FutureKeywords = [.in, .if, .contains, .every]
    public static let all: FutureKeywords = [.versionOne, .and, .or, .not]

    static let names = ["and", "contains", "every", "if", "in", "not", "or"]

    /// The keyword of a name, with what it brings along: `every` needs `in`.
    init?(name: String) {
        switch name {
        case "in": self = .in
        case "if": self = .if
        case "contains": self = .contains
        case "every": self = [.every, .in]
        case "and": self = .and
        case "or": self = .or
        case "not": self = .not
        default: return nil
        }
    }
}

extension RegoVersion {
    /// Whether a name cannot stand alone as a variable, a rule or an import in this version.
    func reserves(_ name: String) -> Bool {
        switch name {
        case "as", "default", "else", "false", "import", "package", "not", "null", "some", "true",
            "with":
            true
        case "contains", "every", "if", "in":
            self == .v1
        default:
            false
        }
    }
}
