// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// SQL over HTTP: ClickHouse, Elasticsearch and OpenSearch (`_sql`), Trino, Druid, CrateDB and
/// others whose requests carry a statement.
extension Inspection {
    /// - Parameter isSecond: the request was read as something else before, so that only a
    ///   statement makes it SQL.
    /// - Returns: false when nothing says that this is SQL.
    mutating func inspectStatement(_ content: Value, isSecond: Bool) -> Bool {
        let isDatabase = isOfDatabase
        guard isDatabase || mayCarryStatement else { return false }
        let carried = statements(content)
        let (statement, judgement) = (carried.text, carried.judgement)
        // `?query=` alone is no sign; that it begins with a verb of SQL is.
        guard judgement.isStatement || (isDatabase && !isSecond) else { return false }
        facts.trafficProtocol = .sql
        if content.hasVariants(Self.isStatementVariant) { facts.doubts.insert(.ambiguousKeys) }
        if statement.isEmpty, !isBodyUnread, content["cursor"].isString,
            content["cursor"].count > 0
        {
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

    /// True when the path, a header or the query says that this may be SQL.
    @inline(__always)
    var mayBeStatement: Bool { isOfDatabase || mayCarryStatement }

    @inline(__always)
    private var isOfDatabase: Bool {
        expected == .sql || headers.hasDatabaseHeader || isDatabasePath
            || (headers.mediaType == .other && isDatabaseType)
    }

    private static func isStatementVariant(_ key: Bytes) -> Bool {
        key.isVariant(of: "query") || key.isVariant(of: "sql") || key.isVariant(of: "statement")
            || key.isVariant(of: "stmt") || key.isVariant(of: "q") || key.isVariant(of: "cursor")
    }

    /// True when a POST that only reads is no more than that: the path is a database's own, or it
    /// is ClickHouse's and the body is the statement. Where a header or the query alone speaks for
    /// a database, the upstream may be another server that looks at neither.
    func isQueryPost(_ content: Value) -> Bool {
        if isDatabasePath { return true }
        let type = headers.contentType
        let isForm =
            type.count >= 33 && type[0..<33].equalsIgnoringCase("application/x-www-form-urlencoded")
        return headers.hasDatabaseHeader && isClickHousePath && content.isUndefined && !isForm
            && !body.bytes.isEmpty && facts.arguments["statement"].text == body.bytes
    }

    private var isClickHousePath: Bool { path.text.equals("/") || path.text.equals("/query") }

    private var isDatabasePath: Bool {
        let path = path.text
        // Most paths end here: each of the suffixes' last letters.
        guard let last = path.last,
            last == UInt8(ascii: "l") || last == UInt8(ascii: "e") || last == UInt8(ascii: "t")
                || last == UInt8(ascii: "s")
        else { return false }
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
        !path.query.isEmpty && isClickHousePath
            && (http.method.equals("GET") || http.method.equals("POST"))
    }
}
