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
        let carried = statements(content)
        let (statement, judgement) = (carried.text, carried.judgement)
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
}
