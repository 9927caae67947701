// SPDX-License-Identifier: Apache-2.0
import Glibc
import HTTP2Client
import Platform
import Testing

@testable import Server

@Suite struct DrainTests {
    @Test func callsInFlightEndAndNothingElseBegins() throws {
        let server = try TestServer(loops: 2)
        let client = try server.connect()
        let watch = client.http.call("/grpc.health.v1.Health/Watch")
        let held = client.http.call(echoMethod, [Order.whenWoken])
        client.talk { client.http.answers[watch]?.body.isEmpty == false }
        #expect(waitUntil { server.journal.held.load(ordering: .relaxed) == 1 })
        server.server.drain()
        client.talk { client.http.goneAway != nil && client.http.answers[watch]?.closed != nil }
        #expect(client.http.goneAway == 0)
        #expect(client.http.answers[watch]?.body == framed([8, 1]) + framed([8, 2]))
        #expect(client.http.answers[watch]?["grpc-status"] == "14")
        server.wakeLoops()
        #expect(client.finish(held)["grpc-status"] == "0")
        #expect(client.talkUntilClosed())
        server.server.wait()
        #expect(throws: SystemError.self) { try server.connect() }
        #expect(server.journal.ended.load(ordering: .relaxed) == 2)
    }

    @Test func streamsOnTheirWayAreStillTaken() throws {
        let server = try TestServer { $0.drainNotice = 400 * MonotonicTime.millisecond }
        let client = try server.connect()
        #expect(client.call([Order.echo])["grpc-status"] == "0")
        server.server.drain()
        // Written before the client has read the GOAWAY.
        #expect(client.call([Order.echo])["grpc-status"] == "0")
        #expect(client.talkUntilClosed())
        server.server.wait()
    }

    @Test func aCallThatNeverEndsHoldsItForABoundedTimeOnly() throws {
        let server = try TestServer { $0.drainTime = 200 * MonotonicTime.millisecond }
        let client = try server.connect()
        client.http.call(echoMethod, [Order.never])
        client.write(client.http.output())
        #expect(waitUntil { server.journal.held.load(ordering: .relaxed) == 1 })
        let begun = MonotonicTime.now()
        server.stop()
        #expect(MonotonicTime.now() - begun < 2 * MonotonicTime.second)
    }

    @Test func drainMayBeCalledAgain() throws {
        let server = try TestServer(loops: 2)
        server.server.drain()
        server.server.drain()
        server.server.wait()
        server.server.drain()
        server.server.wait()
    }

    // MARK: socket files

    @Test func staleSocketFileIsReplacedAndAnsweringOneIsNot() throws {
        let path = temporarySocketPath()
        // Bound and closed without unlinking, as after kill -9.
        let dead = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(dead, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(bound == 0)
        close(dead)
        let server = try TestServer(extra: [.unix(path: path)])
        #expect(throws: SystemError.self) { try TestServer(extra: [.unix(path: path)]) }
        let client = try SocketClient(.unix(path: path))
        #expect(client.call([Order.echo])["grpc-status"] == "0")
        server.stop()
    }

    @Test func aFileThatIsNoSocketIsLeftAlone() throws {
        let path = temporarySocketPath()
        close(open(path, O_CREAT | O_WRONLY, 0o600))
        defer { unlink(path) }
        #expect(throws: SystemError.self) { try TestServer(extra: [.unix(path: path)]) }
        #expect(access(path, F_OK) == 0)
    }

    @Test func addressesThatCannotBeUsedAreErrors() {
        #expect(throws: SystemError.self) {
            try TestServer(extra: [.tcp(host: "no.such.literal", port: 0)])
        }
        #expect(throws: SystemError.self) {
            try TestServer(extra: [.unix(path: String(repeating: "x", count: 200))])
        }
    }
}
