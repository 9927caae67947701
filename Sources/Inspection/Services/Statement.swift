// SPDX-License-Identifier: Apache-2.0
import Authorization

/// What one or several SQL statements do, told by their verbs.
///
/// Databases differ in quoting and comments, and what one takes for a comment another runs. So a
/// text is read as each of the kinds in `Dialect.all`; the strictest reading holds, and when they
/// disagree the text is ambiguous.
enum Statement {
    struct Judgement {
        var effect = Effect.unknown
        /// The first verb, or that of the strictest statement. A slice of the text.
        var verb = Bytes.empty
        var isAmbiguous = false
        /// True when it begins with a verb that is known.
        var isStatement = false
    }

    static func judge(_ text: Bytes) -> Judgement {
        guard !text.isEmpty, text.count <= Limits.statementBytes else { return Judgement() }
        var result = read(text, .standard)
        // Nothing that is read differently is there in most statements.
        guard result.hasPeculiarities else { return result.judgement }
        for dialect in [Dialect.postgres, .mysql, .clickhouse] {
            let other = read(text, dialect).judgement
            if other.effect != result.judgement.effect { result.judgement.isAmbiguous = true }
            if other.effect.strictness > result.judgement.effect.strictness {
                let isAmbiguous = result.judgement.isAmbiguous
                result.judgement = other
                result.judgement.isAmbiguous = isAmbiguous
            }
        }
        return result.judgement
    }

    private static func read(
        _ text: Bytes, _ dialect: Dialect
    ) -> (judgement: Judgement, hasPeculiarities: Bool) {
        var reading = Reading(text, dialect)
        return reading.judge()
    }

    /// The first word that is no comment.
    static func verb(_ text: Bytes) -> Bytes {
        var scanner = StatementScanner(text, .standard)
        while true {
            switch scanner.next() {
            case .word(let word): return word
            case .opening, .closing: continue
            default: return .empty
            }
        }
    }

    /// How a kind of database reads quotes and comments.
    struct Dialect: OptionSet {
        let rawValue: UInt8

        /// A backslash escapes the quote after it.
        static let backslashes = Dialect(rawValue: 1 << 0)
        /// Comments nest.
        static let nesting = Dialect(rawValue: 1 << 1)
        /// `#` begins a comment.
        static let hashes = Dialect(rawValue: 1 << 2)
        /// `--` needs white space behind it.
        static let spacedDashes = Dialect(rawValue: 1 << 3)
        /// `$tag$ ... $tag$` is a string.
        static let dollars = Dialect(rawValue: 1 << 4)
        /// `/*! ... */` is run.
        static let runComments = Dialect(rawValue: 1 << 5)

        static let standard: Dialect = []
        static let postgres: Dialect = [.nesting, .dollars]
        static let mysql: Dialect = [.backslashes, .hashes, .spacedDashes, .runComments]
        static let clickhouse: Dialect = [.backslashes, .hashes, .dollars]
    }

    /// One reading of a text.
    private struct Reading {
        private var scanner: StatementScanner
        private var strictest = Judgement()
        private var current = Effect.read
        private var verb = Bytes.empty
        private var isExplained = false
        private var isAnalysed = false
        private var modifies = false
        /// What the word before does, unless it is a function's name.
        private var pending: Effect?
        private var hasStatement = false

        init(_ text: Bytes, _ dialect: Dialect) {
            scanner = StatementScanner(text, dialect)
            strictest.effect = .read
        }

        mutating func judge() -> (judgement: Judgement, hasPeculiarities: Bool) {
            var previous = StatementScanner.Token.end
            loop: while true {
                let token = scanner.next()
                if pending != nil {
                    if case .opening = token { pending = nil }
                    raise(pending)
                    pending = nil
                }
                switch token {
                case .end: break loop
                case .semicolon: close()
                case .word(let word): take(word, after: previous)
                case .opening:
                    if case .word(let name) = previous {
                        raise(StatementWords.effect(ofFunction: name))
                    }
                default: break
                }
                previous = token
            }
            close()
            if !hasStatement { strictest.effect = .unknown }
            return (strictest, scanner.hasPeculiarities)
        }

        private mutating func take(_ word: Bytes, after previous: StatementScanner.Token) {
            guard !verb.isEmpty else { return begin(word) }
            if StatementWords.isModifying(word) {
                // As in `WITH x AS (DELETE ...)`, `) INSERT`, `EXPLAIN ANALYZE DELETE`; and where
                // no semicolon is needed between statements, `SELECT 1 DROP TABLE x`.
                switch previous {
                case .opening, .closing: modifies = true
                case .word(let before) where StatementWords.announcesName(before): break
                default:
                    if isExplained { modifies = true } else if !isShown { pending = .write }
                }
            } else if word.equalsIgnoringCase("analyze") || word.equalsIgnoringCase("analyse") {
                isAnalysed = true
            } else if word.equalsIgnoringCase("into") {
                raise(.write)
            } else if word.equalsIgnoringCase("program") {
                raise(.execute)
            } else if !isShown, !isExplained,
                word.equalsIgnoringCase("exec") || word.equalsIgnoringCase("execute")
            {
                pending = .execute
            }
        }

        /// `SHOW CREATE TABLE` creates nothing.
        private var isShown: Bool {
            verb.equalsIgnoringCase("show") || verb.equalsIgnoringCase("describe")
                || verb.equalsIgnoringCase("desc")
        }

        private mutating func begin(_ word: Bytes) {
            verb = word
            if !hasStatement {
                strictest.verb = word
                strictest.isStatement = StatementWords.effect(of: word) != .unknown
            }
            hasStatement = true
            current = StatementWords.effect(of: word)
            isExplained = word.equalsIgnoringCase("explain")
        }

        private mutating func raise(_ effect: Effect?) {
            if let effect, effect.strictness > current.strictness { current = effect }
        }

        private mutating func close() {
            guard !verb.isEmpty else { return }
            if modifies && (!isExplained || isAnalysed) { raise(.write) }
            if current.strictness > strictest.effect.strictness {
                strictest.effect = current
                strictest.verb = verb
            }
            verb = .empty
            (isExplained, isAnalysed, modifies) = (false, false, false)
        }
    }
}
