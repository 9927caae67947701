// SPDX-License-Identifier: Apache-2.0
import TLS
import TLSClient
import Testing

/// Which SPIFFE IDs get in.
@Suite struct ClientTests {
    private func connect(_ names: TestNames) throws -> (Pair, HandshakeFailure?) {
        let pair = try Pair(Fixture.authority.issue(names))
        pair.talk()
        return (pair, pair.server.failure)
    }

    @Test(arguments: [
        "spiffe://acme.example/gateway", "spiffe://acme.example/below/a",
        "spiffe://acme.example/below/a/b",
    ])
    func configuredOnesGetIn(id: String) throws {
        let (pair, failure) = try connect(.uri(id))
        #expect(failure == nil)
        #expect(pair.server.isOpen)
    }

    @Test(arguments: [
        "spiffe://acme.example/gatewa", "spiffe://acme.example/gateway2",
        "spiffe://acme.example/gateway/a", "spiffe://acme.example/below",
        "spiffe://acme.example/belowa", "spiffe://other.example/gateway",
        "spiffe://acme.example.evil/gateway",
    ])
    func othersAreUnknown(id: String) throws {
        let (pair, failure) = try connect(.uri(id))
        #expect(failure == .clientUnknown)
        #expect(pair.client.alert == Alert.badCertificate)
    }

    @Test(arguments: [
        "https://acme.example/gateway", "SPIFFE://acme.example/gateway",
        "spiffe://acme.example:1/gateway", "spiffe://u@acme.example/gateway",
        "spiffe://acme.example/gateway?a=b", "spiffe://acme.example/./gateway",
        "spiffe://acme.example//gateway", "spiffe://acme.example/gateway/",
        "spiffe://acme.example/%67ateway", "spiffe://acme.example", "spiffe://Acme.example/gateway",
    ])
    func whatIsNoSPIFFEIDIsNobody(uri: String) throws {
        #expect(try connect(.uri(uri)).1 == .clientUnnamed)
    }

    @Test func exactlyOneURI() throws {
        let id = "spiffe://acme.example/gateway"
        #expect(try connect(.uri(id, "spiffe://acme.example/agent")).1 == .clientUnnamed)
        #expect(try connect(.uri("https://acme.example/", id)).1 == .clientUnnamed)
        #expect(try connect(.uri(id, id)).1 == .clientUnnamed)
        #expect(try connect(TestNames(["DNS:acme.example"])).1 == .clientUnnamed)
        #expect(try connect(TestNames([])).1 == .clientUnnamed)
        #expect(try connect(TestNames(["DNS:acme.example", "URI:" + id])).1 == nil)
    }

    @Test func bytesAfterANulAreSeen() throws {
        var names = TestNames([])
        names.rawURIs = [Array("spiffe://acme.example/gateway\0.evil".utf8)]
        #expect(try connect(names).1 == .clientUnnamed)
        names.rawURIs = [Array("spiffe://acme.example/gateway\0".utf8)]
        #expect(try connect(names).1 == .clientUnnamed)
        names.rawURIs = [[]]
        #expect(try connect(names).1 == .clientUnnamed)
        names.rawURIs = [Array("spiffe://acme.example/gateway".utf8)]
        #expect(try connect(names).1 == nil)
    }

    @Test func authoritiesAreNoClients() throws {
        var names = TestNames.uri("spiffe://acme.example/gateway")
        names.isAuthority = true
        names.keyUsage = "digitalSignature,keyCertSign"
        #expect(try connect(names).1 == .clientUnnamed)
        names.isAuthority = false
        names.keyUsage = "digitalSignature,cRLSign"
        #expect(try connect(names).1 == .clientUnnamed)
        names.keyUsage = ""
        #expect(try connect(names).1 == nil)
    }

    @Test(arguments: [
        "", "*", "/*", "spiffe://", "spiffe:///*", "acme.example", "spiffe://acme.example/a*",
        "spiffe://acme.example/*/a", "spiffe://acme.example/", "spiffe://acme.example/a/",
        "spiffe://acme.example/a/*/*", "https://acme.example/*",
    ])
    func patternsThatAreNone(text: String) { #expect(ClientPattern(text) == nil) }

    @Test func refusedOnesAreNamed() throws {
        let refused = RefusedClients()
        let credentials = try ServerCredentials(Fixture.texts(), refused: refused)
        for id in ["gateway", "agent", "agent"] {
            let identity = Fixture.authority.issue(.uri("spiffe://acme.example/\(id)"))
            let pair = try Pair(credentials, TestClient.Options(identity))
            pair.talk()
        }
        #expect(refused.take() == ["spiffe://acme.example/agent": 2])
        #expect(refused.take().isEmpty)
    }

    @Test func wholeTrustDomain() throws {
        let credentials = try ServerCredentials(
            Fixture.texts(clients: ["spiffe://acme.example/*"]))
        for (id, isIn) in [("spiffe://acme.example/a", true), ("spiffe://acme.evil/a", false)] {
            let identity = Fixture.authority.issue(.uri(id))
            let pair = try Pair(credentials, TestClient.Options(identity))
            pair.talk()
            #expect(pair.server.isOpen == isIn)
        }
    }
}
