// SPDX-License-Identifier: Apache-2.0

/// How a kind of database reads quotes and comments.
struct StatementDialect: OptionSet {
    let rawValue: UInt32

    /// A backslash escapes the quote after it.
    static let backslashes = StatementDialect(rawValue: 1 << 0)
    /// Comments nest.
    static let nesting = StatementDialect(rawValue: 1 << 1)
    /// `#` begins a comment.
    static let hashes = StatementDialect(rawValue: 1 << 2)
    /// `--` needs white space behind it.
    static let spacedDashes = StatementDialect(rawValue: 1 << 3)
    /// `$tag$ ... $tag$` is a string.
    static let dollars = StatementDialect(rawValue: 1 << 4)
    /// `/*! ... */` is run.
    static let runComments = StatementDialect(rawValue: 1 << 5)
    /// `[...]` is a name.
    static let brackets = StatementDialect(rawValue: 1 << 6)
    /// `q'[...]'` is a string.
    static let delimited = StatementDialect(rawValue: 1 << 7)
    /// A backslash escapes the backtick after it.
    static let escapedNames = StatementDialect(rawValue: 1 << 8)
    /// A backslash escapes the quote after it in `E'...'`.
    static let escapeStrings = StatementDialect(rawValue: 1 << 9)
    /// None does in `r'...'`.
    static let rawStrings = StatementDialect(rawValue: 1 << 10)
    /// `//` begins a comment.
    static let slashes = StatementDialect(rawValue: 1 << 11)
    /// `$...$` is a tag whatever is in it.
    static let heredocs = StatementDialect(rawValue: 1 << 12)
    /// Words end at bytes beyond ASCII, which are white space or typographic quotes.
    static let asciiWords = StatementDialect(rawValue: 1 << 13)

    static let standard: StatementDialect = []
    static let postgres: StatementDialect = [.nesting, .dollars, .escapeStrings]
    static let mysql: StatementDialect = [.backslashes, .hashes, .spacedDashes, .runComments]
    /// A server whose version is below the one that a comment asks for.
    static let olderMySQL: StatementDialect = [.backslashes, .hashes, .spacedDashes]
    static let clickhouse: StatementDialect = [
        .backslashes, .hashes, .dollars, .heredocs, .escapedNames, .asciiWords, .nesting, .slashes,
    ]
    static let olderClickhouse: StatementDialect = [
        .backslashes, .hashes, .dollars, .heredocs, .escapedNames, .asciiWords,
    ]
    static let sqlServer: StatementDialect = [.brackets, .nesting, .asciiWords]
    static let sqlite: StatementDialect = [.brackets]
    static let oracle: StatementDialect = [.delimited]
    static let snowflake: StatementDialect = [.backslashes, .dollars, .slashes]
    static let spark: StatementDialect = [.backslashes, .rawStrings, .escapedNames]

    /// All but the standard's.
    static var others: [StatementDialect] {
        [
            .postgres, .mysql, .olderMySQL, .clickhouse, .olderClickhouse, .sqlServer, .sqlite,
            .oracle, .snowflake, .spark,
        ]
    }
}
