// SPDX-License-Identifier: Apache-2.0

/// A diagnostic on its way up. As an object it takes one word of each stack frame it passes.
final class SyntaxError: Error {
    let diagnostic: Diagnostic

    init(_ diagnostic: Diagnostic) { self.diagnostic = diagnostic }
}

/// The state of parsing one text: a cursor over its tokens and what has been switched on.
///
/// Every parsing function starts at its construct's first token and leaves the cursor after its
/// last one. It throws the first thing that is wrong; where the grammar needs a guess, the caller
/// catches it and goes back to a mark.
///
/// A class, since its functions call each other recursively: copies of its fields would fill the
/// stack. One thread uses it.
final class SyntaxParser {
    let bytes: [UInt8]
    let tokens: [Token]
    let comments: [Comment]
    let file: Int32
    let limits: SyntaxLimits
    /// The version asked for; `import rego.v1` does not change what may be imported.
    let version: RegoVersion

    private(set) var cursor = 0
    private(set) var token: Token
    /// The token's kind; a keyword that is off is an identifier.
    var kind: Token.Kind
    /// One past the last byte of the token before.
    private(set) var previousEnd: Int32 = 0
    private(set) var keywords: FutureKeywords
    private var wildcards = 0

    /// What is well-formed but defines nothing; reported if nothing worse is found.
    var refusals: [Diagnostic] = []
    /// Where terms read a second time are placed, instead of where they stand.
    var placement: Location?

    /// Recursion depth, and the height of the tree that the last function returned.
    private var depth = 0
    var height = 0
    private var termsLeft: Int

    init(
        _ source: Source, file: Int32, version: RegoVersion, limits: SyntaxLimits,
        keywords: FutureKeywords
    ) {
        var lexer = Lexer(source.text, limits: limits)
        lexer.run()
        bytes = lexer.bytes
        tokens = lexer.tokens
        comments = lexer.comments
        self.file = file
        self.version = version
        self.limits = limits
        self.keywords = version == .v1 ? keywords.union(.versionOne) : keywords
        token = tokens[0]
        kind = .eof
        termsLeft = tokens.count * limits.termsPerToken + 1_000
        kind = effectiveKind(token.kind)
    }

    // MARK: Cursor

    func advance() {
        previousEnd = token.end
        if cursor + 1 < tokens.count { cursor += 1 }
        token = tokens[cursor]
        kind = effectiveKind(token.kind)
    }

    private func effectiveKind(_ kind: Token.Kind) -> Token.Kind {
        guard kind.rawValue >= Token.Kind.firstFuture else { return kind }
        let bit = UInt8(1) << (kind.rawValue - Token.Kind.firstFuture)
        return keywords.rawValue & bit == 0 ? .identifier : kind
    }

    func kind(at index: Int) -> Token.Kind {
        index < tokens.count ? effectiveKind(tokens[index].kind) : .eof
    }

    func enable(_ added: FutureKeywords) {
        keywords.formUnion(added)
        kind = effectiveKind(token.kind)
    }

    /// A place to come back to after a wrong guess.
    struct Mark {
        fileprivate var cursor: Int
        fileprivate var previousEnd: Int32
        fileprivate var wildcards: Int
        fileprivate var depth: Int
    }

    func mark() -> Mark {
        Mark(cursor: cursor, previousEnd: previousEnd, wildcards: wildcards, depth: depth)
    }

    func restore(_ mark: Mark) {
        cursor = mark.cursor
        previousEnd = mark.previousEnd
        wildcards = mark.wildcards
        depth = mark.depth
        token = tokens[cursor]
        kind = effectiveKind(token.kind)
    }

    /// Goes back to a mark to read something again, with names that were not used yet.
    func revisit(_ mark: Mark) {
        let used = wildcards
        restore(mark)
        wildcards = used
    }

    // MARK: Looking around

    /// Whether the next token stands right at the current one.
    var isNextAdjacent: Bool {
        cursor + 1 < tokens.count && !tokens[cursor + 1].flags.contains(.spaceBefore)
    }

    /// Whether the current token is a keyword that heads a ref, as in `not.x` or `if["x"]`.
    var isKeywordReference: Bool {
        guard kind.isKeyword, isNextAdjacent else { return false }
        let next = tokens[cursor + 1].kind
        return next == .dot || next == .leftBracket
    }

    /// Whether the current token continues a ref or a call that the token before began.
    var isTail: Bool {
        guard !token.flags.contains(.spaceBefore) else { return false }
        return kind == .dot || kind == .leftBracket || kind == .leftParenthesis
    }

    /// The index of the bracket that closes the one at `index`.
    func partner(of index: Int) -> Int? {
        let partner = Int(tokens[index].partner)
        return partner < 0 ? nil : partner
    }

    func text(_ token: Token) -> String {
        String(decoding: bytes[Int(token.start)..<Int(token.end)], as: UTF8.self)
    }

    // MARK: Nodes

    func location(from token: Token, to end: Int32) -> Location {
        if let placement { return placement }
        return Location(
            file: file, row: token.row, column: token.column, start: token.start, end: end)
    }

    func location(of token: Token) -> Location { location(from: token, to: token.end) }

    /// A term that began at `first` and ends with the token before the current one.
    func term(_ kind: Term.Kind, from first: Token) -> Term {
        Term(location: location(from: first, to: previousEnd), kind: kind)
    }

    /// A call whose text begins where its first operand does.
    @inline(never)
    func infixCall(_ name: [String], _ operatorToken: Token, _ operands: [Term]) -> Term {
        Term(
            location: extended(operands[0].location),
            kind: .call(name: name, location(of: operatorToken), operands))
    }

    /// A location that goes on to the token before the current one.
    func extended(_ location: Location) -> Location {
        guard placement == nil else { return location }
        var whole = location
        whole.end = previousEnd
        return whole
    }

    func wildcard() -> String {
        defer { wildcards += 1 }
        return "$\(wildcards)"
    }

    /// The variable of the current identifier.
    @inline(never)
    func variable() -> Term {
        let isWildcard =
            token.end - token.start == 1 && bytes[Int(token.start)] == UInt8(ascii: "_")
        let name = isWildcard ? wildcard() : text(token)
        height = 1
        return Term(location: location(of: token), kind: .variable(name))
    }

    // MARK: Limits

    func enter() throws(SyntaxError) {
        depth += 1
        guard depth <= limits.depth else {
            depth -= 1
            throw tooDeep()
        }
    }

    func leave() { depth -= 1 }

    /// Sets the height of a node above children of height `tallest`.
    func raise(above tallest: Int) throws(SyntaxError) {
        height = tallest + 1
        guard height <= limits.depth else { throw tooDeep() }
    }

    /// Counts a term, so that wrong guesses inside wrong guesses end.
    func countTerm() throws(SyntaxError) {
        termsLeft -= 1
        guard termsLeft >= 0 else { throw error("too many ambiguous expressions in one text") }
    }

    private func tooDeep() -> SyntaxError { error("max parsing recursion depth exceeded") }

    // MARK: Errors

    @inline(never)
    func error(_ message: String, at place: Location? = nil, hint: String? = nil) -> SyntaxError {
        SyntaxError(
            Diagnostic(.parse, message, at: place ?? location(of: token), hint: hint))
    }

    /// The current token cannot stand here.
    @inline(never)
    func unexpected(_ note: String? = nil, hint: String? = nil) -> SyntaxError {
        guard kind != .illegal else { return error(token.fault.message) }
        let sort = kind.isKeyword ? "keyword" : "token"
        let suffix = note.map { ": " + $0 } ?? ""
        return error("unexpected \(kind.name) \(sort)\(suffix)", hint: hint)
    }

    func expect(_ wanted: Token.Kind, _ note: String) throws(SyntaxError) {
        guard kind == wanted else { throw unexpected(note) }
        advance()
    }
}
