// SPDX-License-Identifier: Apache-2.0

/// Reads Rego as OPA 1.20 does.
///
/// Each function either returns a tree or throws what is wrong with the text, with locations; at
/// most `SyntaxLimits.diagnostics` of a module's errors, in the order of their positions. Trees
/// are never higher than `SyntaxLimits.depth`.
public enum Parser {
    /// Reads a module.
    ///
    /// - Parameters:
    ///   - file: the source's index, which all locations bear.
    ///   - version: the language where the text does not say; `import rego.v1` makes a module of
    ///     version 0 one of version 1.
    ///   - keywords: keywords that are on without being imported.
    public static func parse(
        _ source: Source, file: Int32, version: RegoVersion = .v1,
        limits: SyntaxLimits = .default, keywords: FutureKeywords = []
    ) throws(CompilationFailure) -> Module {
        try checkSize(source, file, limits)
        let parser = SyntaxParser(
            source, file: file, version: version, limits: limits, keywords: keywords)
        return try parser.parseModule()
    }

    /// Reads a query: expressions, each on a line of its own or with semicolons between them.
    public static func parseBody(
        _ source: Source, file: Int32 = 0, version: RegoVersion = .v1,
        limits: SyntaxLimits = .default, keywords: FutureKeywords = []
    ) throws(CompilationFailure) -> Body {
        try parsing(source, file, version, limits, keywords) {
            (parser: SyntaxParser) throws(SyntaxError) in
            try parser.parseQuery()
        }
    }

    /// Reads one term and nothing after it.
    public static func parseTerm(
        _ source: Source, file: Int32 = 0, version: RegoVersion = .v1,
        limits: SyntaxLimits = .default, keywords: FutureKeywords = []
    ) throws(CompilationFailure) -> Term {
        try parsing(source, file, version, limits, keywords) {
            (parser: SyntaxParser) throws(SyntaxError) in
            let term = try parser.parseInfix()
            guard parser.kind == .eof else { throw parser.unexpected() }
            return term
        }
    }

    private static func parsing<Tree>(
        _ source: Source, _ file: Int32, _ version: RegoVersion, _ limits: SyntaxLimits,
        _ keywords: FutureKeywords,
        _ read: (SyntaxParser) throws(SyntaxError) -> Tree
    ) throws(CompilationFailure) -> Tree {
        try checkSize(source, file, limits)
        let parser = SyntaxParser(
            source, file: file, version: version, limits: limits, keywords: keywords)
        do {
            return try read(parser)
        } catch {
            throw CompilationFailure([error.diagnostic])
        }
    }

    private static func checkSize(
        _ source: Source, _ file: Int32, _ limits: SyntaxLimits
    ) throws(CompilationFailure) {
        let size = source.text.utf8.count
        guard size > limits.sourceSize else { return }
        let start = Location(file: file, row: 1, column: 1, start: 0, end: 0)
        throw CompilationFailure([
            Diagnostic(
                .parse,
                "source too large: expected at most \(limits.sourceSize) bytes, got \(size)",
                at: start)
        ])
    }
}

extension SyntaxParser {
    func parseQuery() throws(SyntaxError) -> Body {
        var body: Body = []
        repeat {
            body.append(try parseLiteral())
            while kind == .semicolon {
                advance()
                body.append(try parseLiteral())
            }
        } while kind != .eof
        return body
    }
}
