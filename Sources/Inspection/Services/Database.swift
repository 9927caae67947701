// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// SQL over HTTP: ClickHouse, Elasticsearch and OpenSearch (`_sql`), Trino, Druid, CrateDB and
/// others whose requests carry a statement.
extension Inspection {
    /// - Returns: false when nothing says that this is SQL.
    mutating func inspectStatement(_ content: Value) -> Bool {
        let isDatabase =
            expected == .sql || headers.hasDatabaseHeader || isDatabasePath
            || (headers.mediaType == .other && isDatabaseType)
        guard isDatabase || mayCarryStatement else { return false }
        let statement = self.statement(content)
        let judgement = Statement.judge(statement)
        // `?query=` alone is no sign; that it begins with a verb of SQL is.
        guard isDatabase || judgement.isStatement else { return false }
        facts.trafficProtocol = .sql
        if statement.isEmpty, !isBodyUnread, content["cursor"].isString {
            facts.operation = Bytes("cursor")
            facts.effect = .read
            return true
        }
        facts.operation = judgement.verb.lowercased(in: arena)
        facts.effect = isBodyUnread || statement.isEmpty ? .unknown : judgement.effect
        if judgement.isAmbiguous { facts.doubts.insert(.ambiguousStatement) }
        guard !statement.isEmpty else { return true }
        let arguments = CollectionBuilder.object(in: arena, capacity: 1)
        arguments.insert(.string("statement"), .text(statement, arena))
        facts.arguments = arguments.finish()
        return true
    }

    private var isDatabasePath: Bool {
        let path = path.text
        return path.hasSuffix("/_sql") || path.hasSuffix("/_xpack/sql") || path.hasSuffix("/sql")
            || path.hasSuffix("/_sql/translate") || path.hasSuffix("/v1/statement")
            || path.hasSuffix("/sql/statements") || path.hasSuffix("/api/v2/statements")
    }

    private var isDatabaseType: Bool {
        let type = headers.contentType
        return type.count >= 15 && type[0..<15].equalsIgnoringCase("application/sql")
    }

    /// ClickHouse answers at its root and at `/query`.
    private var mayCarryStatement: Bool {
        !path.query.isEmpty && (path.text.equals("/") || path.text.equals("/query"))
    }

    // MARK: Where the statement is

    private func statement(_ content: Value) -> Bytes {
        let inQuery = statementInQuery
        let inBody: Bytes
        switch content.kind {
        case .object: inBody = Self.text(content)
        case .array: inBody = joined(content)
        case .string: inBody = content.text
        default: inBody = body.bytes
        }
        // ClickHouse reads the query's part and the body as one text; after INSERT the body is
        // data.
        if inQuery.isEmpty { return inBody }
        if inBody.isEmpty || Statement.verb(inQuery).equalsIgnoringCase("insert") { return inQuery }
        return join(inQuery, inBody)
    }

    private var statementInQuery: Bytes {
        guard !path.query.isEmpty else { return .empty }
        var parameters = QueryParameters(path.query, arena)
        while let parameter = parameters.next() {
            if parameter.name.equals("query") || parameter.name.equals("sql")
                || parameter.name.equals("statement") || parameter.name.equals("q")
            {
                return parameter.value
            }
        }
        return .empty
    }

    private static func text(_ content: Value) -> Bytes {
        for key: StaticString in ["query", "sql", "statement", "stmt", "q"] {
            let value = content[key]
            if value.isString { return value.text }
        }
        return .empty
    }

    /// Several statements in a list (rqlite): as one text.
    private func joined(_ list: Value) -> Bytes {
        var result = Bytes.empty
        for element in list.elements {
            let text = element.isString ? element : element.elements.first ?? .undefined
            guard text.isString else { continue }
            result = result.isEmpty ? text.text : join(result, text.text)
            if result.count > Limits.statementBytes { break }
        }
        return result
    }

    private func join(_ first: Bytes, _ second: Bytes) -> Bytes {
        let memory = arena.allocate(UInt8.self, count: first.count + 2 + second.count)
        for index in 0..<first.count { memory[index] = first[index] }
        let separator: UInt8 = body.isExact && second.start == body.bytes.start ? 0x20 : 0x3B
        memory[first.count] = separator
        memory[first.count + 1] = 0x0A
        for index in 0..<second.count { memory[first.count + 2 + index] = second[index] }
        return Bytes(start: memory, count: first.count + 2 + second.count)
    }
}
