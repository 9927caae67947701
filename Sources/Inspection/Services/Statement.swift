// SPDX-License-Identifier: Apache-2.0
import Authorization

/// What one or several SQL statements do, told by their verbs.
///
/// Databases differ in quoting and comments, and what one takes for a comment another runs. So a
/// text is read as each of the kinds in `StatementDialect.others`; the strictest reading holds, and
/// when they disagree the text is ambiguous.
enum Statement {
    struct Judgement {
        var effect = Effect.unknown
        /// The first verb, or that of the strictest statement. A slice of the text.
        var verb = Bytes.empty
        var isAmbiguous = false
        /// True when it begins with a verb that is known.
        var isStatement = false

        /// The stricter of both, and what is said of either.
        mutating func join(_ other: Judgement) {
            if other.effect.strictness > effect.strictness {
                effect = other.effect
                verb = other.verb
            }
            isAmbiguous = isAmbiguous || other.isAmbiguous
            isStatement = isStatement || other.isStatement
        }
    }

    static func judge(_ text: Bytes) -> Judgement {
        guard !text.isEmpty, text.count <= Limits.statementBytes else { return Judgement() }
        var result = read(text, .standard)
        // Nothing that is read differently is there in most statements.
        guard result.hasPeculiarities else { return result.judgement }
        let effect = result.judgement.effect
        for dialect in StatementDialect.others {
            let other = read(text, dialect).judgement
            if other.effect != effect { result.judgement.isAmbiguous = true }
            result.judgement.join(other)
        }
        return result.judgement
    }

    private static func read(
        _ text: Bytes, _ dialect: StatementDialect
    ) -> (judgement: Judgement, hasPeculiarities: Bool) {
        var reading = Reading(text, dialect)
        return reading.judge()
    }

    /// True for an INSERT behind which data follows, not more of the statement: it ends in `VALUES`
    /// or in `FORMAT` with a name (ClickHouse).
    static func awaitsData(_ text: Bytes) -> Bool {
        guard verb(text).equalsIgnoringCase("insert"), text.count <= Limits.statementBytes else {
            return false
        }
        for dialect in [.standard, .clickhouse, .olderClickhouse] as [StatementDialect]
        where !awaitsData(text, dialect) {
            return false
        }
        return true
    }

    private static func awaitsData(_ text: Bytes, _ dialect: StatementDialect) -> Bool {
        var scanner = StatementScanner(text, dialect)
        var (before, previous, last) = (
            StatementScanner.Token.end, StatementScanner.Token.end, StatementScanner.Token.end
        )
        var depth = 0
        var selects = false
        loop: while true {
            let token = scanner.next()
            switch token {
            case .end: break loop
            case .semicolon: return false
            case .opening: depth += 1
            case .closing: depth -= 1
            case .word(let word) where word.equalsIgnoringCase("select"): selects = true
            default: break
            }
            (before, previous, last) = (previous, last, token)
        }
        guard depth == 0, case .word(let word) = last else { return false }
        if word.equalsIgnoringCase("values"), !selects {
            return StatementWords.endsPart(previous)
        }
        guard case .word(let format) = previous else { return false }
        return format.equalsIgnoringCase("format") && StatementWords.endsPart(before)
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
        private var tables = TablePositions()
        /// The name before the last dot: `utl_http` of `utl_http.request`.
        private var qualifier = Bytes.empty

        init(_ text: Bytes, _ dialect: StatementDialect) {
            scanner = StatementScanner(text, dialect)
            strictest.effect = .read
        }

        mutating func judge() -> (judgement: Judgement, hasPeculiarities: Bool) {
            var previous = StatementScanner.Token.end
            loop: while true {
                let token = scanner.next()
                if pending != nil {
                    if case .opening = token, pending == .write { pending = nil }
                    raise(pending)
                    pending = nil
                }
                qualify(token, after: previous)
                let isTable = tables.take(token, after: previous)
                switch token {
                case .end: break loop
                case .semicolon: close()
                case .word(let word): take(word, after: previous)
                case .opening: call(previous, isTable: isTable)
                default: break
                }
                previous = token
            }
            close()
            if !hasStatement { strictest.effect = .unknown }
            strictest.isAmbiguous = scanner.isUnclear
            return (strictest, scanner.hasPeculiarities)
        }

        private mutating func qualify(
            _ token: StatementScanner.Token, after previous: StatementScanner.Token
        ) {
            switch token {
            case .dot: qualifier = previous.name ?? .empty
            case .opening: break
            case .word, .name:
                if case .dot = previous { break }
                qualifier = .empty
            default: qualifier = .empty
            }
        }

        /// A parenthesis: behind a name, quoted or not, it calls a function.
        private mutating func call(_ previous: StatementScanner.Token, isTable: Bool) {
            if tables.isTooDeep { raise(.unknown) }
            guard let name = previous.name else { return }
            let effect = StatementWords.effect(ofFunction: name)
            raise(effect)
            raise(StatementWords.effect(ofPackage: qualifier))
            qualifier = .empty
            if case .name = previous, name.firstIndex(of: UInt8(ascii: "\\")) != nil {
                // Escapes spell the name.
                raise(.unknown)
            }
            // What a table function does, only its database knows.
            if isTable, effect == nil, !StatementWords.isKnownTable(name) { raise(.unknown) }
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
            tables = TablePositions()
            (isExplained, isAnalysed, modifies) = (false, false, false)
        }
    }
}
