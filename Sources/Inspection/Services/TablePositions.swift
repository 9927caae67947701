// SPDX-License-Identifier: Apache-2.0
import Authorization

/// Where a statement names tables, as far as the words before tell: behind `FROM` and `JOIN`, and
/// behind the commas of their list. A call there is one of a table function.
struct TablePositions {
    private var depth = 0
    /// A bit for each depth of parentheses: it holds a query; its list of tables goes on.
    private var queries: UInt64 = 0
    private var lists: UInt64 = 0
    /// True where a table's name comes next, or has come.
    private var expectsTable = false
    private var isNamed = false
    /// Two words back, for `IS DISTINCT FROM`.
    private var word = Bytes.empty
    private var wordBefore = Bytes.empty

    /// True where parentheses are deeper than can be followed.
    var isTooDeep: Bool { depth >= 64 }

    private var bit: UInt64 { depth < 64 ? 1 << UInt64(depth) : 0 }

    /// - Returns: true for the parenthesis behind a table function's name.
    mutating func take(
        _ token: StatementScanner.Token, after previous: StatementScanner.Token
    ) -> Bool {
        switch token {
        case .word(let word): take(word, after: previous)
        case .name: name(after: previous)
        case .dot: break
        case .comma: expect(lists & bit != 0)
        case .opening: return open(after: previous)
        case .closing:
            depth = max(0, depth - 1)
            expectsTable = false
        default: expectsTable = false
        }
        return false
    }

    private mutating func expect(_ isExpected: Bool) {
        expectsTable = isExpected
        isNamed = false
    }

    private mutating func name(after previous: StatementScanner.Token) {
        if case .dot = previous { return }
        // A second name is an alias.
        if isNamed { expectsTable = false }
        isNamed = true
    }

    private mutating func open(after previous: StatementScanner.Token) -> Bool {
        let isCall = expectsTable && isNamed && previous.name != nil
        let isNested = expectsTable && !isNamed
        depth += 1
        queries &= ~bit
        lists &= ~bit
        if isNested { lists |= bit }
        expect(isNested)
        return isCall
    }

    private mutating func take(_ word: Bytes, after previous: StatementScanner.Token) {
        defer { (wordBefore, self.word) = (self.word, word) }
        if case .dot = previous { return name(after: previous) }
        if word.equalsIgnoringCase("from") { return from(after: previous) }
        if beginsQuery(word) {
            queries |= bit
            lists &= ~bit
            expectsTable = false
        } else if word.equalsIgnoringCase("join") {
            // ClickHouse's `ARRAY JOIN` takes expressions.
            begin(!self.word.equalsIgnoringCase("array"))
        } else if word.equalsIgnoringCase("apply") {
            begin(
                self.word.equalsIgnoringCase("cross") || self.word.equalsIgnoringCase("outer"))
        } else if word.equalsIgnoringCase("using"), queries & bit != 0 {
            begin(true)
        } else if word.equalsIgnoringCase("function") {
            // `INSERT INTO FUNCTION f(...)`, `INSERT INTO TABLE FUNCTION f(...)`.
            expect(
                self.word.equalsIgnoringCase("into") || self.word.equalsIgnoringCase("table"))
        } else if expectsTable || lists & bit != 0, StatementWords.endsTables(word) {
            lists &= ~bit
            expectsTable = false
        } else if word.equalsIgnoringCase("table"), isDescribed {
            expect(true)
        } else if expectsTable, !isNamed, isKept(word) {
            return
        } else {
            name(after: previous)
        }
    }

    private var isDescribed: Bool {
        word.equalsIgnoringCase("describe") || word.equalsIgnoringCase("desc")
    }

    private mutating func begin(_ isTable: Bool) {
        if isTable { lists |= bit }
        expect(isTable)
    }

    private func beginsQuery(_ word: Bytes) -> Bool {
        word.equalsIgnoringCase("select") || word.equalsIgnoringCase("delete")
            || word.equalsIgnoringCase("update")
    }

    /// `FROM` of a query; not of `EXTRACT(DAY FROM d)`, nor of `a IS DISTINCT FROM b`.
    private mutating func from(after previous: StatementScanner.Token) {
        let isComparison =
            word.equalsIgnoringCase("distinct")
            && (wordBefore.equalsIgnoringCase("is") || wordBefore.equalsIgnoringCase("not"))
        guard !isComparison else {
            expectsTable = false
            return
        }
        if case .opening = previous { return begin(true) }
        begin(queries & bit != 0 || lists & bit != 0)
    }

    /// Words that may stand before a table's name.
    private func isKept(_ word: Bytes) -> Bool {
        word.equalsIgnoringCase("lateral") || word.equalsIgnoringCase("only")
            || word.equalsIgnoringCase("table") || word.equalsIgnoringCase("rows")
            || word.equalsIgnoringCase("function")
    }
}

extension StatementScanner.Token {
    /// The name that it is, quoted or not.
    var name: Bytes? {
        switch self {
        case .word(let name), .name(let name): name
        default: nil
        }
    }
}
