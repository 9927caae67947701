// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// The statements of one request. Each is judged by itself, so that a quote that one leaves open
/// hides nothing of the next.
struct CarriedStatements {
    /// All of them, for policies and people.
    private(set) var text = Bytes.empty
    private(set) var judgement = Statement.Judgement()
    private var builder: ByteBuilder?
    private let arena: Arena
    private var isJudged = false

    init(_ arena: Arena) { self.arena = arena }

    /// - Parameter isPart: true for a reading of what is in the text already.
    mutating func add(_ statement: Bytes, isPart: Bool = false) {
        guard !statement.isEmpty, text.count <= Limits.statementBytes else { return }
        if !isPart { show(statement) }
        guard text.count <= Limits.statementBytes else {
            judgement.effect = .unknown
            return
        }
        let next = Statement.judge(statement)
        if isJudged { judgement.join(next) } else { judgement = next }
        isJudged = true
    }

    private mutating func show(_ statement: Bytes) {
        guard !text.isEmpty else {
            text = statement
            return
        }
        var builder = builder ?? started
        builder.append(";\n")
        builder.append(statement.buffer)
        text = Bytes(start: builder.bytes.baseAddress, count: builder.count)
        self.builder = builder
    }

    private var started: ByteBuilder {
        var builder = ByteBuilder(arena, capacity: 2 * text.count)
        builder.append(text.buffer)
        return builder
    }

    /// Servers may take one for the statement, or another.
    mutating func doubt() { judgement.isAmbiguous = true }

    /// There is something that could not be read.
    mutating func giveUp() { judgement.effect = .unknown }
}

extension Inspection {
    /// Looks where servers look for statements: in the query, in the body, in members of it.
    func statements(_ content: Value) -> CarriedStatements {
        var carried = CarriedStatements(arena)
        let (inQuery, count) = statementInQuery
        guard count > 0 else {
            addBody(content, &carried)
            return carried
        }
        if count > 1 {
            eachInQuery { carried.add($0) }
            carried.doubt()
        }
        let isPart = count > 1
        // Behind `INSERT ... VALUES` the body is data.
        guard !body.bytes.isEmpty, !Statement.awaitsData(inQuery) else {
            carried.add(inQuery, isPart: isPart)
            return carried
        }
        // ClickHouse reads the query's part and the body as one text, whatever the body's type.
        let whole = joined(inQuery, body.bytes)
        guard content.isCollection else {
            carried.add(whole, isPart: isPart)
            return carried
        }
        carried.add(inQuery, isPart: isPart)
        let before = carried.text.count
        addBody(content, &carried)
        if carried.text.count > before { carried.doubt() }
        carried.add(whole, isPart: true)
        return carried
    }

    /// All statements in the query as one text, as ClickHouse reads them; and how many there are.
    private var statementInQuery: (text: Bytes, count: Int) {
        guard !path.query.isEmpty else { return (.empty, 0) }
        var (first, count, length) = (Bytes.empty, 0, 0)
        eachInQuery { statement in
            if count == 0 { first = statement }
            count += 1
            length += statement.count
        }
        guard count > 1 else { return (first, count) }
        var builder = ByteBuilder(arena, capacity: length)
        eachInQuery { builder.append($0.buffer) }
        return (Bytes(start: builder.bytes.baseAddress, count: builder.count), count)
    }

    private func eachInQuery(_ visit: (Bytes) -> Void) {
        var parameters = QueryParameters(path.query, arena)
        while let parameter = parameters.next() {
            let name = parameter.name
            guard
                name.equals("query") || name.equals("sql") || name.equals("statement")
                    || name.equals("q")
            else { continue }
            if !parameter.value.isEmpty { visit(parameter.value) }
        }
    }

    private func addBody(_ content: Value, _ carried: inout CarriedStatements) {
        switch content.kind {
        case .object: addMembers(content, &carried)
        case .array: addElements(content, &carried)
        case .string: carried.add(content.text)
        default: carried.add(body.bytes)
        }
    }

    /// A statement under one of the keys that servers use; under several, each may be the one.
    private func addMembers(_ content: Value, _ carried: inout CarriedStatements) {
        var count = 0
        for key: StaticString in ["query", "sql", "statement", "stmt", "q"] {
            let value = content[key]
            guard value.isString, value.count > 0 else { continue }
            carried.add(value.text)
            count += 1
        }
        if count > 1 { carried.doubt() }
    }

    /// Several statements in a list (rqlite): texts, or lists that begin with one.
    private func addElements(_ list: Value, _ carried: inout CarriedStatements) {
        var isUnread = false
        for element in list.elements {
            let before = carried.text.count
            switch element.kind {
            case .string: carried.add(element.text)
            case .array: carried.add((element.elements.first ?? .undefined).text)
            case .object: addMembers(element, &carried)
            default: break
            }
            if carried.text.count == before { isUnread = true }
            if before > Limits.statementBytes { break }
        }
        if isUnread { carried.giveUp() }
    }

    private func joined(_ query: Bytes, _ body: Bytes) -> Bytes {
        let memory = arena.allocate(UInt8.self, count: query.count + 2 + body.count)
        for index in 0..<query.count { memory[index] = query[index] }
        memory[query.count] = 0x20
        memory[query.count + 1] = 0x0A
        for index in 0..<body.count { memory[query.count + 2 + index] = body[index] }
        return Bytes(start: memory, count: query.count + 2 + body.count)
    }
}
