// SPDX-License-Identifier: Apache-2.0

/// What is known of a value before evaluation, as OPA's package `types` has it.
///
/// Where nothing is known a type is nil; `any` says that every value is possible.
indirect enum RegoType: Hashable, Sendable {
    case any
    case null
    case boolean
    case number
    case string
    /// The first elements' types, and the type of the others when there may be others.
    case array([RegoType], rest: RegoType?)
    /// Known keys in the order of their names, and other keys when there may be others.
    case object([Property], rest: Rest?)
    case set(RegoType)
    /// At least two types, in order, none of them `any` or a union.
    case union([RegoType])
    /// Without a result for functions that have none.
    case function([RegoType], RegoType?)

    struct Property: Hashable, Sendable {
        var key: Key
        var type: RegoType
    }

    struct Rest: Hashable, Sendable {
        var key: RegoType
        var value: RegoType
    }

    /// A constant that selects a member.
    enum Key: Hashable, Sendable {
        case string(String)
        case number(String)
        case boolean(Bool)
        case null
    }

    static let anyArray = RegoType.array([], rest: .any)
    static let anyObject = RegoType.object([], rest: Rest(key: .any, value: .any))
}

extension RegoType.Key {
    /// nil for terms that are no scalars.
    init?(_ term: Term) {
        switch term.kind {
        case .string(let text): self = .string(text)
        case .number(let text): self = .number(Self.integer(text) ?? text)
        case .boolean(let value): self = .boolean(value)
        case .null: self = .null
        default: return nil
        }
    }

    /// The plain text of an integer that is written as `1.0` or `1e3`; nil for other numbers.
    private static func integer(_ text: String) -> String? {
        // Doubles tell apart what so few characters can say.
        guard text.utf8.count <= 15, Int(text) == nil, let double = Double(text) else { return nil }
        return Int(exactly: double).map { String($0) }
    }

    var type: RegoType {
        switch self {
        case .string: .string
        case .number: .number
        case .boolean: .boolean
        case .null: .null
        }
    }

    var text: String {
        switch self {
        case .string(let text), .number(let text): text
        case .boolean(let value): value ? "true" : "false"
        case .null: "null"
        }
    }
}

// MARK: Unions

extension RegoType {
    /// Unions larger than this count as `any`, so that types of long literals stay small.
    static let unionLimit = 64

    /// What is one or the other; nil is nothing.
    static func or(_ a: RegoType?, _ b: RegoType?) -> RegoType? {
        guard let a else { return b }
        guard let b else { return a }
        if a == b { return a }
        switch (a, b) {
        case (.any, _), (_, .any): return .any
        case (.function(let left, let leftResult), .function(let right, let rightResult)):
            guard left.count == right.count else { return .any }
            return .function(
                zip(left, right).map { or($0, $1) ?? .any }, or(leftResult, rightResult))
        case (.function, _), (_, .function): return .any
        default: return merging(a.members + b.members)
        }
    }

    static func merging(_ members: [RegoType]) -> RegoType {
        var seen: Set<RegoType> = []
        let unique = members.filter { seen.insert($0).inserted }
        if unique.contains(.any) || unique.count > unionLimit { return .any }
        if unique.count == 1 { return unique[0] }
        return .union(unique.sorted { $0.precedes($1) })
    }

    private var members: [RegoType] {
        if case .union(let members) = self { members } else { [self] }
    }

    private var rank: Int {
        switch self {
        case .null: 0
        case .boolean: 1
        case .number: 2
        case .string: 3
        case .array: 4
        case .object: 5
        case .set: 6
        case .any, .union: 7
        case .function: 8
        }
    }

    private func precedes(_ other: RegoType) -> Bool {
        rank == other.rank ? TypeText.text(self) < TypeText.text(other) : rank < other.rank
    }
}

// MARK: Size

extension RegoType {
    /// Larger types count as `any`: rules that contain each other twice would double them each
    /// time.
    static let sizeLimit = 1_000

    var bounded: RegoType {
        var budget = Self.sizeLimit
        spend(&budget)
        return budget >= 0 ? self : .any
    }

    private func spend(_ budget: inout Int) {
        budget -= 1
        guard budget >= 0 else { return }
        switch self {
        case .any, .null, .boolean, .number, .string: break
        case .array(let elements, let rest):
            for element in elements where budget >= 0 { element.spend(&budget) }
            rest?.spend(&budget)
        case .object(let properties, let rest):
            for property in properties where budget >= 0 { property.type.spend(&budget) }
            rest?.key.spend(&budget)
            rest?.value.spend(&budget)
        case .set(let element): element.spend(&budget)
        case .union(let members): for member in members where budget >= 0 { member.spend(&budget) }
        case .function(let arguments, let result):
            for argument in arguments where budget >= 0 { argument.spend(&budget) }
            result?.spend(&budget)
        }
    }
}
