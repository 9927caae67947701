// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc
import HTTP2Client
import Platform
import Testing

@testable import Server

@Suite struct AbuseTests {
    private let millisecond = MonotonicTime.millisecond

    /// The server still answers somebody else.
    private func stillServes(_ server: TestServer) throws -> Bool {
        try server.connect().call([Order.echo])["grpc-status"] == "0"
    }

    @Test func randomBytesEndOnlyTheirOwnConnection() throws {
        let server = try TestServer(loops: 2)
        for round in 0..<50 {
            let client = try server.connect()
            let noise = (0..<2000).map { _ in UInt8.random(in: 0...255) }
            client.write((round % 2 == 0 ? Raw.greeting : []) + noise)
        }
        #expect(try stillServes(server))
        #expect(waitUntil { server.server.statistics.connectionsOpen <= 1 })
        server.stop()
    }

    @Test func goAwayReachesAPeerThatGoesOnSending() throws {
        let server = try TestServer()
        let client = try server.connect()
        client.write(client.http.output())
        client.write(Raw.frame(type: Raw.data, stream: 9, [1]))
        for _ in 0..<50 { client.write([UInt8](repeating: 0, count: 1000)) }
        client.talk { client.http.goneAway != nil }
        #expect(client.http.goneAway == 1)
        server.stop()
    }

    @Test func tenThousandStreamsOpenedAndReset() throws {
        let server = try TestServer()
        let client = try server.connect()
        client.write(Raw.greeting)
        for index in UInt32(0)..<10_000 {
            let stream = index * 2 + 1
            let frames =
                Raw.call(echoMethod, stream: stream)
                + Raw.frame(type: Raw.rstStream, stream: stream, Raw.bytes(8))
            if !client.write(frames) { break }
        }
        #expect(waitUntil { server.server.statistics.faults == [.tooManyResets: 1] })
        #expect(try stillServes(server))
        server.stop()
    }

    @Test func peerThatNeverReadsIsClosed() throws {
        let server = try TestServer { $0.stallTime = 300 * self.millisecond }
        let client = try server.connect(window: 1 << 30)
        let size: [UInt8] = withUnsafeBytes(of: UInt32(1 << 20)) { Array($0) }
        client.write(client.http.output())
        // The connection's window too, so that only the socket holds the answers up.
        client.write(Raw.frame(type: Raw.windowUpdate, Raw.bytes(1 << 30)))
        for _ in 0..<60 { client.http.call(echoMethod, [Order.large] + size) }
        client.write(client.http.output())
        #expect(waitUntil { server.server.statistics.calls > 30 })
        #expect(try stillServes(server))
        #expect(waitUntil { server.server.statistics.stalls == 1 })
        server.stop()
    }

    @Test func answersThatNobodyReadsAreBounded() throws {
        let server = try TestServer { limits in
            limits.session.heldAnswers = 4 << 20
            limits.stallTime = 10 * MonotonicTime.second
            limits.drainTime = 100 * self.millisecond
        }
        let client = try server.connect(window: 0)
        let size: [UInt8] = withUnsafeBytes(of: UInt32(1 << 20)) { Array($0) }
        let ids = (0..<20).map { _ in client.http.call(echoMethod, [Order.large] + size) }
        client.talk { ids.filter { client.http.answers[$0]?.closed != nil }.count >= 17 }
        // A megabyte and its prefix take two: two answers fit, the others were reset.
        let reset = ids.filter { client.http.answers[$0]?.closed == 11 }.count
        #expect(reset >= 17 && reset < 20)
        #expect(try stillServes(server))
        server.stop()
    }

    @Test func silentAndSlowPeersAreClosed() throws {
        let server = try TestServer { limits in
            limits.greetingTime = 200 * self.millisecond
            limits.call.requestTime = 200 * self.millisecond
        }
        let silent = try server.connect()
        let half = try server.connect()
        half.write(Array(Raw.preface.prefix(10)))
        let slowHead = try server.connect()
        slowHead.write(slowHead.http.output())
        slowHead.write(
            Raw.frame(type: Raw.headers, stream: 1, Raw.block(Raw.callFields(echoMethod))))
        let slowBody = try server.connect()
        let body = slowBody.http.request(path: echoMethod, body: [0, 0], ends: false)
        #expect(slowBody.finish(body)["grpc-status"] == "4")
        for client in [silent, half] {
            var byte: UInt8 = 0
            #expect(waitUntil { linux_receive(client.socket, &byte, 1) == 0 })
        }
        #expect(waitUntil { server.server.statistics.expired == 2 })
        server.stop()
    }

    @Test func idleConnectionIsToldToGo() throws {
        let server = try TestServer { limits in
            limits.idleTime = 100 * self.millisecond
            limits.greetingTime = 150 * self.millisecond
            limits.stallTime = 150 * self.millisecond
        }
        let client = try server.connect()
        #expect(client.call([Order.echo])["grpc-status"] == "0")
        #expect(client.talkUntilClosed())
        #expect(client.http.goneAway == 0)
        server.stop()
    }

    @Test func connectionsOverTheLimitAreRefused() throws {
        let server = try TestServer { $0.connections = 3 }
        let clients = try (0..<3).map { _ in try server.connect() }
        for client in clients { #expect(client.call([Order.echo])["grpc-status"] == "0") }
        let extra = try server.connect()
        #expect(extra.talkUntilClosed())
        #expect(server.server.statistics.connectionsRefused == 1)
        server.stop()
    }

    @Test func thousandsOfShortConnectionsLeaveNothingBehind() throws {
        let server = try TestServer(loops: 2)
        for _ in 0..<2000 { _ = try server.connect() }
        #expect(try stillServes(server))
        #expect(waitUntil { server.server.statistics.connectionsOpen == 0 })
        server.stop()
    }
}
