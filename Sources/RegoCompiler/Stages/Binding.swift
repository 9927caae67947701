// SPDX-License-Identifier: Apache-2.0

/// Tells which variables an expression needs and which it binds, given those that are bound.
///
/// The same rules drive the order of a body's expressions (safety) and code generation, so what is
/// scheduled can always be generated.
struct Binding {
    var depths: [Int]
    /// Closures around the expression; variables with a greater depth belong to closures in it.
    let depth: Int
    var bound: Set<Int>
    /// Variables that had to be bound and were not.
    var unmet: [Int] = []

    init(variables: VariableTable, depth: Int, bound: Set<Int>) {
        depths = variables.depths
        self.depth = depth
        self.bound = bound
    }

    // MARK: Terms

    /// Evaluates a term: everything in it must be bound, except variables that stand alone as
    /// operands of refs, which enumerate.
    mutating func read(_ term: Term) {
        switch term.kind {
        case .local(let id, _): if !bound.contains(id) { unmet.append(id) }
        case .ref(let head, let operands):
            read(head)
            for operand in operands { readOperand(operand) }
        case .array(let elements), .set(let elements): readAll(elements)
        // Nothing enumerates in a template.
        case .template: readClosures(in: term)
        case .object(let entries): readAll(entries.flatMap { [$0.key, $0.value] })
        case .call(_, _, let arguments): readAll(arguments)
        case .arrayComprehension, .setComprehension, .objectComprehension: readClosures(in: term)
        case .null, .boolean, .number, .string, .variable: break
        }
    }

    /// Plain variables last: a ref beside them may bind them.
    private mutating func readAll(_ terms: [Term]) {
        for term in terms where !term.kind.isLocal { read(term) }
        for term in terms where term.kind.isLocal { read(term) }
    }

    private mutating func readOperand(_ operand: Term) {
        isReadable(operand) ? read(operand) : bind(operand)
    }

    func isReadable(_ term: Term) -> Bool {
        var trial = self
        trial.unmet = []
        trial.read(term)
        return trial.unmet.isEmpty
    }

    /// Matches a pattern with a value: its unbound variables become bound.
    mutating func bind(_ pattern: Term) {
        switch pattern.kind {
        case .local(let id, _): bound.insert(id)
        case .array(let elements): for element in elements { bind(element) }
        case .object(let entries):
            for entry in entries {
                read(entry.key)
                bind(entry.value)
            }
        default: read(pattern)
        }
    }

    /// True for a pattern in which something is still unbound.
    func isOpen(_ term: Term) -> Bool {
        switch term.kind {
        case .local(let id, _): !bound.contains(id)
        case .array(let elements): elements.contains { isOpen($0) }
        case .object(let entries): entries.contains { isOpen($0.value) }
        default: false
        }
    }

    // MARK: Unification

    enum Step {
        case done
        case blocked
        case pairs([(Term, Term)])
    }

    mutating func unify(_ left: Term, _ right: Term) {
        var pending = [(left, right)]
        while !pending.isEmpty {
            var blocked: [(Term, Term)] = []
            var progressed = false
            for (left, right) in pending {
                switch step(left, right) {
                case .done: progressed = true
                case .blocked: blocked.append((left, right))
                case .pairs(let pairs):
                    progressed = true
                    blocked += pairs
                }
            }
            pending = blocked
            if !progressed { break }
        }
        for (left, right) in pending {
            unmetVariables(left)
            unmetVariables(right)
        }
    }

    private mutating func unmetVariables(_ term: Term) {
        var trial = self
        trial.unmet = []
        trial.read(term)
        unmet += trial.unmet
    }

    private mutating func step(_ left: Term, _ right: Term) -> Step {
        let kind = unification(left, right)
        switch kind {
        // Neither makes anything known.
        case .same, .mismatch, .blocked: return .blocked
        case .pairs(let pairs): return .pairs(pairs)
        case .match(let pattern, let value):
            read(value)
            bind(pattern)
        case .compare:
            read(left)
            read(right)
        }
        return .done
    }

    enum Unification {
        /// The same unbound variable on both sides.
        case same
        /// Can never be equal.
        case mismatch
        case blocked
        case pairs([(Term, Term)])
        case match(pattern: Term, value: Term)
        case compare
    }

    /// What has to be done to make two terms equal now.
    func unification(_ left: Term, _ right: Term) -> Unification {
        if case .local(let a, _) = left.kind, case .local(let b, _) = right.kind, a == b,
            !bound.contains(a)
        {
            return .same
        }
        let leftIsOpen = isOpen(left)
        let rightIsOpen = isOpen(right)
        if leftIsOpen || rightIsOpen {
            if let pairs = pairs(left, right) { return pairs.isEmpty ? .mismatch : .pairs(pairs) }
        }
        if leftIsOpen {
            if rightIsOpen || !isReadable(right) { return .blocked }
            return isPattern(left) ? .match(pattern: left, value: right) : .blocked
        }
        if rightIsOpen {
            guard isReadable(left), isPattern(right) else { return .blocked }
            return .match(pattern: right, value: left)
        }
        var trial = self
        trial.unmet = []
        trial.read(left)
        trial.read(right)
        return trial.unmet.isEmpty ? .compare : .blocked
    }

    /// True when everything in a pattern but its unbound variables can be evaluated.
    private func isPattern(_ pattern: Term) -> Bool {
        var trial = self
        trial.unmet = []
        trial.bind(pattern)
        return trial.unmet.isEmpty
    }

    /// Elements to unify one by one, when both sides are written as arrays or objects; empty when
    /// their shapes differ.
    private func pairs(_ left: Term, _ right: Term) -> [(Term, Term)]? {
        switch (left.kind, right.kind) {
        case (.array(let a), .array(let b)):
            return a.count == b.count ? Array(zip(a, b)) : []
        case (.object(let a), .object(let b)):
            guard let left = constantKeys(a), let right = constantKeys(b) else { return nil }
            guard Set(left.keys) == Set(right.keys) else { return [] }
            return left.keys.sorted().map { (left[$0]!, right[$0]!) }
        default: return nil
        }
    }

    private func constantKeys(_ entries: [(key: Term, value: Term)]) -> [String: Term]? {
        var result: [String: Term] = [:]
        for entry in entries {
            guard case .string(let key) = entry.key.kind else { return nil }
            result[key] = entry.value
        }
        return result
    }

    // MARK: Expressions

    mutating func expression(_ expression: Expression) {
        for modifier in expression.modifiers { read(modifier.value) }
        if expression.isNegated { return requireFree(expression) }
        if expression.isTakenOut, case .term(let term) = expression.kind,
            case .call(_, _, let sides) = term.kind
        {
            readClosures(in: sides[1])
            return bind(sides[0])
        }
        switch expression.kind {
        case .term(let term): statement(term)
        case .someVariables: break
        case .someIn(let key, let value, let domain):
            read(domain)
            if let key { bind(key) }
            bind(value)
        case .every(_, _, let domain, _):
            read(domain)
            requireFree(expression)
        case .block, .and, .or:
            requireFree(expression)
        }
    }

    private mutating func requireFree(_ expression: Expression) {
        for id in FreeVariables.of(expression, in: self).sorted()
        where !bound.contains(id) && !unmet.contains(id) { unmet.append(id) }
    }

    /// A term as an expression of its own: only here `=` unifies and a call may take its result as
    /// a last operand.
    private mutating func statement(_ term: Term) {
        guard case .call(let name, _, let arguments) = term.kind else { return read(term) }
        if name.count == 1, name[0] == "eq" || name[0] == "assign", arguments.count == 2 {
            unify(arguments[0], arguments[1])
        } else if let arity = arity(name), arguments.count == arity + 1 {
            readAll(Array(arguments.dropLast()))
            let output = arguments[arity]
            isOpen(output) ? bind(output) : read(output)
        } else {
            read(term)
        }
    }

    /// Operands of a function without its result; nil when it is not known.
    var arity: ([String]) -> Int? = { BuiltinNames.arity($0) }

    private mutating func readClosures(in term: Term) {
        for id in FreeVariables.of(term, in: self).sorted() where !bound.contains(id) {
            unmet.append(id)
        }
    }
}

/// Variables of an expression that belong to the bodies around its closures.
struct FreeVariables {
    private let depths: [Int]
    private let depth: Int
    private var found: Set<Int> = []

    static func of(_ expression: Expression, in binding: Binding) -> Set<Int> {
        var search = FreeVariables(depths: binding.depths, depth: binding.depth)
        search.visit(expression)
        return search.found
    }

    static func of(_ term: Term, in binding: Binding) -> Set<Int> {
        var search = FreeVariables(depths: binding.depths, depth: binding.depth)
        search.visit(term)
        return search.found
    }

    private init(depths: [Int], depth: Int) {
        self.depths = depths
        self.depth = depth
    }

    private mutating func visit(_ body: Body) { for expression in body { visit(expression) } }

    private mutating func visit(_ expression: Expression) {
        for modifier in expression.modifiers { visit(modifier.value) }
        switch expression.kind {
        case .term(let term): visit(term)
        case .someVariables: break
        case .someIn(let key, let value, let domain):
            if let key { visit(key) }
            visit(value)
            visit(domain)
        case .every(let key, let value, let domain, let body):
            if let key { visit(key) }
            visit(value)
            visit(domain)
            visit(body)
        case .block(let body): visit(body)
        case .and(let left, let right), .or(let left, let right):
            visit(left)
            visit(right)
        }
    }

    private mutating func visit(_ term: Term) {
        switch term.kind {
        case .local(let id, _): if depths[id] <= depth { found.insert(id) }
        case .ref(let head, let operands):
            visit(head)
            for operand in operands { visit(operand) }
        case .array(let elements), .set(let elements), .template(let elements):
            for element in elements { visit(element) }
        case .object(let entries):
            for entry in entries {
                visit(entry.key)
                visit(entry.value)
            }
        case .call(_, _, let arguments): for argument in arguments { visit(argument) }
        case .arrayComprehension(let head, let body), .setComprehension(let head, let body):
            visit(head)
            visit(body)
        case .objectComprehension(let key, let value, let body):
            visit(key)
            visit(value)
            visit(body)
        case .null, .boolean, .number, .string, .variable: break
        }
    }
}

extension Term.Kind {
    var isLocal: Bool { if case .local = self { true } else { false } }
}
