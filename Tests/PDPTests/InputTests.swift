// SPDX-License-Identifier: Apache-2.0
import RegoVM
import Testing

@testable import PDP

/// The rules of `input` that the captured checks do not show.
@Suite struct InputTests {
    private func read(
        _ path: [String], target: String = "/", headers: [(String, String)] = [], body: String = "",
        rawBody: [UInt8] = []
    ) throws -> String {
        let request = try CheckedRequest(
            path: target, headers: headers, body: body, rawBody: rawBody)
        return request.json(try request.read(path))
    }

    private func failure(
        _ path: [String], target: String = "/", headers: [(String, String)] = [], body: String = ""
    ) throws -> InputFailure? {
        let request = try CheckedRequest(path: target, headers: headers, body: body)
        do {
            _ = try request.read(path)
            return nil
        } catch let failure as InputFailure {
            #expect(throws: InputFailure.self) { try request.whole() }
            return failure
        }
    }

    @Test(arguments: [
        ("/", #"[""]"#), ("", #"[""]"#), ("*", #"["*"]"#), ("/a/b/", #"["a","b",""]"#),
        ("//admin/people", #"["admin","people"]"#), ("///", #"[""]"#), ("/a//b", #"["a","","b"]"#),
        ("/a%2fb/c", #"["a","b","c"]"#), ("/a+b%20c", #"["a+b c"]"#),
        ("/a/../b", #"["a","..","b"]"#),
        ("/%2F%2fadmin", #"["admin"]"#), ("/a?b/c?d", #"["a"]"#), ("/a#b", ##"["a#b"]"##),
        ("/%C3%BC", #"["ü"]"#), ("/%ff", "[\"\u{FFFD}\"]"),
        ("http://host/a", #"["http:","","host","a"]"#),
        ("/a%00b", #"["a\u0000b"]"#),
    ])
    func parsesPaths(target: String, expected: String) throws {
        #expect(try read(["parsed_path"], target: target) == expected)
    }

    @Test(arguments: [
        ("/", "{}"), ("/?", "{}"), ("/?a", #"{"a":[""]}"#),
        ("/?a=1&b=2&a=3", #"{"a":["1","3"],"b":["2"]}"#),
        ("/?a=b=c&&=d", #"{"":["d"],"a":["b=c"]}"#), ("/?a+b=%26+%3D", #"{"a b":["& ="]}"#),
        ("/?a=1?b=2", #"{"a":["1?b=2"]}"#),
    ])
    func parsesQueries(target: String, expected: String) throws {
        #expect(try read(["parsed_query"], target: target) == expected)
    }

    @Test(
        arguments: [
            ("parsed_path", "/%zz", .path), ("parsed_path", "/a%2", .path),
            ("parsed_path", "/%", .path),
            ("parsed_query", "/?a=%zz", .query), ("parsed_query", "/?%", .query),
            ("parsed_query", "/?a=1;b=2", .query),
        ] as [(String, String, InputFailure.Code)])
    func refusesBadTargets(key: String, target: String, code: InputFailure.Code) throws {
        #expect(try failure([key], target: target)?.code == code)
    }

    @Test func onlyWhatIsReadCanFail() throws {
        #expect(try read(["attributes", "request", "http", "path"], target: "/%zz") == #""/%zz""#)
        #expect(try failure(["parsed_query"], target: "/?a=1") == nil)
    }

    @Test func boundsSegmentsAndParameters() throws {
        let deep = String(repeating: "/a", count: Limits.pathSegments + 1)
        #expect(try failure(["parsed_path"], target: deep)?.code == .path)
        let wide = "/?" + String(repeating: "a&", count: Limits.queryParameters + 1)
        #expect(try failure(["parsed_query"], target: wide)?.code == .query)
    }

    @Test(arguments: [
        ("application/json", #"{"a":[1,2.5,"x"]}"#, #"{"a":[1,2.5,"x"]}"#),
        ("text/x; application/json; charset=utf-8", "7", "7"), ("Application/JSON", "7", "null"),
        ("application/vnd.api+json", "7", "null"), ("text/plain", "7", "null"),
        ("application/json", "", "null"), ("application/grpc", "x", "null"),
        ("application/grpc+application/json", "7", "7"),
        ("application/x-www-form-urlencoded", "a=1&a=+&b=%21", #"{"a":["1"," "],"b":["!"]}"#),
        ("multipart/form-data", "x", "null"),
    ])
    func parsesBodies(type: String, body: String, expected: String) throws {
        let headers = [("content-type", type)]
        #expect(try read(["parsed_body"], headers: headers, body: body) == expected)
        #expect(try read(["parsed_body"], headers: headers, rawBody: Array(body.utf8)) == expected)
        #expect(try read(["truncated_body"], headers: headers, body: body) == "false")
    }

    @Test(
        arguments: [
            ("application/json", "{", .json), ("application/json", "{} x", .json),
            ("application/json", #"{"name":"read","name":"delete"}"#, .duplicateKey),
            ("application/x-www-form-urlencoded", "a=%", .form),
            ("application/x-www-form-urlencoded", "a;b", .form),
            ("multipart/form-data; boundary=b", "--c\r\n", .multipart),
        ] as [(String, String, InputFailure.Code)])
    func refusesBadBodies(type: String, body: String, code: InputFailure.Code) throws {
        #expect(
            try failure(["parsed_body", "x"], headers: [("content-type", type)], body: body)?.code
                == code)
    }

    @Test func repeatedKeysCanBeReadAsOPADoes() throws {
        let request = try CheckedRequest(
            path: "/", headers: [("content-type", "application/json")], body: #"{"a":1,"a":2}"#)
        let body = try request.whole(rejectsDuplicateKeys: false)["parsed_body"]
        #expect(request.json(body) == #"{"a":2}"#)
    }

    @Test func cutBodiesAreTruncatedAndNotParsed() throws {
        let json = ("content-type", "application/json")
        for headers in [
            [json, ("x-envoy-auth-partial-body", "true")], [("x-envoy-auth-partial-body", "true")],
            [json, ("content-length", "9")],
        ] {
            #expect(try read(["parsed_body"], headers: headers, body: "{}") == "null")
            #expect(try read(["truncated_body"], headers: headers, body: "{}") == "true")
        }
        let whole = [json, ("x-envoy-auth-partial-body", "false"), ("content-length", "2")]
        #expect(try read(["truncated_body"], headers: whole, body: "{}") == "false")
        #expect(
            try read(["parsed_body"], headers: [json, ("content-length", "-1")], body: "{}") == "{}"
        )
        let bad = [json, ("content-length", "2,2")]
        #expect(try failure(["truncated_body"], headers: bad, body: "{}")?.code == .contentLength)
    }

    @Test func missingThingsAreUndefined() throws {
        for path in [
            ["nothing"], ["attributes", "nothing"], ["attributes", "request", "http", "method"],
            ["attributes", "request", "http", "headers", "x"], ["source_principal"],
            ["attributes", "source", "principal"], ["attributes", "contextExtensions", "x"],
            ["attributes", "metadataContext", "filterMetadata", "x"], ["parsed_path", "x"],
            ["attributes", "request", "http", "size"], ["attributes", "tlsSession"],
        ] {
            #expect(try read(path) == "undefined", "\(path)")
        }
    }

    @Test func emptyRequestHasItsDefaults() throws {
        let request = try CheckedRequest([])
        let expected =
            #"{"parsed_body":null,"parsed_path":[""],"parsed_query":{},"truncated_body":false,"#
            + #""version":{"encoding":"protojson","ext_authz":"v3"}}"#
        #expect(request.json(try request.whole()) == expected)
    }

    @Test func sectionsAreAddedAndAskedOnce() throws {
        let request = try CheckedRequest(path: "/")
        let section = AgentSection()
        let input = CheckInput(sections: [section])
        let paths = [
            ["agent", "id"], ["agent", "id"], ["agent", "nothing"], ["agent"], ["agent"],
        ]
        let steps = paths.map { $0.map { request.arena.string($0) } }
        input.bind(InputBinding(paths: steps, sections: ["agent"]))
        input.begin(request.context)
        let values = steps.indices.map { request.json(input.value(at: $0, in: request.arena)) }
        #expect(values == [#""a""#, #""a""#, "undefined", #"{"id":"a"}"#, #"{"id":"a"}"#])
        #expect(section.asked == 1)
        #expect(section.askedKeys == ["id", "nothing"])
        #expect(input.whole(in: request.arena)["agent"].isDefined)
    }

    /// Real checks with mangled paths and bodies are read or refused; nothing crashes, and reading
    /// a part alone agrees with the whole.
    @Test(arguments: 0..<4)
    func mangledRequestsAreReadOrRefused(seed: UInt64) throws {
        var generator = SeededGenerator(state: seed)
        let types = [
            "application/json", "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=b",
        ]
        let seeds = [
            #"{"a":[1,2.5,"x\u00e9",{"b":null}]}"#, "a=1&b=%41+c&a=2",
            "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--",
        ]
        var readable = 0
        for _ in 0..<500 {
            let kind = Int(generator.next() % 3)
            let body = generator.mangle(Array(seeds[kind].utf8))
            let target = generator.mangle(Array("/a%20b//c/../d?x=1&y=%41&x=2".utf8))
            let request = try CheckedRequest(
                path: String(decoding: target, as: UTF8.self),
                headers: [("content-type", types[kind])],
                rawBody: body)
            guard let whole = try? request.whole() else { continue }
            readable += 1
            for key in ["parsed_path", "parsed_query", "parsed_body", "truncated_body"] {
                let alone = try request.read([key])
                #expect(alone.isEqual(to: whole[request.arena.string(key)]), "\(key)")
            }
        }
        #expect(readable > 50)
    }
}

private final class AgentSection: InputSection {
    var asked = 0
    var askedKeys: [String] = []

    init() { super.init(name: "agent") }

    override func value(in arena: Arena) -> Value {
        asked += 1
        let object = CollectionBuilder.object(in: arena)
        object.insert(.string("id"), .string("a"))
        return object.finish()
    }

    override func value(of key: Value, in arena: Arena) -> Value {
        askedKeys.append(key.asString ?? "")
        return key.equals("id") ? .string("a") : .undefined
    }
}

/// SplitMix64: the same sequence for the same seed, on every machine.
private struct SeededGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    /// Up to two bytes changed, put in or taken out.
    mutating func mangle(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<next() % 3 where !bytes.isEmpty {
            let place = Int(next() % UInt64(bytes.count))
            switch next() % 3 {
            case 0: bytes[place] = UInt8(truncatingIfNeeded: next())
            case 1: bytes.insert(bytes[Int(next() % UInt64(bytes.count))], at: place)
            default: bytes.remove(at: place)
            }
        }
        return bytes
    }
}
