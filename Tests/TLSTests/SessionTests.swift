// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import Glibc
import TLS
import TLSClient
import Testing

/// What comes after the handshake, and sessions that are taken up again.
@Suite struct SessionTests {
    private func opened(_ version: Int32 = TLS1_3_VERSION) throws -> Pair {
        let pair = try Pair(Fixture.gateway) { $0.version = version }
        pair.talk()
        try #require(pair.server.isOpen)
        return pair
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION], [1, 16_384, 16_385, 100_000])
    func textsOfAllSizes(version: Int32, count: Int) throws {
        let pair = try opened(version)
        let text = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        pair.client.send(text)
        pair.talk(pieces: 5000)
        #expect(pair.received == text)
        #expect(pair.send(text))
        #expect(pair.client.take() == text)
    }

    @Test func outputHoldsWhatItPromises() throws {
        let pair = try opened()
        let count = Limits.plaintext(output: 1 << 18)
        #expect(count > 200_000)
        #expect(pair.send([UInt8](repeating: 1, count: count)))
        #expect(pair.client.take().count == count)
    }

    @Test func closeNotifyBothWays() throws {
        let pair = try opened()
        pair.client.send([1])
        pair.client.close()
        pair.talk()
        #expect(pair.received == [1])
        #expect(pair.server.status == .closed)
        // The other direction is still open.
        #expect(pair.send([2]))
        #expect(pair.client.take() == [2])
        pair.end()
        #expect(pair.client.isClosed)
    }

    @Test func weMayCloseFirst() throws {
        let pair = try opened()
        pair.end()
        #expect(pair.client.isClosed)
    }

    @Test func nothingIsSaidBeforeTheHandshakeIsDone() throws {
        let pair = try Pair(Fixture.gateway)
        #expect(!pair.send([1]))
        pair.end()
        #expect(pair.sent == 0)
    }

    @Test func damagedRecordsEndTheConnection() throws {
        let pair = try opened()
        pair.client.send([1, 2, 3])
        var bytes = pair.client.output()
        bytes[bytes.count - 1] ^= 1
        pair.feed(bytes)
        #expect(pair.server.status == .failed)
        #expect(pair.server.failure == nil)
        #expect(pair.received.isEmpty)
        #expect(!pair.send([1]))
    }

    @Test func keysMayChange() throws {
        let pair = try opened()
        for round in UInt8(0)..<20 {
            pair.client.updateKeys(isAnswered: true)
            pair.client.send([round])
            pair.talk()
            #expect(pair.received.last == round)
            #expect(pair.send([round]))
            #expect(pair.client.take() == [round])
        }
    }

    @Test(arguments: [true, false])
    func floodsOfNewKeysEndTheConnection(isAnswered: Bool) throws {
        let pair = try opened()
        var flood: [UInt8] = []
        for _ in 0..<1000 {
            pair.client.updateKeys(isAnswered: isAnswered)
            pair.client.flush()
            flood += pair.client.output()
        }
        let before = pair.sent
        pair.feed(flood)
        #expect(pair.server.status == .failed)
        #expect(pair.server.failure == nil)
        // It was left off soon.
        #expect(pair.sent - before < 2000)
        #expect(!pair.send([1]))
    }

    @Test func noRenegotiation() throws {
        let pair = try opened(TLS1_2_VERSION)
        pair.client.send([1])
        pair.talk()
        pair.client.renegotiate()
        pair.talk()
        // The client is told no, and takes that for the end.
        #expect(pair.client.alert != nil)
        #expect(pair.received == [1])
    }

    // MARK: resumption

    private func again(
        _ credentials: ServerCredentials, _ version: Int32, _ session: TestSession?
    ) throws -> Pair {
        var options = TestClient.Options(Fixture.gateway)
        options.version = version
        options.session = session
        let pair = try Pair(credentials, options)
        pair.talk()
        #expect(pair.server.isOpen)
        // A ticket of TLS 1.3 comes with or after the handshake.
        #expect(pair.send([1]))
        #expect(pair.client.isResumed == pair.server.isResumed)
        return pair
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func sessionsAreResumed(version: Int32) throws {
        let credentials = try Fixture.credentials()
        let first = try again(credentials, version, nil)
        #expect(!first.server.isResumed)
        let second = try again(credentials, version, first.client.session)
        #expect(second.server.isResumed)
        let third = try again(credentials, version, second.client.session)
        #expect(third.server.isResumed)
        #expect(third.sent < first.sent)
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func otherCredentialsResumeNothing(version: Int32) throws {
        let first = try again(try Fixture.credentials(), version, nil)
        let second = try again(try Fixture.credentials(), version, first.client.session)
        #expect(!second.server.isResumed)
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func sessionsEndWithTheirCertificate(version: Int32) throws {
        let credentials = try Fixture.credentials()
        var names = TestNames.uri("spiffe://acme.example/gateway")
        names.ends = 2
        var options = TestClient.Options(Fixture.authority.issue(names))
        options.version = version
        let first = try Pair(credentials, options)
        first.talk()
        #expect(first.server.isOpen && first.send([1]))
        options.session = first.client.session
        sleep(3)
        let second = try Pair(credentials, options)
        second.talk()
        #expect(second.server.failure == .certificateExpired)
    }
}
