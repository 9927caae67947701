// SPDX-License-Identifier: Apache-2.0
import Authorization
import Cryptography
import Foundation
import TestSupport
import Testing

@testable import DecisionLog

@Suite("records")
struct RecordTests {
    /// Memory that outlives the test's `Bytes`; never freed.
    private func bytes(_ content: some Collection<UInt8>) -> Bytes {
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: max(1, content.count))
        for (index, byte) in content.enumerated() { memory[index] = byte }
        return Bytes(start: UnsafePointer(memory), count: content.count)
    }

    private func bytes(_ text: String) -> Bytes { bytes(Array(text.utf8)) }

    private func encode(
        _ request: AttributeContext, _ decision: Decision, _ facts: RecordFacts, time: Int64 = 0,
        _ writer: RecordWriter = RecordWriter()
    ) -> [UInt8] {
        withExtendedLifetime(writer) {
            Array(writer.encode(request, decision, facts, time: time).buffer)
        }
    }

    private func parse(_ record: [UInt8]) throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: Data(record))
        return try #require(object as? [String: Any])
    }

    private func object(_ record: [String: Any], _ key: String) throws -> [String: Any] {
        try #require(record[key] as? [String: Any])
    }

    /// A request and a decision with something in every field.
    private func full(_ text: Bytes) -> (AttributeContext, Decision, RecordFacts) {
        let request = AttributeContext()
        var http = AttributeContext.HTTPRequest()
        http.id = text
        http.method = text
        http.path = text
        http.host = text
        http.protocol = text
        http.body = text
        request.http = http
        request.source.isPresent = true
        var address = AttributeContext.SocketAddress()
        address.address = text
        address.port = .value(4_711)
        request.source.address = .socket(address)
        request.source.principal = text
        request.headers.append(.init(name: Bytes("traceparent"), value: text))
        let decision = Decision()
        decision.id = DecisionID(milliseconds: 1_800_000_000_000, random: (1, 2))
        decision.risk = 70
        decision.httpStatus = 403
        decision.isError = true
        decision.body = text
        for _ in 0..<200 {
            decision.reasons.append(Reason(code: text, message: text))
            decision.strippedScopes.append(text)
            decision.headers.append(.init(name: text, value: text))
            decision.responseHeadersToAdd.append(.init(name: text, value: text))
            decision.requestHeadersToRemove.append(text)
            decision.queryParametersToSet.append(.init(name: text, value: text))
            decision.queryParametersToRemove.append(text)
            decision.labels.append(Label(name: text, seconds: 60))
            decision.restrictions.append(Restriction(name: text, seconds: -1))
        }
        var facts = RecordFacts()
        facts.agent = text
        facts.agentProvenance = .attested
        facts.session = text
        facts.scopes = text
        facts.trafficProtocol = .mcp
        facts.effect = .execute
        facts.operation = text
        facts.tool = text
        facts.resource = text
        facts.model = text
        facts.destinationHost = text
        facts.destinationPort = 443
        facts.policyRevision = text
        facts.entrypoint = text
        facts.route = text
        facts.certificate = SHA256.hash([])
        facts.argumentsDigest = SHA256.hash([])
        facts.duration = 1_234
        facts.prompt = bytes("{\"sha256\":\"\(SHA256.hash([]))\"}")
        facts.principals = Bytes(
            "{\"human\":{\"id\":\"alice\",\"provenance\":\"attested\"}}")
        facts.rules = Bytes("[\"a\"]")
        facts.context = .init(events: .max, before: .max, after: 0)
        facts.content = .kept(
            ContentReference(
                segment: .max, offset: .max, bytes: .max, digest: SHA256.hash([]),
                isPartial: true))
        facts.mask.erased = Array(repeating: text, count: 200)
        facts.mask.masked = Array(repeating: text, count: 200)
        return (request, decision, facts)
    }

    @Test("an ordinary record, byte for byte")
    func ordinary() {
        let request = AttributeContext()
        var http = AttributeContext.HTTPRequest()
        http.method = Bytes("POST")
        http.host = Bytes("tools.example")
        http.path = Bytes("/mcp?key=1#part")
        request.http = http
        let decision = Decision()
        decision.id = DecisionID(milliseconds: 1_800_000_000_000, random: (1, 2))
        decision.isAllowed = true
        decision.action = .restrict
        decision.strippedScopes = [Bytes("write")]
        decision.headers = [.init(name: Bytes("x-agent-scopes"), value: Bytes("read"))]
        var facts = RecordFacts()
        facts.agent = Bytes("spiffe://example.org/agent")
        facts.agentProvenance = .attested
        facts.trafficProtocol = .mcp
        facts.effect = .execute
        facts.operation = Bytes("tools/call")
        facts.tool = Bytes("search")
        facts.policyRevision = Bytes("abc")
        facts.destinationHost = Bytes("tools.example")
        facts.context = .init(events: 3, before: 0xAB, after: .max)
        let record = encode(request, decision, facts, time: 1_800_000_000_000_000_001)
        #expect(
            String(decoding: record, as: UTF8.self) == """
                {"v":1,"kind":"decision","time":"2027-01-15T08:00:00.000000001Z",\
                "decision_id":"01a3185c-5000-7001-8000-000000000002",\
                "agent":{"id":"spiffe://example.org/agent","provenance":"attested"},\
                "request":{"method":"POST","host":"tools.example","path":"/mcp?key=*"},\
                "policy":{"revision":"abc"},\
                "action":{"protocol":"mcp","effect":"execute","operation":"tools/call",\
                "tool":"search","destination":{"internal":false},"certain":true},\
                "context":{"events":3,"before":"00000000000000ab","after":"ffffffffffffffff"},\
                "answer":{"action":"restrict","allowed":true,"stripped_scopes":["write"]},\
                "mutations":{"headers":[{"name":"x-agent-scopes","value":"read"}]}}
                """)
    }

    @Test(
        "every record is JSON of the schema and fits an entry, whatever is in it",
        arguments: [
            "", "plain", "\"\\\u{1}", "\u{1}", "é€😀", "x=1&",
        ])
    func schema(unit: String) throws {
        let schema = try JSONSerialization.jsonObject(
            with: Data(
                contentsOf: URL(
                    fileURLWithPath: SharedFolder.projectRoot
                        + "/Sources/DecisionLog/Record/record.schema.json")))
        let checker = SchemaChecker(try #require(schema as? [String: Any]))
        let writer = RecordWriter()
        for count in [1, 3, 40, 700, 20_000] {
            let (request, decision, facts) = full(bytes(String(repeating: unit, count: count)))
            let record = encode(request, decision, facts, writer)
            #expect(record.count <= DecisionLogLimits.recordBytes)
            #expect(String(validating: record, as: UTF8.self) != nil)
            try checker.check(try parse(record))
        }
    }

    @Test("any bytes come back as Swift repairs them")
    func escapes() throws {
        var generator = SystemRandomNumberGenerator()
        let writer = RecordWriter()
        var samples: [[UInt8]] = (0..<256).map { [UInt8($0)] }
        let edges: [UInt8] = [
            0x00, 0x1F, 0x20, 0x22, 0x5C, 0x7F, 0x80, 0xBF, 0xC1, 0xC2, 0xE0, 0xA0, 0xED, 0x9F,
            0xEF, 0xF0, 0x90, 0xF4, 0x8F, 0xF5, 0xFF, 0x41,
        ]
        for _ in 0..<3_000 {
            let count = Int.random(in: 1...40, using: &generator)
            samples.append((0..<count).map { _ in edges.randomElement(using: &generator) ?? 0 })
        }
        for sample in samples {
            var facts = RecordFacts()
            facts.tool = bytes(sample)
            let record = encode(AttributeContext(), Decision(), facts, writer)
            let tool = try object(parse(record), "action")["tool"] as? String
            #expect(tool == String(decoding: sample, as: UTF8.self), "\(sample)")
        }
    }

    @Test("a string is cut between characters, and the record says so")
    func cut() throws {
        var facts = RecordFacts()
        let writer = RecordWriter()
        for unit in ["😀", "\u{1}", "\"", "é", "a"] {
            facts.tool = bytes(String(repeating: unit, count: 3_000))
            let record = try parse(encode(AttributeContext(), Decision(), facts, writer))
            let tool = try #require(try object(record, "action")["tool"] as? String)
            #expect(tool.allSatisfy { String($0) == unit } && tool.utf8.count > 80)
            #expect(record["truncated"] as? Bool == true)
        }
        facts.tool = Bytes("short")
        let record = try parse(encode(AttributeContext(), Decision(), facts, writer))
        #expect(record["truncated"] == nil)
    }

    @Test(
        "query values are masked",
        arguments: [
            ("/a", "/a"), ("/a?", "/a?"), ("/a?b=c", "/a?b=*"), ("/a?b=", "/a?b="),
            ("/a?b", "/a?*"),
            ("/a?b=c&d=e=f&&g", "/a?b=*&d=*&&*"), ("/a#x?b=c", "/a"), ("/a?b=c#x", "/a?b=*"),
            ("/a?b=c?d=e", "/a?b=*"), ("", ""),
        ])
    func query(path: String, masked: String) throws {
        let request = AttributeContext()
        var http = AttributeContext.HTTPRequest()
        http.path = bytes(path)
        request.http = http
        let record = encode(request, Decision(), RecordFacts(), time: 0)
        #expect(try object(parse(record), "request")["path"] as? String == masked)
    }

    @Test("no credential enters a record")
    func secrets() throws {
        let request = AttributeContext()
        var http = AttributeContext.HTTPRequest()
        http.path = Bytes("/x?access_token=hunter2&hunter2")
        http.body = Bytes("hunter2")
        request.http = http
        let decision = Decision()
        for name: StaticString in [
            "authorization", "Proxy-Authorization", "cookie", "set-cookie", "x-api-key",
            "X-Vault-Token", "x-amz-security-token", "x-goog-iam-authorization-token", "apikey",
            "x-client-secret", "X-Password", "my-credentials", "x-signature-256", "Session",
            "a-jwt",
        ] {
            request.headers.append(.init(name: Bytes(name), value: Bytes("hunter2")))
            decision.headers.append(.init(name: Bytes(name), value: Bytes("hunter2")))
            decision.responseHeadersToAdd.append(.init(name: Bytes(name), value: Bytes("hunter2")))
        }
        decision.queryParametersToSet = [.init(name: Bytes("token"), value: Bytes("hunter2"))]
        decision.body = Bytes("hunter2")
        let record = encode(request, decision, RecordFacts(), time: 0)
        let text = String(decoding: record, as: UTF8.self)
        #expect(!text.contains("hunter2"))
        #expect(text.contains(#"{"name":"authorization","masked":true}"#))
    }

    @Test("the decision's own header is left out, and so are empty mutations")
    func ownHeader() throws {
        let decision = Decision()
        decision.id = DecisionID(milliseconds: 1, random: (2, 3))
        decision.responseHeadersToAdd = [
            .init(name: Bytes("x-portcullis-decision-id"), value: bytes("\(decision.id)"))
        ]
        let alone = try parse(encode(AttributeContext(), decision, RecordFacts()))
        #expect(alone["mutations"] == nil)
        decision.responseHeadersToAdd.append(.init(name: Bytes("a"), value: Bytes("b")))
        let other = try object(
            parse(encode(AttributeContext(), decision, RecordFacts())), "mutations")
        #expect(
            (other["response_headers"] as? [[String: String]]) == [["name": "a", "value": "b"]])
    }

    @Test(
        "trace context and parent decision, when they are of their form",
        arguments: [
            (
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "01a3185c-5000-7001-8000-000000000002", true
            ),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", "", false),
            ("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", "no", false),
        ])
    func trace(context: String, parent: String, isFound: Bool) throws {
        let request = AttributeContext()
        request.headers.append(.init(name: Bytes("traceparent"), value: bytes(context)))
        request.headers.append(.init(name: Bytes("x-parent"), value: bytes(parent)))
        var facts = RecordFacts()
        facts.take(request.headers, scopes: Bytes("x-scopes"), parent: Bytes("x-parent"))
        let trace = try parse(encode(request, Decision(), facts))["trace"] as? [String: String]
        #expect(trace?["id"] == (isFound ? "0af7651916cd43dd8448eb211c80319c" : nil))
        #expect(trace?["span"] == (isFound ? "b7ad6b7169203331" : nil))
        #expect(trace?["parent_decision"] == (isFound ? parent : nil))
    }

    @Test("what a mask policy takes out is not there")
    func masked() throws {
        let (request, decision, facts) = full(Bytes("hunter2"))
        var masked = facts
        masked.mask = RecordMask()
        masked.mask.parts = .all.union(.agent).union(.labels)
        masked.mask.erased = [Bytes("/input/attributes")]
        decision.reasons = [Reason(code: Bytes("code"), message: Bytes("hunter2"))]
        decision.strippedScopes = []
        decision.headers = [.init(name: Bytes("name"), value: Bytes("hunter2"))]
        decision.responseHeadersToAdd = []
        decision.requestHeadersToRemove = []
        decision.queryParametersToSet = []
        decision.queryParametersToRemove = []
        masked.agent = .empty
        masked.policyRevision = .empty
        masked.entrypoint = .empty
        masked.route = .empty
        var http = AttributeContext.HTTPRequest()
        http.path = Bytes("hunter2")
        http.host = Bytes("hunter2")
        request.http = http
        let record = String(decoding: encode(request, decision, masked), as: UTF8.self)
        #expect(!record.contains("hunter2"), "\(record)")
        #expect(record.contains(#""erased":["/input/attributes"]"#))
    }

    @Test("times, against Foundation")
    func times() throws {
        let format = Date.ISO8601FormatStyle(timeZone: .gmt)
        let writer = RecordWriter()
        for seconds: Int64 in [
            -9_000_000_000, -1, 0, 951_782_399, 951_782_400, 1_709_164_800, 4_107_542_400,
            9_000_000_000,
        ] {
            let date = Date(timeIntervalSince1970: Double(seconds)).formatted(format)
            // The second time the writer has the second as text.
            for fraction: Int64 in [123_456_789, 100_000_000] {
                let record = encode(
                    AttributeContext(), Decision(), RecordFacts(),
                    time: seconds * 1_000_000_000 + fraction, writer)
                let time = try parse(record)["time"] as? String
                #expect(time == date.dropLast() + ".\(fraction)Z")
            }
        }
    }
}

/// As much of JSON Schema as `record.schema.json` uses.
private struct SchemaChecker {
    struct Mismatch: Error { let path: String }

    private let root: [String: Any]

    init(_ root: [String: Any]) { self.root = root }

    func check(_ value: Any) throws { try check(value, root, "$") }

    private func check(_ value: Any, _ schema: [String: Any], _ path: String) throws {
        if let reference = schema["$ref"] as? String {
            let name = String(reference.dropFirst("#/$defs/".count))
            let definitions = root["$defs"] as? [String: [String: Any]]
            return try check(value, definitions?[name] ?? [:], path)
        }
        if let choices = schema["oneOf"] as? [[String: Any]] {
            guard choices.contains(where: { (try? check(value, $0, path)) != nil }) else {
                // The first is the decision's, whose mismatch tells most.
                return try check(value, choices.first ?? [:], path)
            }
            return
        }
        if let word = schema["const"] as? String, word != value as? String {
            throw Mismatch(path: path)
        }
        if let words = schema["enum"] as? [String], !words.contains(value as? String ?? "") {
            throw Mismatch(path: path)
        }
        if let pattern = schema["pattern"] as? String,
            (value as? String)?.range(of: pattern, options: .regularExpression) == nil
        {
            throw Mismatch(path: path)
        }
        switch schema["type"] as? String {
        case "object": try checkObject(value, schema, path)
        case "array":
            guard let elements = value as? [Any] else { throw Mismatch(path: path) }
            let items = schema["items"] as? [String: Any] ?? [:]
            for element in elements { try check(element, items, path + "[]") }
        case "string": if !(value is String) { throw Mismatch(path: path) }
        case "integer": if !(value is Int) { throw Mismatch(path: path) }
        case "boolean": if !(value is Bool) { throw Mismatch(path: path) }
        default: break
        }
    }

    private func checkObject(_ value: Any, _ schema: [String: Any], _ path: String) throws {
        guard let object = value as? [String: Any] else { throw Mismatch(path: path) }
        for key in schema["required"] as? [String] ?? [] where object[key] == nil {
            throw Mismatch(path: path + "." + key)
        }
        let properties = schema["properties"] as? [String: [String: Any]] ?? [:]
        for (key, member) in object {
            guard let property = properties[key] else { throw Mismatch(path: path + "." + key) }
            try check(member, property, path + "." + key)
        }
    }
}
