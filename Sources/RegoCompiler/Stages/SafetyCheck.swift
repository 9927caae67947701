// SPDX-License-Identifier: Apache-2.0

/// Orders the expressions of every body so that each finds its variables bound, and refuses clauses
/// where that cannot be (OPA's stages CheckSafetyRuleHeads and CheckSafetyRuleBodies).
struct SafetyCheck {
    private let builder: ProgramBuilder
    private var variables: VariableTable
    /// What is said behind a message when the line does not tell which rule is meant.
    private let suffix: String
    private let hasClosures: Bool
    /// The expression or head term that is being looked at.
    private var place = Location.none
    private var diagnostics: [Diagnostic] = []

    @Sendable
    static func check(_ compilation: Compilation) -> [Diagnostic] {
        let lines = SharedLines(compilation.modules)
        var heads: [Diagnostic] = []
        compilation.forEachClause { clause in
            guard !clause.variables.names.isEmpty else { return }
            var check = SafetyCheck(clause, compilation.builder, lines)
            check.headIsMentioned(clause)
            heads += check.diagnostics
        }
        guard heads.isEmpty else { return heads }
        var diagnostics: [Diagnostic] = []
        compilation.forEachClause { clause in
            // Without variables every order will do.
            guard !clause.variables.names.isEmpty else { return }
            var check = SafetyCheck(clause, compilation.builder, lines)
            check.order(clause)
            diagnostics += check.diagnostics
        }
        return diagnostics
    }

    private init(_ clause: ResolvedClause, _ builder: ProgramBuilder, _ lines: SharedLines) {
        self.builder = builder
        variables = clause.variables
        suffix = lines.suffix(for: clause.location)
        hasClosures = clause.features.contains(.closures)
    }

    // MARK: Heads

    /// A variable of the head must occur in the body or the arguments.
    private mutating func headIsMentioned(_ clause: ResolvedClause) {
        let heads = clause.heads.filter { !$0.kind.isGround }
        guard !heads.isEmpty else { return }
        let none = Binding(variables: variables, depth: 0, bound: [])
        let wanted = heads.map { FreeVariables.of($0, in: none) }
        guard wanted.contains(where: { !$0.isEmpty }) else { return }
        var mentioned: Set<Int> = []
        for argument in clause.arguments {
            mentioned.formUnion(FreeVariables.of(argument, in: none))
        }
        for expression in clause.body {
            mentioned.formUnion(FreeVariables.of(expression, in: none))
        }
        // What has to be evaluated belongs to the body.
        for head in heads where head.needsEvaluation {
            mentioned.formUnion(FreeVariables.of(head, in: none))
        }
        for head in heads {
            var binding = Binding(variables: variables, depth: 0, bound: mentioned)
            binding.read(head)
            for id in binding.unmet where !mentioned.contains(id) {
                unsafe(
                    id, VariablePlace.find(id, in: head) ?? head.location,
                    VariablePlace.isInterpolated(id) { $0.walk(head) })
                mentioned.insert(id)
            }
        }
    }

    // MARK: Bodies

    private mutating func order(_ clause: ResolvedClause) {
        var binding = Binding(variables: variables, depth: 0, bound: [])
        binding.arity = { [builder] in builder.arity($0) }
        for argument in clause.arguments { binding.bind(argument) }
        binding.unmet = []
        for argument in clause.arguments { closures(in: argument, binding) }
        var heads = clause.heads
        guard let body = ordered(clause.body, &binding, heads: &heads) else { return }
        clause.body = body
        clause.replace(heads: heads)
        clause.variables = variables
        for head in heads {
            var reading = binding
            reading.read(head)
            for id in reading.unmet {
                unsafe(
                    id, VariablePlace.find(id, in: head) ?? head.location,
                    VariablePlace.isInterpolated(id) { $0.walk(head) })
            }
            reading.unmet = []
            place = head.location
            closures(in: head, reading)
        }
        clause.variables = variables
    }

    /// The body in an order in which it can be evaluated, closures inside it too; nil when there is
    /// none.
    ///
    /// - Parameter heads: what is evaluated for each of the body's solutions. For OPA that is part
    ///   of the body, so that a ref in it may bind variables for what stands there.
    private mutating func ordered(
        _ body: Body, _ binding: inout Binding, heads: inout [Term]
    ) -> Body? {
        guard let result = scheduled(body, &binding, heads: &heads) else { return nil }
        for expression in result { closures(in: expression, binding) }
        return result
    }

    private mutating func scheduled(
        _ body: Body, _ binding: inout Binding, heads: inout [Term]
    ) -> Body? {
        var alone = Schedule(binding, variables)
        let written = alone.orderOrNothing(body)
        if let written, heads.allSatisfy(alone.binding.isKnown) {
            (binding, variables) = (alone.binding, alone.variables)
            return written
        }
        var schedule = Schedule(binding, variables)
        let (values, added) = schedule.evaluations(of: heads)
        let whole = body + added
        let result: Body
        do throws(Schedule.Unsafe) {
            result = try schedule.order(whole)
        } catch {
            binding.depths = schedule.variables.depths
            report(error, whole, heads, binding)
            return nil
        }
        // What comes last can stay where it was written.
        let isLast = zip(result.suffix(added.count), added).allSatisfy { $0 === $1 }
        if let written, isLast, heads.allSatisfy(alone.binding.isReadable) {
            (binding, variables) = (alone.binding, alone.variables)
            return written
        }
        (binding, variables) = (schedule.binding, schedule.variables)
        heads = values
        return result
    }

    private mutating func report(
        _ error: Schedule.Unsafe, _ body: Body, _ heads: [Term], _ binding: Binding
    ) {
        var mentioned = binding.bound
        for expression in body { mentioned.formUnion(FreeVariables.of(expression, in: binding)) }
        for head in heads {
            for id in FreeVariables.of(head, in: binding).subtracting(mentioned).sorted() {
                unsafe(id, place)
            }
        }
        for (id, index) in error.variables {
            unsafe(
                id, VariablePlace.find(id, in: body[index]),
                VariablePlace.isInterpolated(id) { $0.walk(body[index]) })
        }
    }

    private mutating func unsafe(_ id: Int, _ place: Location, _ isInterpolated: Bool = false) {
        let name = variables.names[id]
        guard !isInterpolated else {
            diagnostics.append(Diagnostic(.compile, "var \(name) is undeclared", at: place))
            return
        }
        let isKeyword = FutureKeywords(name: name) != nil
        diagnostics.append(
            Diagnostic(
                .unsafeVariable, "var \(name.hasPrefix("$") ? "_" : name) is unsafe\(suffix)",
                at: place,
                hint: isKeyword
                    ? "`import future.keywords.\(name)` to import a future keyword" : nil))
    }

    // MARK: Closures

    private mutating func inner(_ body: Body, _ binding: Binding) -> Body {
        var heads: [Term] = []
        return inner(body, binding, heads: &heads)
    }

    private mutating func inner(
        _ body: Body, _ outer: Binding, heads: inout [Term], binds patterns: [Term] = []
    ) -> Body {
        var binding = Binding(variables: variables, depth: outer.depth + 1, bound: outer.bound)
        binding.arity = outer.arity
        for pattern in patterns { binding.bind(pattern) }
        let place = place
        defer { self.place = place }
        guard let result = ordered(body, &binding, heads: &heads) else { return body }
        for head in heads {
            var reading = binding
            reading.unmet = []
            reading.read(head)
            // OPA evaluates anything but plain variables as an expression of its own.
            let isPlain = head.kind.isLocal
            for id in reading.unmet { unsafe(id, isPlain ? place : head.location) }
            reading.unmet = []
            closures(in: head, reading)
        }
        return result
    }

    private mutating func closures(in expression: Expression, _ binding: Binding) {
        guard hasClosures else { return }
        place = expression.location
        for modifier in expression.modifiers { closures(in: modifier.value, binding) }
        switch expression.kind {
        case .term(let term): closures(in: term, binding)
        case .someVariables: break
        case .someIn(let key, let value, let domain):
            for term in [key, value, domain].compactMap({ $0 }) { closures(in: term, binding) }
        case .every(let key, let value, let domain, let body):
            closures(in: domain, binding)
            let patterns = [key, value].compactMap { $0 }
            var heads: [Term] = []
            let ordered = inner(body, binding, heads: &heads, binds: patterns)
            expression.kind = .every(key: key, value: value, domain: domain, body: ordered)
        case .block(let body): expression.kind = .block(inner(body, binding))
        case .and(let left, let right):
            expression.kind = .and(inner(left, binding), inner(right, binding))
        case .or(let left, let right):
            expression.kind = .or(inner(left, binding), inner(right, binding))
        }
    }

    private mutating func closures(in term: Term, _ binding: Binding) {
        guard hasClosures else { return }
        switch term.kind {
        case .null, .boolean, .number, .string, .variable, .local: break
        case .ref(let head, let operands):
            closures(in: head, binding)
            for operand in operands { closures(in: operand, binding) }
        case .array(let elements), .set(let elements), .template(let elements),
            .call(_, _, let elements):
            for element in elements { closures(in: element, binding) }
        case .object(let entries):
            for entry in entries {
                closures(in: entry.key, binding)
                closures(in: entry.value, binding)
            }
        case .arrayComprehension(let head, let body):
            var heads = [head]
            let inside = inner(body, binding, heads: &heads)
            term.kind = .arrayComprehension(heads[0], inside)
        case .setComprehension(let head, let body):
            var heads = [head]
            let inside = inner(body, binding, heads: &heads)
            term.kind = .setComprehension(heads[0], inside)
        case .objectComprehension(let key, let value, let body):
            var heads = [key, value]
            let inside = inner(body, binding, heads: &heads)
            term.kind = .objectComprehension(key: heads[0], value: heads[1], inside)
        }
    }
}

/// Where a message about a variable points.
enum VariablePlace {
    /// The innermost call inside the expression that takes the variable, because OPA evaluates it
    /// as an expression of its own; else the expression.
    static func find(_ id: Int, in expression: Expression) -> Location {
        guard case .term(let term) = expression.kind else { return expression.location }
        if case .call(_, _, let arguments) = term.kind {
            for argument in arguments {
                if let place = call(id, argument, around: expression.location) { return place }
            }
            return expression.location
        }
        return call(id, term, around: expression.location) ?? expression.location
    }

    private static func call(_ id: Int, _ term: Term, around place: Location) -> Location? {
        switch term.kind {
        case .local(id, _): place
        case .call(_, _, let arguments): first(arguments) { call(id, $0, around: term.location) }
        case .ref(let head, let operands): first([head] + operands) { call(id, $0, around: place) }
        case .array(let elements), .set(let elements), .template(let elements):
            first(elements) { call(id, $0, around: place) }
        case .object(let entries):
            first(entries.flatMap { [$0.key, $0.value] }) { call(id, $0, around: place) }
        default: nil
        }
    }

    /// The first place where a head's term names the variable.
    static func find(_ id: Int, in term: Term) -> Location? {
        switch term.kind {
        case .local(id, _): term.location
        case .ref(let head, let operands): first([head] + operands) { find(id, in: $0) }
        case .array(let elements), .set(let elements), .template(let elements),
            .call(_, _, let elements):
            first(elements) { find(id, in: $0) }
        case .object(let entries):
            first(entries.flatMap { [$0.key, $0.value] }) { find(id, in: $0) }
        default: nil
        }
    }

    /// True when a template has the variable within something it interpolates.
    static func isInterpolated(_ id: Int, _ walk: (ExpressionWalk) -> Void) -> Bool {
        var isInterpolated = false
        walk(
            ExpressionWalk(onTerm: { term in
                guard case .template(let parts) = term.kind else { return }
                for part in parts where !part.kind.isLocal {
                    isInterpolated = isInterpolated || find(id, in: part) != nil
                }
            }))
        return isInterpolated
    }

    private static func first(_ terms: [Term], _ find: (Term) -> Location?) -> Location? {
        for term in terms {
            if let place = find(term) { return place }
        }
        return nil
    }
}

/// Lines on which rules of more than one name begin: there a message must name the rule.
struct SharedLines {
    private struct Line: Hashable {
        let file: Int32
        let row: Int32
    }

    private var shared: [Line: Set<String>] = [:]
    private var names: [Location: String] = [:]

    init(_ modules: [Module]) {
        for module in modules {
            var previous: Rule?
            for rule in module.rules {
                if let previous, previous.location.row == rule.location.row {
                    add([previous, rule])
                }
                previous = rule
            }
        }
    }

    private mutating func add(_ rules: [Rule]) {
        for rule in rules {
            let name = RegoPrinter.ref(rule.head.ref[0], rule.head.ref[1...])
            shared[Line(file: rule.location.file, row: rule.location.row), default: []].insert(name)
            var branch: Rule? = rule
            while let current = branch {
                names[current.location] = name
                branch = current.elseRule
            }
        }
    }

    func suffix(for rule: Location) -> String {
        guard let name = names[rule], let line = shared[Line(file: rule.file, row: rule.row)],
            line.count > 1
        else { return "" }
        return " in rule \(name)"
    }
}
