// SPDX-License-Identifier: Apache-2.0

/// A clause whose names are resolved: variables are `.local`s, everything global starts at `data`
/// or `input`, calls name builtins or `data.*` functions.
///
/// Stages change it in place.
final class ResolvedClause {
    let location: Location
    let arguments: [Term]
    private(set) var suffix: [Term]
    private(set) var key: Term?
    private(set) var value: Term?
    var body: Body
    var elseClauses: [ResolvedClause] = []
    var variables: VariableTable
    let features: Features

    init(
        location: Location, arguments: [Term] = [], suffix: [Term] = [], key: Term? = nil,
        value: Term? = nil, body: Body, variables: VariableTable, features: Features
    ) {
        self.location = location
        self.arguments = arguments
        self.suffix = suffix
        self.key = key
        self.value = value
        self.body = body
        self.variables = variables
        self.features = features
    }

    /// What the clause contains, so that stages pass over clauses that do not concern them.
    struct Features: OptionSet {
        let rawValue: UInt8
        static let print = Features(rawValue: 1)
        static let metadata = Features(rawValue: 2)
        static let modifiers = Features(rawValue: 4)
        static let closures = Features(rawValue: 8)
        static let deprecated = Features(rawValue: 16)
        /// Calls of other than builtins with as many arguments as those take.
        static let calls = Features(rawValue: 32)
        /// Refs into `data`, and calls of functions there.
        static let references = Features(rawValue: 64)
    }

    /// The head's terms but for arguments.
    var heads: [Term] { suffix + [key, value].compactMap { $0 } }

    /// Puts others in the places of `heads`.
    func replace(heads: [Term]) {
        suffix = Array(heads[..<suffix.count])
        var rest = heads[suffix.count...]
        if key != nil { key = rest.removeFirst() }
        if value != nil { value = rest.removeFirst() }
    }
}

/// The variables of one clause by number.
struct VariableTable {
    var names: [String] = []
    /// How many closures stand around the body that the variable belongs to.
    var depths: [Int] = []
}
