// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM
import Testing

@testable import Inspection

@Suite struct IdentityTests {
    @Test(arguments: [
        ("spiffe://acme.example/agent/researcher", "acme.example", "/agent/researcher"),
        ("spiffe://acme.example", "acme.example", ""),
        ("spiffe://a_b-1.c/x.y", "a_b-1.c", "/x.y"),
    ])
    func wellFormed(_ text: String, _ domain: String, _ path: String) {
        let id = SPIFFEID(SampleRequest.bytes(text))
        #expect(id?.trustDomain.string == domain)
        #expect(id?.path.string == path)
    }

    @Test(arguments: [
        "", "spiffe://", "spiffe:///x", "spiffe://Acme/x", "SPIFFE://acme/x", "spiffe://acme/",
        "spiffe://acme/a/",
        "spiffe://acme//a", "spiffe://acme/./a", "spiffe://acme/../a", "spiffe://acme:1/a",
        "spiffe://u@acme/a",
        "spiffe://acme/a?q", "spiffe://acme/a#f", "spiffe://acme/a%20b", "https://acme/a",
        "spiffe://acme/é",
        "spiffe://acme/root\u{0}.evil",
    ])
    func malformed(_ text: String) {
        #expect(SPIFFEID(SampleRequest.bytes(text)) == nil)
        let request = SampleRequest(principal: text)
        let identity = AgentIdentifier(trustDomains: ["acme"]).identify(request)
        #expect(identity.id.isEmpty)
        #expect(identity.provenance == .absent)
    }

    /// Long paths are looked at sixteen bytes at a time.
    @Test(arguments: [8, 17, 18, 33, 34, 49])
    func anyByteAtAnyPlace(length: Int) {
        let start = Array("spiffe://acme/aB/".utf8)
        let path = start + (0..<length).map { UInt8(ascii: "a") + UInt8($0 % 26) }
        for place in start.count..<path.count {
            for byte in UInt8.min...UInt8.max {
                for next in [UInt8(ascii: "z"), UInt8(ascii: "/"), UInt8(ascii: ".")] {
                    var text = path
                    text[place] = byte
                    if place + 1 < text.count { text[place + 1] = next }
                    #expect(Self.isAccepted(text) == Self.isWellFormed(text), "\(text)")
                }
            }
        }
    }

    private static func isAccepted(_ text: [UInt8]) -> Bool {
        text.withUnsafeBytes { SPIFFEID(Bytes($0)) != nil }
    }

    private static func isWellFormed(_ text: [UInt8]) -> Bool {
        let segments = text.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._".utf8)
        return segments.dropFirst(3).allSatisfy { segment in
            !segment.isEmpty && Array(segment) != Array(".".utf8)
                && Array(segment) != Array("..".utf8) && segment.allSatisfy(allowed.contains)
        }
    }

    @Test func lengthIsBounded() {
        let text = "spiffe://acme/" + String(repeating: "a", count: 2048)
        #expect(SPIFFEID(SampleRequest.bytes(text)) == nil)
        #expect(SPIFFEID(SampleRequest.bytes(String(text.prefix(2048)))) != nil)
    }

    @Test func trustDomainsAreAnAllowList() {
        let request = SampleRequest(principal: "spiffe://other.example/a")
        #expect(AgentIdentifier().identify(request).provenance == .attested)
        #expect(
            AgentIdentifier(trustDomains: ["acme.example"]).identify(request).id.isEmpty)
    }

    @Test func headersAreClaims() {
        let request = SampleRequest(headers: [("x-agent", "bot"), ("mcp-session-id", "s1")])
        let identity = AgentIdentifier(key: .header("X-Agent")).identify(request)
        #expect(identity.id.string == "bot")
        #expect(identity.provenance == .claimed)
        let list = ScopeHeader().scopes(request.context, arena: request.arena)
        #expect(
            identity.value(
                scopes: list, request.principals(identity), in: request.arena
            ).description
                == """
                {"delegation":[{"id":"bot","provenance":"claimed","role":"agent"}],"id":"bot",\
                "provenance":"claimed","scopes":[],"session":"s1","session_provenance":"claimed"}
                """)
    }

    @Test func principalAsInput() {
        let request = SampleRequest(
            headers: [("x-agent-scopes", "a b")], principal: "spiffe://acme/x")
        let list = ScopeHeader().scopes(request.context, arena: request.arena)
        let identity = AgentIdentifier().identify(request)
        #expect(
            identity.value(
                scopes: list, request.principals(identity), in: request.arena
            ).description == """
                {"delegation":[{"id":"spiffe://acme/x","provenance":"attested","role":"agent"}],\
                "id":"spiffe://acme/x","provenance":"attested","scopes":["a","b"],\
                "spiffe":{"path":"/x","trust_domain":"acme"}}
                """)
    }
}

@Suite struct ScopeHeaderTests {
    private func strip(
        _ scopes: [String], _ values: [String], room: Int = 256, separator: Character = " "
    ) -> String {
        let header = ScopeHeader(name: "X-Agent-Scopes", separator: separator.asciiValue!)
        let request = SampleRequest(headers: values.map { ("x-agent-scopes", $0) })
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: room) { buffer in
            switch header.strip(
                scopes.map(SampleRequest.bytes), from: request.context, into: buffer)
            {
            case .unchanged: "unchanged"
            case .removed: "removed"
            case .rewritten(let value): value.string
            }
        }
    }

    @Test func strips() {
        #expect(strip(["b"], ["a b c"]) == "a c")
        #expect(strip(["a", "b", "c"], ["a b c"]) == "removed")
        #expect(strip(["x"], ["a b c"]) == "unchanged")
        #expect(strip(["a"], []) == "unchanged")
        #expect(strip(["a"], ["  a\tb  "]) == "b")
        #expect(strip(["a"], ["aa a a.b"]) == "aa a.b")
    }

    @Test func everyOccurrenceGoes() {
        #expect(strip(["admin"], ["admin read admin"]) == "read")
        #expect(strip(["admin"], ["read,admin"]) == "read")
        #expect(strip(["admin"], ["read", "admin write"]) == "read write")
        #expect(strip(["admin"], ["admin", "admin"]) == "removed")
    }

    @Test func separatorIsConfigurable() {
        #expect(strip(["b"], ["a;b;c"], separator: ";") == "a;c")
        #expect(strip(["b"], ["a, b, c"], separator: ",") == "a,c")
    }

    @Test func tooLittleRoomNeverLeavesMore() {
        #expect(strip(["b"], ["aaaa b cccc"], room: 6) == "removed")
    }

    @Test func listHoldsEachScopeOnce() {
        let request = SampleRequest(headers: [
            ("x-agent-scopes", "a b,a"), ("x-agent-scopes", "c b"),
        ])
        let list = ScopeHeader().scopes(request.context, arena: request.arena)
        #expect(list.value.description == #"["a","b","c"]"#)
        let many = (0..<400).map { "s\($0)" }.joined(separator: " ")
        let crowded = SampleRequest(headers: [("x-agent-scopes", many)])
        let overfull = ScopeHeader().scopes(crowded.context, arena: crowded.arena)
        #expect(overfull.isOverfull && overfull.count == Limits.scopes)
    }
}

extension AgentIdentifier {
    fileprivate func identify(_ request: SampleRequest) -> AgentIdentity {
        identify(request.context, CertificateMemory())
    }
}
