// SPDX-License-Identifier: Apache-2.0

/// What a module's statements add up to while it is read.
struct ModuleStatements {
    var package: (path: [String], location: Location)?
    var imports: [Import] = []
    var rules: [ParsedRule] = []
    /// Where each statement stands and what it is, for annotations.
    var places: [StatementPlace] = []
    var importsVersionOne = false
}

struct StatementPlace {
    enum Sort {
        case package, `import`
        /// Index into `ModuleStatements.rules`.
        case rule(Int)
    }

    var row: Int32
    var sort: Sort
}

// Modules: statements, `package`, `import`, and going on after an error.
extension SyntaxParser {
    func parseModule() throws(CompilationFailure) -> Module {
        var statements = ModuleStatements()
        var diagnostics: [Diagnostic] = []
        guard kind != .eof else {
            let nowhere = Location(file: file, row: 0, column: 0, start: 0, end: 0)
            throw CompilationFailure([error("empty module", at: nowhere).diagnostic])
        }
        while kind != .eof, diagnostics.count < limits.diagnostics {
            let start = mark()
            do {
                try parseStatement(&statements)
            } catch {
                diagnostics.append(error.diagnostic)
                // A missing or wrong package is said once; the rest is read as if it were there.
                statements.package = statements.package ?? ([], location(of: token))
                restore(start)
                skipStatement(past: error.diagnostic.location)
            }
        }
        guard let package = statements.package, diagnostics.isEmpty else {
            throw CompilationFailure(diagnostics)
        }
        return try finish(statements, package)
    }

    private func parseStatement(
        _ statements: inout ModuleStatements
    ) throws(SyntaxError) {
        let first = token
        if kind == .package, !isKeywordReference {
            let path = try parsePackage()
            guard statements.package == nil else {
                return refuse("unexpected package", at: location(of: first))
            }
            statements.package = (path, location(from: first, to: previousEnd))
            statements.places.append(StatementPlace(row: first.row, sort: .package))
            return
        }
        if statements.package == nil {
            guard kind != .illegal else { throw unexpected() }
            // The rest is read as if the package were there.
            statements.package = ([], location(of: first))
            refuse("package expected", at: location(of: first))
        }
        if kind == .import, !isKeywordReference {
            statements.imports.append(try parseImport(&statements))
            statements.places.append(StatementPlace(row: first.row, sort: .import))
            return
        }
        for parsed in try parseRules() {
            let place = StatementPlace(
                row: parsed.rule.location.row, sort: .rule(statements.rules.count))
            statements.places.append(place)
            statements.rules.append(parsed)
        }
    }

    /// Goes to the next token behind an error that begins a line and can begin a statement.
    private func skipStatement(past place: Location) {
        repeat { advance() } while kind != .eof && !(beginsStatement && token.start > place.start)
    }

    private var beginsStatement: Bool {
        token.column == 1 && (kind == .identifier || kind.isKeyword)
    }

    @inline(never)
    private func finish(
        _ statements: ModuleStatements, _ package: (path: [String], location: Location)
    ) throws(CompilationFailure) -> Module {
        let isVersionOne = version == .v1 || statements.importsVersionOne
        let module = Module(
            file: file, version: isVersionOne ? .v1 : .v0, package: package.path,
            packageLocation: package.location)
        module.imports = statements.imports
        module.rules = statements.rules.map(\.rule)
        module.comments = comments
        var diagnostics = refusals
        if isVersionOne { diagnostics += VersionOneChecks.check(statements.rules) }
        if diagnostics.isEmpty { diagnostics = attachAnnotations(to: module, statements) }
        guard diagnostics.isEmpty else {
            diagnostics.sort { $0.location.start < $1.location.start }
            throw CompilationFailure(Array(diagnostics.prefix(limits.diagnostics)))
        }
        return module
    }

    // MARK: package

    private func parsePackage() throws(SyntaxError) -> [String] {
        advance()
        return try parsePath { (term) in "unexpected \(term.kind.name) token: expecting string" }
    }

    /// A name, then `.name` and `["name"]` in any number.
    private func parsePath(
        _ refusal: (Term) -> String
    ) throws(SyntaxError) -> [String] {
        guard kind == .identifier || kind.isKeyword else { throw unexpected() }
        var path = [text(token)]
        advance()
        while !token.flags.contains(.spaceBefore), kind == .dot || kind == .leftBracket {
            let operand = kind == .dot ? try parseDotOperand() : try parseBracketOperand()
            guard case .string(let name) = operand.kind else {
                throw error(refusal(operand), at: operand.location)
            }
            path.append(name)
        }
        guard !isTail else { throw unexpected() }
        return path
    }

    // MARK: import

    private func parseImport(
        _ statements: inout ModuleStatements
    ) throws(SyntaxError) -> Import {
        let first = token
        advance()
        let pathToken = token
        let path = try parsePath { "unexpected \($0.kind.name) token: expecting string" }
        let pathLocation = location(from: pathToken, to: previousEnd)
        guard ["data", "future", "input", "rego"].contains(path[0]) else {
            throw error(
                "unexpected import path, must begin with one of: {data, future, input, rego},"
                    + " got: \(path[0])",
                at: pathLocation, hint: "if this is unexpected, try updating OPA")
        }
        let alias = try parseAlias()
        if alias == nil { try checkImportedName(path, pathLocation) }
        if path[0] == "future" { try importKeywords(path, alias, pathLocation) }
        if path[0] == "rego" {
            try importVersion(path, alias, pathLocation)
            statements.importsVersionOne = true
        }
        return Import(
            path: path, alias: alias, location: location(from: first, to: previousEnd))
    }

    private func parseAlias() throws(SyntaxError) -> String? {
        guard kind == .as else { return nil }
        advance()
        guard kind == .identifier else { throw unexpected("expected var") }
        let alias = text(token)
        advance()
        guard !isTail, alias != "input", alias != "data" else { throw unexpected("expected var") }
        return alias
    }

    private func checkImportedName(_ path: [String], _ place: Location) throws(SyntaxError) {
        let name = path[path.count - 1]
        guard path[0] != "future", version.reserves(name) else { return }
        throw error(
            "unexpected import path, must not end with a keyword, got: \(name)", at: place,
            hint: "import a different path or use an alias")
    }

    private func importKeywords(
        _ path: [String], _ alias: String?, _ place: Location
    ) throws(SyntaxError) {
        guard path.count > 1, path[1] == "keywords", path.count <= 3 else {
            throw error("invalid import, must be `future.keywords`", at: place)
        }
        guard alias == nil else { throw error("`future` imports cannot be aliased", at: place) }
        guard path.count == 3 else { return enable(.all) }
        guard let keyword = FutureKeywords(name: path[2]) else {
            let known = FutureKeywords.names.joined(separator: " ")
            throw error("unexpected keyword, must be one of [\(known)]", at: place)
        }
        enable(keyword)
    }

    private func importVersion(
        _ path: [String], _ alias: String?, _ place: Location
    ) throws(SyntaxError) {
        guard path == ["rego", "v1"] else {
            let written = path.joined(separator: ".")
            throw error("invalid import `\(written)`, must be `rego.v1`", at: place)
        }
        guard version != .v1 else { return }
        guard alias == nil else { throw error("`rego` imports cannot be aliased", at: place) }
        enable(.versionOne)
    }

    // MARK: Statements that are no rules

    func refuse(_ message: String, at place: Location) {
        refusals.append(Diagnostic(.parse, message, at: place))
    }

    /// Reads a statement as a query and says why it defines nothing.
    func refuseStatement(_ start: Mark) throws(SyntaxError) {
        restore(start)
        var body = [try parseLiteral()]
        while kind == .semicolon {
            advance()
            body.append(try parseLiteral())
        }
        guard kind != .illegal else { throw unexpected() }
        refuse(ruleRefusal(of: body), at: body[0].location)
    }

    private func ruleRefusal(of body: Body) -> String {
        let expression = body[0]
        if body.count > 1 { return "multiple expressions cannot be used for rule head" }
        if !expression.modifiers.isEmpty {
            return "expressions using with keyword cannot be used for rule head"
        }
        if expression.isNegated { return "negated expressions cannot be used for rule head" }
        switch expression.kind {
        case .term(let term): return ruleNameRefusal(of: term)
        case .someVariables, .someIn: return "'some' declarations cannot be used for rule head"
        default: return "expression cannot be used for rule head"
        }
    }

    func ruleNameRefusal(of term: Term) -> String {
        switch term.kind {
        case .variable("input"), .variable("data"):
            return "refs cannot be used for rule head"
        case .call(let name, _, let operands):
            guard name == ["eq"] || name == ["assign"], let left = operands.first else {
                return "rule name conflicts with built-in function"
            }
            return "\(left.kind.name) cannot be used for rule name"
        default:
            return "\(term.kind.name) cannot be used for rule name"
        }
    }
}
