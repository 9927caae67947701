// SPDX-License-Identifier: Apache-2.0

/// Where something stands in a source file. Rows and columns count from 1; a column counts Unicode
/// scalars, as OPA's do.
public struct Location: Sendable, Hashable {
    /// Index into the compilation's list of sources.
    public var file: Int32
    public var row: Int32
    public var column: Int32
    /// Byte offset of the first byte, and one past the last byte, in the source text.
    public var start: Int32
    public var end: Int32

    public init(file: Int32, row: Int32, column: Int32, start: Int32, end: Int32) {
        self.file = file
        self.row = row
        self.column = column
        self.start = start
        self.end = end
    }

    /// For what stands nowhere in a source.
    public static let none = Location(file: -1, row: 0, column: 0, start: 0, end: 0)
}

public enum RegoVersion: Sendable { case v0, v1 }

/// One parsed file.
public final class Module {
    public let file: Int32
    public let version: RegoVersion
    /// The package path after `data`, e.g. `["envoy", "authz"]`.
    public var package: [String]
    public var packageLocation: Location
    public var imports: [Import] = []
    public var rules: [Rule] = []
    public var annotations: [Annotations] = []
    /// All comments, in the order of the text.
    var comments: [Comment] = []

    public init(file: Int32, version: RegoVersion, package: [String], packageLocation: Location) {
        self.file = file
        self.version = version
        self.package = package
        self.packageLocation = packageLocation
    }
}

public struct Import {
    /// The whole path with its root: `data.a.b`, `input.x`, `rego.v1`, `future.keywords.in`.
    public var path: [String]
    public var alias: String?
    public var location: Location

    /// The name that the import brings into scope.
    public var name: String { alias ?? path[path.count - 1] }

    public init(path: [String], alias: String?, location: Location) {
        self.path = path
        self.alias = alias
        self.location = location
    }
}

/// One rule clause with its `else` chain.
public final class Rule {
    public var location: Location
    public var isDefault: Bool
    public var head: Head
    /// Empty for a rule without a body (a constant or a default).
    public var body: Body
    public var elseRule: Rule?
    /// Annotations written directly above this rule, innermost scope first.
    public var annotations: [Annotations] = []

    public init(location: Location, isDefault: Bool, head: Head, body: Body, elseRule: Rule?) {
        self.location = location
        self.isDefault = isDefault
        self.head = head
        self.body = body
        self.elseRule = elseRule
    }

    deinit {
        // One by one: a long chain of branches must not free itself recursively.
        var next = elseRule
        elseRule = nil
        while next != nil, isKnownUniquelyReferenced(&next) {
            let following = next?.elseRule
            next?.elseRule = nil
            next = following
        }
    }
}

/// A rule's head: `ref(args) contains key := value`.
public struct Head {
    public var location: Location
    /// The name as a ref: first a `.variable`, then strings or any terms (`p.q[x].r`).
    /// In v0, `p[x]` without a value is a partial set: `key` is `x` and `ref` is `p`.
    public var ref: [Term]
    /// nil for a rule that is no function; `f() := 1` does not exist in Rego.
    public var arguments: [Term]?
    /// The member of a partial set (`contains key`, or `p[key]` in v0).
    public var key: Term?
    /// The value; nil means `true` (complete rules) or nothing (partial sets).
    public var value: Term?
    /// `:=` rather than `=`.
    public var isAssigned: Bool

    public init(
        location: Location, ref: [Term], arguments: [Term]?, key: Term?, value: Term?,
        isAssigned: Bool
    ) {
        self.location = location
        self.ref = ref
        self.arguments = arguments
        self.key = key
        self.value = value
        self.isAssigned = isAssigned
    }
}

public typealias Body = [Expression]

/// One expression of a body.
public final class Expression {
    public var location: Location
    public var kind: Kind
    /// `not` before it.
    public var isNegated = false
    public var modifiers: [Modifier] = []
    /// `variable = ref`, where the ref stood under `not`: as there, it binds nothing.
    var isTakenOut = false
    /// Which bodies of a block, an `and` or an `or` stand in braces of their own.
    var braces: Braces = []

    struct Braces: OptionSet {
        let rawValue: UInt8
        /// The first or only one.
        static let left = Braces(rawValue: 1)
        static let right = Braces(rawValue: 2)
    }

    public indirect enum Kind {
        /// A term that must be defined and not false. Calls and infix operators are terms too
        /// (`.call`): `x := 1` is `assign(x, 1)`, `x = y` is `eq(x, y)`, `a + b` is `plus(a, b)`,
        /// `x in xs` is `internal.member_2(x, xs)`, `k, x in xs` is `internal.member_3(k, x, xs)`.
        case term(Term)
        /// `some x, y`
        case someVariables([Term])
        /// `some x in xs` / `some k, x in xs`
        case someIn(key: Term?, value: Term, domain: Term)
        case every(key: Term?, value: Term, domain: Term, body: Body)
        /// `not { ... }` (`future.keywords.not`): `isNegated` is set as well.
        case block(Body)
        /// `a and b`, `{ ... } and { ... }` (`future.keywords.and`), chains nested to the left.
        case and(Body, Body)
        /// `a or b` (`future.keywords.or`), chains nested to the left.
        case or(Body, Body)
    }

    public init(location: Location, kind: Kind) {
        self.location = location
        self.kind = kind
    }
}

/// `with target as value`
public struct Modifier {
    public var location: Location
    /// A ref into `input` or `data`, or the name of a function (`.variable` or `.ref`).
    public var target: Term
    public var value: Term

    public init(location: Location, target: Term, value: Term) {
        self.location = location
        self.target = target
        self.value = value
    }
}

public final class Term {
    public var location: Location
    public var kind: Kind

    public indirect enum Kind {
        case null
        case boolean(Bool)
        /// The number as written, e.g. `1e3`; checked to be a JSON number.
        case number(String)
        /// The decoded text.
        case string(String)
        /// A variable of the rule after names were resolved: its number and its written name. The
        /// parser never makes it.
        case local(Int, String)
        /// `_` becomes a fresh name that starts with `$` and cannot be written by hand. A bare
        /// `input` or `data` is a variable too.
        case variable(String)
        /// The head (`.variable`, or any other term in `f(x).y`, `[1, 2][i]`), then its operands.
        /// `input` and `data` are heads of kind `.variable`.
        case ref(Term, [Term])
        case array([Term])
        case object([(key: Term, value: Term)])
        case set([Term])
        case arrayComprehension(Term, Body)
        case setComprehension(Term, Body)
        case objectComprehension(key: Term, value: Term, Body)
        /// The function's dotted name (`["startswith"]`, `["io", "jwt", "decode"]`,
        /// `["data", "lib", "f"]`), the location of the name, and the arguments.
        case call(name: [String], Location, [Term])
        /// `$"a {x} b"`: literal text as `.string` terms, interpolated ones as written.
        case template([Term])
    }

    public init(location: Location, kind: Kind) {
        self.location = location
        self.kind = kind
    }
}

/// One `# METADATA` block.
public struct Annotations {
    public var location: Location
    /// The block's YAML text without the comment signs.
    public var yaml: String
    /// `rule`, `document`, `package` or `subpackages`, as written or by default.
    public var scope: String
    /// The dotted path of what it stands above.
    public var target: [String]

    public init(location: Location, yaml: String, scope: String, target: [String]) {
        self.location = location
        self.yaml = yaml
        self.scope = scope
        self.target = target
    }
}
