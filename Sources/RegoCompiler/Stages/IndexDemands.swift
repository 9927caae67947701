// SPDX-License-Identifier: Apache-2.0

import RegoVM

/// What can be looked at before a clause is tried: a static path.
struct IndexSubject: Hashable {
    enum Root: Hashable {
        case input, data
        case argument(Int)
    }
    var root: Root
    var path: [Value]

    func appending(_ step: Value) -> IndexSubject { IndexSubject(root: root, path: path + [step]) }
}

struct IndexTest: Hashable {
    var subject: IndexSubject
    var test: RuleIndex.Test
}

/// What must hold before a clause's body can: for each test one of some keys.
struct IndexDemands {
    var keys: [IndexTest: [Value]] = [:]
    /// Why `keys` is empty.
    var reason = Reason.noTest

    enum Reason: String, Sendable {
        case noTest =
            "no test compares an input, data or argument path with a constant"
        case hasElse = "has `else`, which may hold where the first body does not"
        case negated = "its tests stand only under `not`"
        case modified = "its tests stand only under `with`"
        case replaced = "its tests call builtins that some `with` replaces"
    }

    mutating func add(_ subject: IndexSubject, _ test: RuleIndex.Test, _ values: [Value]) {
        let key = IndexTest(subject: subject, test: test)
        // Of two demands on one subject the narrower one is kept.
        if let present = keys[key], present.count <= values.count { return }
        keys[key] = values
    }
}

/// Finds the demands of one clause: tests that stand alone in its body and compare a path with
/// constants. What it finds is necessary for the clause to hold, not sufficient.
struct DemandFinder {
    let clause: ResolvedClause
    let builder: ProgramBuilder
    /// What a variable of the body must equal, where that is a path or constant.
    private var aliases: [Int: Term] = [:]
    /// Collections that a variable enumerates.
    private var domains: [Int: Term] = [:]

    /// Steps from variable to variable that are followed.
    private static let aliasDepth = 8
    /// Elements of a constant array that are looked at one by one.
    private static let comparedElements = 8

    init(clause: ResolvedClause, builder: ProgramBuilder) {
        self.clause = clause
        self.builder = builder
    }

    static func demands(of clause: ResolvedClause, _ builder: ProgramBuilder) -> IndexDemands {
        var finder = DemandFinder(clause: clause, builder: builder)
        return finder.demands()
    }

    private mutating func demands() -> IndexDemands {
        var result = IndexDemands()
        for (position, argument) in clause.arguments.enumerated() {
            equate(IndexSubject(root: .argument(position), path: []), argument, &result)
        }
        guard clause.elseClauses.isEmpty else {
            result.reason = .hasElse
            return result
        }
        for expression in clause.body where isPlain(expression) { note(expression) }
        for expression in clause.body {
            if isPlain(expression) {
                add(expression, &result)
            } else {
                result.reason = expression.isNegated ? .negated : .modified
            }
        }
        if clause.body.contains(where: isPlain), result.reason != .replaced {
            result.reason = .noTest
        }
        return result
    }

    private func isPlain(_ expression: Expression) -> Bool {
        !expression.isNegated && expression.modifiers.isEmpty
    }

    // MARK: Variables

    /// Remembers what `x := path`, `x = constant` and `some x in path` say of x.
    private mutating func note(_ expression: Expression) {
        switch expression.kind {
        case .term(let term):
            guard case .call(let name, _, let sides) = term.kind, sides.count == 2,
                name == ["assign"] || name == ["eq"]
            else { return }
            for (side, other) in [(sides[0], sides[1]), (sides[1], sides[0])] {
                if case .local(let id, _) = side.kind, aliases[id] == nil, parameter(id) == nil {
                    aliases[id] = other
                }
            }
        case .someIn(nil, let value, let domain):
            if case .local(let id, _) = value.kind, domains[id] == nil { domains[id] = domain }
        default: break
        }
    }

    private func parameter(_ id: Int) -> Int? {
        clause.arguments.firstIndex { if case .local(id, _) = $0.kind { true } else { false } }
    }

    private func constant(_ term: Term, _ depth: Int = 0) -> Value? {
        if case .local(let id, _) = term.kind, depth < Self.aliasDepth, let other = aliases[id] {
            return constant(other, depth + 1)
        }
        return builder.constantValue(term)
    }

    /// A static path under `input`, base `data` or an argument.
    private func subject(_ term: Term, _ depth: Int = 0) -> IndexSubject? {
        switch term.kind {
        case .local(let id, _):
            if let position = parameter(id) {
                return IndexSubject(root: .argument(position), path: [])
            }
            guard depth < Self.aliasDepth, let other = aliases[id] else { return nil }
            return subject(other, depth + 1)
        case .ref(let head, let operands):
            guard let steps = constants(operands[...]) else { return nil }
            if case .variable(let name) = head.kind {
                if name == "input" { return IndexSubject(root: .input, path: steps) }
                guard name == "data", isBase(operands) else { return nil }
                return IndexSubject(root: .data, path: steps)
            }
            guard var base = subject(head, depth + 1) else { return nil }
            base.path += steps
            return base
        default: return nil
        }
    }

    /// The collection that a term takes its value from: `path[_]`, or x after `some x in path`.
    private func domain(_ term: Term, _ depth: Int = 0) -> IndexSubject? {
        switch term.kind {
        case .local(let id, _):
            if let collection = domains[id] { return subject(collection) }
            guard depth < Self.aliasDepth, let other = aliases[id] else { return nil }
            return domain(other, depth + 1)
        case .ref(let head, let operands):
            guard let last = operands.last, case .local(let id, _) = last.kind,
                constant(last) == nil,
                parameter(id) == nil
            else { return nil }
            return subject(
                Term(location: term.location, kind: .ref(head, Array(operands.dropLast()))))
        default: return nil
        }
    }

    private func constants(_ operands: ArraySlice<Term>) -> [Value]? {
        var steps: [Value] = []
        for operand in operands {
            switch operand.kind {
            case .string, .number, .boolean, .null: break
            default: return nil
            }
            guard let step = builder.constantValue(operand) else { return nil }
            steps.append(step)
        }
        return steps
    }

    private func isBase(_ operands: [Term]) -> Bool {
        var node = builder.tree.root
        for operand in operands {
            guard case .string(let name) = operand.kind else { return false }
            guard let child = node.children[name] else { return true }
            if child.group != nil { return false }
            node = child
        }
        return false
    }

    // MARK: Tests

    private func add(_ expression: Expression, _ result: inout IndexDemands) {
        switch expression.kind {
        case .term(let term):
            guard case .call(let name, _, let arguments) = term.kind else {
                truth(term, &result)
                return
            }
            call(name.dotted, arguments, &result)
        case .someIn(nil, let value, let domain):
            if let collection = subject(domain), let value = constant(value) {
                result.add(collection, .membership, [value])
            }
        default: break
        }
    }

    private func call(_ name: String, _ arguments: [Term], _ result: inout IndexDemands) {
        switch (name, arguments.count) {
        case ("eq", 2), ("equal", 2), ("assign", 2):
            equal(arguments[0], arguments[1], &result)
            equal(arguments[1], arguments[0], &result)
        case ("internal.member_2", 2):
            if let item = subject(arguments[0]), let values = collection(arguments[1]) {
                result.add(item, .equality, values)
            } else if let item = constant(arguments[0]), let collection = subject(arguments[1]) {
                result.add(collection, .membership, [item])
            }
        case ("startswith", 2): affix(name, .prefix, arguments[0], arguments[1], &result)
        case ("endswith", 2): affix(name, .suffix, arguments[0], arguments[1], &result)
        case ("strings.any_prefix_match", 2): affixes(name, .prefix, arguments, &result)
        case ("strings.any_suffix_match", 2): affixes(name, .suffix, arguments, &result)
        case ("glob.match", 3): glob(arguments, &result)
        default: break
        }
    }

    /// A path as a statement: it must be there and not false.
    private func truth(_ term: Term, _ result: inout IndexDemands) {
        if let path = subject(term) { result.add(path, .truth, [.true]) }
    }

    private func equal(_ left: Term, _ right: Term, _ result: inout IndexDemands) {
        if let path = subject(left) {
            equate(path, right, &result)
        } else if let collection = domain(left), let value = constant(right) {
            result.add(collection, .membership, [value])
        }
    }

    /// What equality with a term demands of a subject: arrays part by part.
    private func equate(_ subject: IndexSubject, _ term: Term, _ result: inout IndexDemands) {
        if let value = constant(term) {
            result.add(subject, .equality, [value])
            // Beside clauses that name only some elements, those are what tells clauses apart.
            guard value.kind == .array, value.count <= Self.comparedElements else { return }
            for (position, element) in value.elements.enumerated() {
                result.add(subject.appending(.integer(position)), .equality, [element])
            }
        } else if case .array(let elements) = term.kind {
            for (position, element) in elements.enumerated() {
                equate(subject.appending(.integer(position)), element, &result)
            }
        } else if case .object(let entries) = term.kind {
            for entry in entries {
                guard let key = constant(entry.key), !key.isCollection else { continue }
                equate(subject.appending(key), entry.value, &result)
            }
        }
    }

    private func collection(_ term: Term) -> [Value]? {
        guard let value = constant(term) else { return nil }
        switch value.kind {
        case .set, .array: return Array(value.elements)
        case .object: return Array(value.values)
        default: return nil
        }
    }

    // MARK: Beginnings and ends of strings

    private func affix(
        _ builtin: String, _ test: RuleIndex.Test, _ text: Term, _ affix: Term,
        _ result: inout IndexDemands
    ) {
        guard let path = subject(text) ?? domain(text), let affix = constant(affix), affix.isString,
            affix.count > 0
        else { return }
        guard !isReplaced(builtin, &result) else { return }
        result.add(path, test, [affix])
    }

    private func affixes(
        _ builtin: String, _ test: RuleIndex.Test, _ arguments: [Term], _ result: inout IndexDemands
    ) {
        guard let path = subject(arguments[0]) ?? domain(arguments[0]),
            let value = constant(arguments[1])
        else { return }
        let affixes = value.isString ? [value] : Array(value.elements)
        guard value.kind != .object, affixes.allSatisfy({ $0.isString && $0.count > 0 }),
            !affixes.isEmpty, !isReplaced(builtin, &result)
        else { return }
        result.add(path, test, affixes)
    }

    /// A glob's literal beginning and end; all of it where it has no wildcards.
    private func glob(_ arguments: [Term], _ result: inout IndexDemands) {
        guard let pattern = constant(arguments[0]), pattern.isString,
            let path = subject(arguments[2])
        else { return }
        let isSpecial = { (byte: UInt8) in "*?[]{},!\\\0".utf8.contains(byte) }
        let first = pattern.bytes.firstIndex(where: isSpecial) ?? pattern.count
        let last = pattern.bytes.lastIndex(where: isSpecial) ?? -1
        guard first > 0 || last < pattern.count - 1, !isReplaced("glob.match", &result) else {
            return
        }
        let bytes = pattern.bytes
        if first > 0 {
            let prefix = builder.interner.string(UnsafeBufferPointer(rebasing: bytes[..<first]))
            result.add(path, first == bytes.count ? .equality : .prefix, [prefix])
        }
        if first < bytes.count, last < bytes.count - 1 {
            let suffix = builder.interner.string(
                UnsafeBufferPointer(rebasing: bytes[(last + 1)...]))
            result.add(path, .suffix, [suffix])
        }
    }

    private func isReplaced(_ builtin: String, _ result: inout IndexDemands) -> Bool {
        let replaced =
            BuiltinTable.index(of: builtin).map { builder.replacedCallees.contains(.builtin($0)) }
            ?? true
        if replaced { result.reason = .replaced }
        return replaced
    }
}
