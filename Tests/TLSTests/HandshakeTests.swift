// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import TLS
import TLSClient
import Testing

@Suite struct HandshakeTests {
    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION], [1, 7, 300, Int.max])
    func bothVersionsInPiecesOfAllSizes(version: Int32, size: Int) throws {
        let pair = try Pair(Fixture.gateway) { $0.version = version }
        pair.client.send(Array("hello".utf8))
        pair.talk(pieces: size)
        #expect(pair.server.status == .open)
        #expect(pair.client.isOpen)
        #expect(pair.received == Array("hello".utf8))
        #expect(!pair.server.isResumed)
        #expect(pair.send(Array("world".utf8)))
        #expect(pair.client.take() == Array("world".utf8))
    }

    @Test(arguments: [[], ["http/1.1"], ["h2c", "h3"]])
    func protocolIsRequired(protocols: [String]) throws {
        let pair = try Pair(Fixture.gateway) { $0.protocols = protocols }
        pair.talk()
        #expect(pair.server.failure == .protocolMissing)
        #expect(pair.client.alert == Alert.noApplicationProtocol)
    }

    @Test func theRightOneAmongManyProtocols() throws {
        let pair = try Pair(Fixture.gateway) { $0.protocols = ["http/1.1", "h3", "h2"] }
        pair.talk()
        #expect(pair.server.isOpen)
    }

    @Test(arguments: [TLS1_VERSION, TLS1_1_VERSION])
    func oldVersionsAreRefused(version: Int32) throws {
        let pair = try Pair(Fixture.gateway) { $0.version = version }
        pair.talk()
        #expect(pair.server.failure == .version)
        #expect(pair.client.alert == Alert.protocolVersion)
    }

    @Test(arguments: [
        (TLS1_2_VERSION, Alert.handshakeFailure), (TLS1_3_VERSION, Alert.certificateRequired),
    ])
    func certificateIsRequired(version: Int32, alert: Int32) throws {
        let pair = try Pair(nil) { $0.version = version }
        pair.talk()
        #expect(pair.server.failure == .certificateMissing)
        #expect(pair.client.alert == alert)
    }

    @Test func certificatesThatDoNotHold() throws {
        let names = TestNames.uri("spiffe://acme.example/gateway")
        var late = names
        late.ends = -10
        var early = names
        early.begins = 600
        var wrong = names
        wrong.usage = "serverAuth"
        let cases: [(TestIdentity, HandshakeFailure, Int32)] = [
            (Fixture.other.issue(names), .certificateUntrusted, Alert.unknownAuthority),
            (Fixture.authority.issue(late), .certificateExpired, Alert.certificateExpired),
            (Fixture.authority.issue(early), .certificateExpired, Alert.badCertificate),
            (Fixture.authority.issue(wrong), .certificateUntrusted, 43),
        ]
        for (identity, failure, alert) in cases {
            let pair = try Pair(identity)
            pair.talk()
            #expect(pair.server.failure == failure)
            #expect(pair.client.alert == alert, "\(failure)")
            #expect(!pair.send([1]))
        }
    }

    @Test func peerThatDoesNotTrustUs() throws {
        let pair = try Pair(Fixture.gateway) { $0.authorities = Fixture.other.certificate }
        pair.talk()
        #expect(pair.server.failure == .refusedByPeer)
        #expect(pair.client.alert == -1)
    }

    @Test func withoutAuthoritiesNobodyIsAsked() throws {
        var texts = Fixture.texts(clients: nil)
        texts.clientAuthorities = nil
        let pair = try Pair(try ServerCredentials(texts), TestClient.Options())
        pair.talk()
        #expect(pair.server.isOpen)
    }

    @Test func withoutClientsEveryCertificateOfTheAuthorities() throws {
        let anybody = Fixture.authority.issue(TestNames(["DNS:somebody"]))
        let credentials = try ServerCredentials(Fixture.texts(clients: nil))
        let pair = try Pair(credentials, TestClient.Options(anybody))
        pair.talk()
        #expect(pair.server.isOpen)
    }

    // MARK: what is no handshake

    @Test(arguments: [
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", HandshakeFailure.notTLS),
        ("GET / HTTP/1.1\r\n\r\n", .notTLS),
        ("\u{16}\u{3}\u{1}\u{7F}\u{7F}aaaaaaaaaaaaaaaaaaaaaa", .protocolError),
    ])
    func otherProtocols(text: String, failure: HandshakeFailure) throws {
        let pair = try Pair(Fixture.gateway)
        pair.feed(Array(text.utf8))
        #expect(pair.server.status == .failed)
        #expect(pair.server.failure == failure)
        // Nothing brings it back.
        pair.talk()
        #expect(pair.server.status == .failed)
        #expect(pair.received.isEmpty)
    }

    @Test func handshakeOfNoEnd() throws {
        let pair = try Pair(Fixture.gateway)
        // A ClientHello that says it has 131,000 bytes, in records of 1000.
        var message: [UInt8] = [1, 1, 0xFF, 0xB8] + [UInt8](repeating: 3, count: 140_000)
        var fed = 0
        while pair.server.status == .handshaking, !message.isEmpty {
            let part = message.prefix(1000)
            let length = [UInt8(part.count >> 8), UInt8(part.count & 0xFF)]
            pair.feed([0x16, 3, 1] + length + part)
            message.removeFirst(part.count)
            fed += part.count + 5
        }
        #expect(pair.server.status == .failed)
        #expect(fed <= Limits.handshakeBytes + 1005)
        #expect(pair.server.failure == .tooLong || pair.server.failure == .protocolError)
    }

    @Test func everyTruncationOnlyWaits() throws {
        let client = TestClient(TestClient.Options(Fixture.gateway))
        let hello = client.output()
        for count in 0..<hello.count {
            let pair = try Pair(Fixture.gateway)
            pair.feed(Array(hello.prefix(count)))
            #expect(pair.server.status == .handshaking)
            #expect(pair.sent == 0)
        }
    }

    @Test func everyDamagedByteIsSurvived() throws {
        let hello = TestClient(TestClient.Options(Fixture.gateway)).output()
        for index in hello.indices {
            let pair = try Pair(Fixture.gateway)
            var damaged = hello
            damaged[index] ^= UInt8.random(in: 1...255)
            pair.feed(damaged)
            #expect(pair.server.status != .open)
        }
    }

    @Test func oneConnectionsErrorsAreNotAnothers() throws {
        let good = try Pair(Fixture.gateway)
        good.talk()
        let bad = try Pair(Fixture.gateway)
        bad.feed(Array("GET / HTTP/1.1\r\n\r\n".utf8))
        good.client.send([1, 2, 3])
        good.talk()
        #expect(good.server.isOpen)
        #expect(good.received == [1, 2, 3])
    }
}
