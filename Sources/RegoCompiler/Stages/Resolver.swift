// SPDX-License-Identifier: Apache-2.0

/// Resolves the names of one clause or query (OPA's stages ResolveRefs and RewriteLocalVars).
struct Resolver {
    let module: Module
    let tree: RuleTree
    /// Refuse variables that are assigned and never used.
    private let isStrict: Bool
    private let refusesDeprecated: Bool
    private var globals: [String: [String]] = [:]
    private var variables = VariableTable()
    private var blocks: [Block] = []
    private var features: ResolvedClause.Features = []
    /// Names of rules and imports that were used; kept in strict mode only.
    private(set) var usedGlobals: Set<String> = []
    var diagnostics: [Diagnostic] = []

    /// What declared a variable.
    private enum Origin {
        case argument, declaration, assignment
    }

    /// One body: a clause's, or a closure's inside it.
    private struct Block {
        var declared: [String: Int] = [:]
        /// What declared them, for messages.
        var origins: [String: Origin] = [:]
        var implicit: [String: Int] = [:]
        /// Names that occur in the body itself, not only in closures inside it.
        var direct: Set<String>
        /// Names used so far that were not declared.
        var used: Set<String> = []
        /// `some` variables not used yet.
        var unused: [String: Location] = [:]
        /// Assigned variables not used yet; kept in strict mode only.
        var unusedAssigned: [String: Location] = [:]
        var unusedArguments: Set<String> = []
    }

    init(module: Module, tree: RuleTree, isStrict: Bool = false, isQuery: Bool = false) {
        self.module = module
        self.tree = tree
        self.isStrict = isStrict
        refusesDeprecated = isStrict || (module.version == .v1 && !isQuery)
        for name in tree.names[module.package] ?? [] {
            globals[name] = ["data"] + module.package + [name]
        }
        for entry in module.imports where entry.path.first == "data" || entry.path.first == "input"
        {
            globals[entry.name] = entry.path
        }
    }

    // MARK: Clauses and queries

    mutating func clause(_ clause: Clause) -> ResolvedClause {
        let result = resolve(
            clause.rule, arguments: clause.rule.head.arguments ?? [], suffix: clause.suffix)
        var next = clause.rule.elseRule
        while let rule = next {
            result.elseClauses.append(
                resolve(
                    rule, arguments: clause.rule.head.arguments ?? [], suffix: [], isBranch: true))
            next = rule.elseRule
        }
        return result
    }

    mutating func query(_ body: Body) -> ResolvedClause {
        variables = VariableTable()
        features = []
        blocks = [Block(direct: DirectNames.of(body).subtracting(DirectNames.declared(in: body)))]
        let resolved = expressions(body)
        return ResolvedClause(
            location: body.first?.location
                ?? Location(file: 0, row: 1, column: 1, start: 0, end: 0),
            body: resolved, variables: variables, features: features)
    }

    private mutating func resolve(
        _ rule: Rule, arguments: [Term], suffix: [Term], isBranch: Bool = false
    ) -> ResolvedClause {
        variables = VariableTable()
        features = []
        var direct = DirectNames.of(rule.body)
        for term in arguments + suffix + [rule.head.key, rule.head.value].compactMap({ $0 }) {
            DirectNames.collect(term, into: &direct)
        }
        blocks = [Block(direct: direct.subtracting(DirectNames.declared(in: rule.body)))]
        for argument in arguments { declareAll(in: argument) }
        let resolvedArguments = arguments.map { term($0) }
        if isStrict { blocks[0].unusedArguments = Set(blocks[0].declared.keys) }
        let body = expressions(rule.body)
        let suffix = suffix.map { term($0) }
        let key = rule.head.key.map { term($0) }
        let value = rule.head.value.map { term($0) }
        reportUnused()
        // A branch may use what another one does not.
        if !rule.isDefault, !isBranch, rule.elseRule == nil {
            reportUnusedArguments(rule.head.location)
        }
        return ResolvedClause(
            location: rule.location, arguments: resolvedArguments, suffix: suffix, key: key,
            value: value,
            body: body, variables: variables, features: features)
    }

    private mutating func reportUnused() {
        for (name, location) in blocks[blocks.count - 1].unused.sorted(by: {
            $0.value.start < $1.value.start
        }) {
            diagnostics.append(Diagnostic(.compile, "declared var \(name) unused", at: location))
        }
        guard diagnostics.isEmpty else { return }
        for (name, location) in blocks[blocks.count - 1].unusedAssigned.sorted(by: {
            $0.key < $1.key
        }) {
            diagnostics.append(Diagnostic(.compile, "assigned var \(name) unused", at: location))
        }
    }

    private mutating func reportUnusedArguments(_ location: Location) {
        for name in blocks[0].unusedArguments.sorted() {
            diagnostics.append(
                Diagnostic(
                    .compile, "unused argument \(name). (hint: use _ (wildcard variable) instead)",
                    at: location))
        }
    }

    /// Variables that an assignment declares must be used after it (OPA's strict mode).
    private mutating func noteAssigned(in pattern: Term, _ location: Location) {
        switch pattern.kind {
        case .variable(let name):
            if !name.hasPrefix("$") { blocks[blocks.count - 1].unusedAssigned[name] = location }
        case .array(let elements): for element in elements { noteAssigned(in: element, location) }
        case .object(let entries): for entry in entries { noteAssigned(in: entry.value, location) }
        default: break
        }
    }

    // MARK: Names

    private mutating func newVariable(_ name: String, depth: Int) -> Int {
        variables.names.append(name)
        variables.depths.append(depth)
        return variables.names.count - 1
    }

    private mutating func declare(_ name: String, _ origin: Origin) -> Int {
        let id = newVariable(name, depth: blocks.count - 1)
        blocks[blocks.count - 1].declared[name] = id
        blocks[blocks.count - 1].origins[name] = origin
        return id
    }

    /// Says why a name cannot be declared in the current block, if it cannot.
    private mutating func checkNew(_ name: String, at location: Location) {
        let message: String
        switch blocks[blocks.count - 1].origins[name] {
        case .argument: message = "arg \(name) redeclared"
        case .declaration: message = "var \(name) declared above"
        case .assignment: message = "var \(name) assigned above"
        case nil:
            guard blocks[blocks.count - 1].used.contains(name) else { return }
            message = "var \(name) referenced above"
        }
        diagnostics.append(Diagnostic(.compile, message, at: location))
    }

    /// Declares each variable of a pattern in the current block.
    private mutating func declareAll(in pattern: Term) {
        switch pattern.kind {
        case .variable(let name) where !isRoot(name) && !name.hasPrefix("$"):
            if blocks[blocks.count - 1].declared[name] == nil { _ = declare(name, .argument) }
        case .array(let elements): for element in elements { declareAll(in: element) }
        case .object(let entries): for entry in entries { declareAll(in: entry.value) }
        default: break
        }
    }

    private func isRoot(_ name: String) -> Bool { name == "input" || name == "data" }

    private mutating func variable(_ name: String, _ term: Term) -> Term {
        let location = term.location
        for depth in stride(from: blocks.count - 1, through: 0, by: -1) {
            if let id = blocks[depth].declared[name] {
                blocks[depth].unused[name] = nil
                if isStrict {
                    blocks[depth].unusedAssigned[name] = nil
                    blocks[depth].unusedArguments.remove(name)
                }
                return Term(location: location, kind: .local(id, name))
            }
        }
        blocks[blocks.count - 1].used.insert(name)
        if name == "data" { features.insert(.references) }
        if isRoot(name) { return term }
        if let path = globals[name] {
            if isStrict { usedGlobals.insert(name) }
            return reference(path, [], location)
        }
        let depth = blocks.firstIndex { $0.direct.contains(name) } ?? blocks.count - 1
        if let id = blocks[depth].implicit[name] {
            return Term(location: location, kind: .local(id, name))
        }
        let id = newVariable(name, depth: depth)
        blocks[depth].implicit[name] = id
        return Term(location: location, kind: .local(id, name))
    }

    private mutating func reference(_ path: [String], _ operands: [Term], _ location: Location)
        -> Term
    {
        if path[0] == "data" { features.insert(.references) }
        let root = Term(location: location, kind: .variable(path[0]))
        let steps = path.dropFirst().map { Term(location: location, kind: .string($0)) } + operands
        return steps.isEmpty ? root : Term(location: location, kind: .ref(root, steps))
    }

    private func isDeclared(_ name: String) -> Bool { blocks.contains { $0.declared[name] != nil } }

    /// The full name of a function: `data.*` when a rule or import says so.
    private mutating func functionName(_ name: [String]) -> [String] {
        if name[0] == "print" { features.insert(.print) }
        if name[0] == "rego" { features.insert(.metadata) }
        if refusesDeprecated, BuiltinNames.deprecated.contains(name.dotted) {
            features.insert(.deprecated)
        }
        if name[0] == "data" { features.insert(.references) }
        guard let path = globals[name[0]], !isDeclared(name[0]) else { return name }
        features.insert(.references)
        if isStrict { usedGlobals.insert(name[0]) }
        return path + name.dropFirst()
    }

    // MARK: Terms

    mutating func term(_ term: Term) -> Term {
        func make(_ kind: Term.Kind) -> Term { Term(location: term.location, kind: kind) }
        switch term.kind {
        case .null, .boolean, .number, .string, .local:
            return term
        case .variable(let name):
            return variable(name, term)
        case .ref(let head, let operands):
            let root = self.term(head)
            let changed = changed(operands)
            if changed == nil, root === head { return term }
            return ref(root, changed ?? operands, term.location)
        case .array(let elements): return changed(elements).map { make(.array($0)) } ?? term
        case .set(let elements): return changed(elements).map { make(.set($0)) } ?? term
        case .object(let entries):
            return make(.object(entries.map { (self.term($0.key), self.term($0.value)) }))
        case .call(let name, let location, let arguments):
            let full = functionName(name)
            if BuiltinNames.arity(full) != arguments.count { features.insert(.calls) }
            let changed = changed(arguments)
            // The stage `metadata` writes into its calls, which must not be those of the module.
            if changed == nil, full == name, name[0] != "rego" { return term }
            return make(.call(name: full, location, changed ?? arguments))
        case .template(let parts):
            refuseWildcards(in: parts)
            return changed(parts).map { make(.template($0)) } ?? term
        case .arrayComprehension(let head, let body):
            let (body, heads) = closure(body, heads: [head])
            return make(.arrayComprehension(heads[0], body))
        case .setComprehension(let head, let body):
            let (body, heads) = closure(body, heads: [head])
            return make(.setComprehension(heads[0], body))
        case .objectComprehension(let key, let value, let body):
            let (body, heads) = closure(body, heads: [key, value])
            return make(.objectComprehension(key: heads[0], value: heads[1], body))
        }
    }

    /// What a template interpolates has one value.
    private mutating func refuseWildcards(in parts: [Term]) {
        for part in parts {
            if case .variable = part.kind { continue }
            var names: Set<String> = []
            DirectNames.collect(part, into: &names)
            guard names.contains(where: { $0.hasPrefix("$") }) else { continue }
            diagnostics.append(Diagnostic(.compile, "var _ is undeclared", at: part.location))
        }
    }

    /// The terms resolved; nil when they are so already. A policy's constants and paths under
    /// `input` are most of it, and are not copied.
    private mutating func changed(_ terms: [Term]) -> [Term]? {
        var result: [Term]?
        for (index, old) in terms.enumerated() {
            let new = term(old)
            if result == nil && new !== old { result = Array(terms[..<index]) }
            result?.append(new)
        }
        return result
    }

    /// Joins a resolved head with operands: a global head is itself a ref.
    private func ref(_ head: Term, _ operands: [Term], _ location: Location) -> Term {
        if case .ref(let root, let steps) = head.kind, case .variable = root.kind {
            return Term(location: location, kind: .ref(root, steps + operands))
        }
        return Term(location: location, kind: .ref(head, operands))
    }

    private mutating func closure(_ body: Body, heads: [Term]) -> (Body, [Term]) {
        features.insert(.closures)
        var direct = DirectNames.of(body)
        for head in heads { DirectNames.collect(head, into: &direct) }
        blocks.append(Block(direct: direct.subtracting(DirectNames.declared(in: body))))
        let resolved = expressions(body)
        let resolvedHeads = heads.map { term($0) }
        reportUnused()
        blocks.removeLast()
        return (resolved, resolvedHeads)
    }

    // MARK: Expressions

    private mutating func expressions(_ body: Body) -> Body {
        var result: Body = []
        for expression in body {
            guard let resolved = self.expression(expression) else { continue }
            if resolved.isNegated {
                let before = NegatedTerms.takeOut(
                    of: resolved, firstVariable: variables.names.count)
                for _ in before {
                    _ = newVariable(NegatedTerms.variableName, depth: blocks.count - 1)
                }
                result += before
            }
            result.append(resolved)
        }
        return result
    }

    private mutating func expression(_ expression: Expression) -> Expression? {
        // What a `with` gives is seen from outside: it is resolved first.
        let modifiers = expression.modifiers.map { modifier($0) }
        guard let kind = kind(expression) else { return nil }
        let result = Expression(location: expression.location, kind: kind)
        result.isNegated = expression.isNegated
        result.modifiers = modifiers
        return result
    }

    private mutating func kind(_ expression: Expression) -> Expression.Kind? {
        switch expression.kind {
        case .term(let term):
            if case .call(let name, let location, let arguments) = term.kind, name == ["assign"],
                arguments.count == 2
            {
                if expression.isNegated {
                    diagnostics.append(
                        Diagnostic(
                            .compile, "cannot assign vars inside negated expression",
                            at: expression.location))
                }
                let result = assignment(term, location, arguments)
                if isStrict { noteAssigned(in: arguments[0], expression.location) }
                return .term(result)
            }
            return .term(self.term(term))
        case .someVariables(let terms):
            for term in terms { declareSome(term, expression.location) }
            return nil
        case .someIn(let key, let value, let domain):
            let resolved = term(domain)
            let patterns = [key, value].compactMap { $0 }
            declareAllNew(in: patterns, besides: domain, expression.location)
            return .someIn(key: key.map { term($0) }, value: term(value), domain: resolved)
        case .every(let key, let value, let domain, let body):
            return every(key, value, term(domain), body)
        case .block(let body): return .block(closure(body, heads: []).0)
        case .and(let left, let right):
            refuseAssignments(expression, "and", left, right)
            let left = closure(left, heads: []).0
            return .and(left, closure(right, heads: []).0)
        case .or(let left, let right):
            refuseAssignments(expression, "or", left, right)
            let left = closure(left, heads: []).0
            return .or(left, closure(right, heads: []).0)
        }
    }

    /// Nobody could read what an operand without braces assigns.
    private mutating func refuseAssignments(
        _ expression: Expression, _ operation: String, _ left: Body, _ right: Body
    ) {
        let bodies = [(Expression.Braces.left, left), (.right, right)]
        for (braces, body) in bodies where !expression.braces.contains(braces) {
            for operand in body {
                guard case .term(let term) = operand.kind,
                    case .call(let name, _, _) = term.kind, name == ["assign"]
                else { continue }
                diagnostics.append(
                    Diagnostic(
                        .compile, "cannot assign vars inside implicit \(operation) operand",
                        at: operand.location))
            }
        }
    }

    private mutating func every(_ key: Term?, _ value: Term, _ domain: Term, _ body: Body)
        -> Expression.Kind
    {
        features.insert(.closures)
        var direct = DirectNames.of(body)
        for pattern in [key, value].compactMap({ $0 }) {
            DirectNames.collect(pattern, into: &direct)
        }
        blocks.append(Block(direct: direct.subtracting(DirectNames.declared(in: body))))
        if let key {
            var names: Set<String> = []
            collectNames(in: key, into: &names)
            var others: Set<String> = []
            collectNames(in: value, into: &others)
            for name in names.intersection(others).sorted() {
                diagnostics.append(
                    Diagnostic(.compile, "var \(name) declared above", at: value.location))
            }
        }
        let patterns = [key, value].compactMap { $0 }
        redeclareAll(in: patterns)
        let key = key.map { term($0) }
        let value = term(value)
        blocks[blocks.count - 1].unused = [:]
        for pattern in patterns {
            var names: Set<String> = []
            collectNames(in: pattern, into: &names)
            for name in names { blocks[blocks.count - 1].unused[name] = pattern.location }
        }
        let body = expressions(body)
        reportUnused()
        blocks.removeLast()
        return .every(key: key, value: value, domain: domain, body: body)
    }

    private mutating func declareSome(_ term: Term, _ location: Location) {
        guard case .variable(let name) = term.kind, !name.hasPrefix("$") else { return }
        checkNew(name, at: location)
        _ = declare(name, .declaration)
        blocks[blocks.count - 1].unused[name] = location
    }

    private mutating func declareAllNew(
        in patterns: [Term], besides domain: Term, _ location: Location
    ) {
        var names: Set<String> = []
        for pattern in patterns { collectNames(in: pattern, into: &names) }
        names.subtract(DirectNames.occurring(in: domain))
        for name in names.sorted() { checkNew(name, at: location) }
        for name in names.sorted() { _ = declare(name, .declaration) }
    }

    /// The variables that a pattern declares.
    private func collectNames(in pattern: Term, into names: inout Set<String>) {
        switch pattern.kind {
        case .variable(let name) where !isRoot(name) && !name.hasPrefix("$"): names.insert(name)
        case .array(let elements):
            for element in elements { collectNames(in: element, into: &names) }
        case .object(let entries):
            for entry in entries { collectNames(in: entry.value, into: &names) }
        default: break
        }
    }

    /// `every` declares its variables anew.
    private mutating func redeclareAll(in patterns: [Term]) {
        var names: Set<String> = []
        for pattern in patterns { collectNames(in: pattern, into: &names) }
        for name in names.sorted() { _ = declare(name, .declaration) }
    }

    private mutating func assignment(_ term: Term, _ location: Location, _ sides: [Term]) -> Term {
        let right = self.term(sides[1])
        assign(to: sides[0])
        let left = self.term(sides[0])
        return Term(
            location: term.location, kind: .call(name: ["assign"], location, [left, right]))
    }

    private mutating func assign(to pattern: Term) {
        switch pattern.kind {
        case .variable(let name):
            if isRoot(name) {
                diagnostics.append(
                    Diagnostic(
                        .compile,
                        "variables must not shadow \(name) (use a different variable name)",
                        at: pattern.location))
            }
            guard !name.hasPrefix("$") else { return }
            checkNew(name, at: pattern.location)
            _ = declare(name, .assignment)
        case .array(let elements): for element in elements { assign(to: element) }
        case .object(let entries): for entry in entries { assign(to: entry.value) }
        default:
            diagnostics.append(
                Diagnostic(.compile, "cannot assign to \(pattern.kind.name)", at: pattern.location))
        }
    }

    private mutating func modifier(_ modifier: Modifier) -> Modifier {
        features.insert(.modifiers)
        var result = modifier
        result.value = isFunctionName(modifier.value) ?? term(modifier.value)
        switch modifier.target.kind {
        case .variable(let name):
            result.target = isRoot(name) ? modifier.target : functionTerm([name], modifier.target)
        case .ref(let head, let operands):
            guard case .variable(let name) = head.kind else { break }
            if isRoot(name) {
                result.target = term(modifier.target)
            } else {
                let names = operands.compactMap {
                    if case .string(let step) = $0.kind { step } else { nil }
                }
                result.target =
                    names.count == operands.count
                    ? functionTerm([name] + names, modifier.target) : term(modifier.target)
            }
        default: break
        }
        return result
    }

    /// A function's name as a call without arguments, which is how targets of `with` are kept.
    private mutating func functionTerm(_ name: [String], _ term: Term) -> Term {
        let full = functionName(name)
        if full[0] == "data" || full[0] == "input" {
            return reference(full, [], term.location)
        }
        return Term(location: term.location, kind: .call(name: full, term.location, []))
    }

    private func isFunctionName(_ term: Term) -> Term? {
        var name: [String] = []
        switch term.kind {
        case .variable(let variable): name = [variable]
        case .ref(let head, let operands):
            guard case .variable(let variable) = head.kind else { return nil }
            name = [variable]
            for operand in operands {
                guard case .string(let step) = operand.kind else { return nil }
                name.append(step)
            }
        default: return nil
        }
        guard !isDeclared(name[0]) else { return nil }
        if BuiltinNames.contains(name.dotted), globals[name[0]] == nil {
            return Term(location: term.location, kind: .call(name: name, term.location, []))
        }
        return nil
    }
}
