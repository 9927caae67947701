// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc
import HTTP2Client
import Platform
import TLS
import TLSClient
import Testing

@testable import Server

/// The transport with TLS: what the session's own tests cannot see.
@Suite struct EncryptedTests {
    private static let authority = TestAuthority()
    private static let other = TestAuthority("other")
    private static let own = authority.issue(.server)
    private static let gateway = authority.issue(.uri("spiffe://acme.example/gateway"))

    private let millisecond = MonotonicTime.millisecond

    private func credentials(_ authorities: [UInt8] = authority.certificate) throws
        -> ServerCredentials
    {
        try ServerCredentials(
            CredentialTexts(
                certificate: Self.own.certificate, key: Self.own.key,
                clientAuthorities: authorities))
    }

    private func server(
        loops: Int = 1, extra: [ListenAddress] = [],
        _ change: (inout TransportLimits) -> Void = { _ in }
    ) throws -> TestServer {
        try TestServer(
            loops: loops, extra: extra, credentials: CurrentCredentials(try credentials()), change)
    }

    private func connect(
        _ server: TestServer, window: UInt32 = 65_535, session: TestSession? = nil
    ) throws -> SocketClient {
        var options = TestClient.Options(Self.gateway)
        options.authorities = Self.authority.certificate
        options.session = session
        return try SocketClient(
            server.server.addresses[0], window: window, tls: TestClient(options))
    }

    private func failures(_ server: TestServer, _ failure: HandshakeFailure) -> UInt64 {
        server.server.statistics.handshakeFailures[failure] ?? 0
    }

    // MARK: serving

    @Test func tcpIsEncryptedAndUnixIsNot() throws {
        let path = temporarySocketPath()
        let server = try server(extra: [.unix(path: path)])
        let clear = try SocketClient(.unix(path: path))
        #expect(clear.call([Order.echo, 1]).body == framed([0, 1]))
        #expect(server.server.statistics.handshakes == 0)
        let secure = try connect(server)
        #expect(secure.call([Order.echo, 2]).body == framed([0, 2]))
        #expect(server.server.statistics.handshakes == 1)
        server.server.drain()
        #expect(secure.talkUntilClosed())
        #expect(secure.tls?.isClosed == true)
        server.stop()
    }

    @Test(arguments: [100, 70_000, 4 << 20])
    func messagesOfAllSizes(count: Int) throws {
        let server = try server()
        let client = try connect(server, window: 8 << 20)
        let answer = client.call([Order.echo] + [UInt8](repeating: 5, count: count - 1))
        #expect(answer.body.count == count + 5)
        #expect(answer["grpc-status"] == "0")
        server.stop()
    }

    @Test func manyCallsOnManyConnectionsAndLoops() throws {
        let server = try server(loops: 2)
        let clients = try (0..<6).map { _ in try connect(server) }
        for round in UInt8(0)..<10 {
            for client in clients {
                let ids = (0..<50).map { _ in client.http.call(echoMethod, [Order.echo, round]) }
                #expect(client.finish(ids[49]).body.last == round)
            }
        }
        #expect(server.server.statistics.calls == 3000)
        server.stop()
    }

    @Test func answersThatComeLate() throws {
        let server = try server()
        let client = try connect(server)
        #expect(client.call([Order.byTimer])["grpc-status"] == "10")
        let held = client.http.call(echoMethod, [Order.whenWoken])
        client.write(client.http.output())
        #expect(waitUntil { server.journal.held.load(ordering: .relaxed) == 1 })
        server.wakeLoops()
        #expect(client.finish(held)["grpc-status"] == "0")
        server.stop()
    }

    @Test func sessionsAreResumed() throws {
        let server = try server(loops: 2)
        let first = try connect(server)
        #expect(first.call([Order.echo])["grpc-status"] == "0")
        for _ in 0..<4 {
            let next = try connect(server, session: first.tls?.session)
            #expect(next.call([Order.echo])["grpc-status"] == "0")
            #expect(next.tls?.isResumed == true)
        }
        #expect(server.server.statistics.handshakes == 1)
        #expect(server.server.statistics.resumptions == 4)
        server.stop()
    }

    // MARK: hostile peers

    @Test func plainHTTP2IsRefused() throws {
        let server = try server()
        let clear = try SocketClient(server.server.addresses[0])
        clear.http.call(echoMethod, [Order.echo])
        #expect(clear.talkUntilClosed())
        #expect(failures(server, .notTLS) == 1)
        #expect(server.server.statistics.calls == 0)
        server.stop()
    }

    @Test func handshakesThatNeverEnd() throws {
        let server = try server { $0.greetingTime = 200 * self.millisecond }
        let silent = try SocketClient(server.server.addresses[0])
        let half = try SocketClient(server.server.addresses[0])
        half.writeBare(Array(TestClient(TestClient.Options()).output().prefix(50)))
        // Who shook hands and says nothing more has the same time.
        let polite = try connect(server)
        polite.shakeHands()
        for client in [silent, half, polite] { #expect(client.isEnded()) }
        #expect(failures(server, .timeout) == 2)
        #expect(server.server.statistics.handshakes == 1)
        server.stop()
    }

    @Test func peersThatLeaveInAHandshake() throws {
        let server = try server()
        for _ in 0..<50 {
            let client = try SocketClient(server.server.addresses[0])
            client.writeBare(TestClient(TestClient.Options(Self.gateway)).output())
        }
        #expect(waitUntil { failures(server, .closed) == 50 })
        #expect(waitUntil { server.server.statistics.connectionsOpen == 0 })
        server.stop()
    }

    @Test func randomBytesEndOnlyTheirOwnConnection() throws {
        let server = try server(loops: 2)
        let good = try connect(server)
        for round in 0..<60 {
            let noise = (0..<2000).map { _ in UInt8.random(in: 0...255) }
            let bad = try connect(server)
            if round % 3 == 0 {
                bad.talk { bad.tls?.isOpen == true }
            } else if round % 3 == 1 {
                bad.writeBare([0x16, 3, 1, 7, 0xD0])
            }
            bad.writeBare(noise)
            #expect(good.call([Order.echo])["grpc-status"] == "0")
        }
        server.stop()
    }

    @Test func stormOfConnectionsHoldsUpNobody() throws {
        let server = try server()
        let steady = try connect(server)
        #expect(steady.call([Order.echo])["grpc-status"] == "0")
        let storm = try (0..<60).map { _ in try connect(server) }
        for client in storm { client.write(client.http.output()) }
        #expect(steady.call([Order.echo])["grpc-status"] == "0")
        for client in storm { #expect(client.call([Order.echo])["grpc-status"] == "0") }
        #expect(server.server.statistics.handshakes == 61)
        server.stop()
    }

    @Test func peerThatNeverReadsIsClosed() throws {
        let server = try server { $0.stallTime = 300 * self.millisecond }
        let client = try connect(server, window: 1 << 30)
        client.talk { client.tls?.isOpen == true }
        let size: [UInt8] = withUnsafeBytes(of: UInt32(1 << 20)) { Array($0) }
        client.write(client.http.output())
        client.write(Raw.frame(type: Raw.windowUpdate, Raw.bytes(1 << 30)))
        for _ in 0..<60 { client.http.call(echoMethod, [Order.large] + size) }
        client.write(client.http.output())
        #expect(waitUntil { server.server.statistics.calls > 30 })
        #expect(try connect(server).call([Order.echo])["grpc-status"] == "0")
        #expect(waitUntil { server.server.statistics.stalls == 1 })
        server.stop()
    }

    @Test func slowReaderGetsEverything() throws {
        let server = try server()
        let client = try connect(server, window: 1 << 30)
        client.http.widen(1 << 30)
        client.talk { client.tls?.isOpen == true }
        let size: [UInt8] = withUnsafeBytes(of: UInt32(1 << 20)) { Array($0) }
        let ids = (0..<10).map { _ in client.http.call(echoMethod, [Order.large] + size) }
        client.write(client.http.output())
        // Long enough for the server's socket to fill.
        #expect(waitUntil { server.server.statistics.calls == 10 })
        usleep(100_000)
        for id in ids { #expect(client.finish(id).body.count == (1 << 20) + 5) }
        server.stop()
    }

    @Test func closeNotifyIsAnswered() throws {
        let server = try server()
        let client = try connect(server)
        #expect(client.call([Order.echo])["grpc-status"] == "0")
        client.tls?.close()
        client.talk { client.tls?.isClosed == true }
        #expect(client.tls?.isClosed == true)
        #expect(client.talkUntilClosed())
        server.stop()
    }

    // MARK: drain and renewal

    @Test func drainEndsCallsAndSaysGoodbye() throws {
        let server = try server(loops: 2)
        let client = try connect(server)
        let held = client.http.call(echoMethod, [Order.whenWoken])
        client.write(client.http.output())
        client.talk { server.journal.held.load(ordering: .relaxed) == 1 }
        let unfinished = try SocketClient(server.server.addresses[0])
        unfinished.writeBare([0x16, 3])
        server.server.drain()
        client.talk { client.http.goneAway != nil }
        #expect(client.http.goneAway == 0)
        server.wakeLoops()
        #expect(client.finish(held)["grpc-status"] == "0")
        #expect(client.talkUntilClosed())
        #expect(client.tls?.isClosed == true)
        server.server.wait()
    }

    @Test func renewedCertificatesLeaveConnectionsAlone() throws {
        let server = try server()
        let client = try connect(server)
        #expect(client.call([Order.echo])["grpc-status"] == "0")
        server.server.renew(try credentials())
        #expect(client.call([Order.echo])["grpc-status"] == "0")
        #expect(client.http.goneAway == nil)
        // A session of the old ones is not taken up.
        let next = try connect(server, session: client.tls?.session)
        #expect(next.call([Order.echo])["grpc-status"] == "0")
        #expect(next.tls?.isResumed == false)
        server.stop()
    }

    @Test func whoIsNotAdmittedAnyMoreHasToGo() throws {
        let server = try server()
        let client = try connect(server)
        let held = client.http.call(echoMethod, [Order.whenWoken])
        client.write(client.http.output())
        client.talk { server.journal.held.load(ordering: .relaxed) == 1 }
        server.server.renew(try credentials(Self.other.certificate))
        client.talk { client.http.goneAway != nil }
        // What was on its way is answered.
        server.wakeLoops()
        #expect(client.finish(held)["grpc-status"] == "0")
        #expect(client.talkUntilClosed())
        #expect(client.tls?.isClosed == true)
        let next = try connect(server)
        next.http.call(echoMethod, [Order.echo])
        #expect(next.talkUntilClosed())
        #expect(failures(server, .certificateUntrusted) == 1)
        server.stop()
    }
}
