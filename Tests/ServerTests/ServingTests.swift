// SPDX-License-Identifier: Apache-2.0
import Glibc
import HTTP2Client
import Platform
import Testing

@testable import Server

@Suite struct ServingTests {
    @Test func tcpAndBothKindsOfUnixSockets() throws {
        let path = temporarySocketPath()
        let name = "@portcullis-\(UInt32.random(in: 0 ... .max))"
        let server = try TestServer(extra: [.unix(path: path), .unix(path: name)])
        for address in server.server.addresses {
            let client = try SocketClient(address)
            #expect(client.call([Order.echo, 1, 2]).body == framed([0, 1, 2]), "\(address)")
        }
        server.stop()
        #expect(access(path, F_OK) != 0)
        #expect(server.server.statistics.calls == 3)
    }

    @Test func connectionsGoToTheLeastLoadedLoop() throws {
        let server = try TestServer(loops: 2)
        var clients: [SocketClient] = []
        var perLoop = [0, 0]
        for _ in 0..<8 {
            let client = try server.connect()
            perLoop[Int(client.call([Order.echo]).body[5])] += 1
            clients.append(client)
        }
        #expect(perLoop == [4, 4])
        server.stop()
        #expect(server.journal.ended.load(ordering: .relaxed) == 2)
    }

    @Test func manyCallsOnManyConnectionsAndLoops() throws {
        let server = try TestServer(loops: 2)
        let clients = try (0..<6).map { _ in try server.connect() }
        for round in UInt8(0)..<20 {
            for client in clients {
                let ids = (0..<50).map { _ in client.http.call(echoMethod, [Order.echo, round]) }
                let last = client.finish(ids[49])
                #expect(last.body.last == round)
            }
        }
        #expect(server.server.statistics.calls == 6000)
        server.stop()
    }

    @Test(arguments: [100, 70_000, 4 << 20])
    func messagesOfAllSizes(count: Int) throws {
        let server = try TestServer()
        let client = try server.connect()
        let message = [Order.echo] + [UInt8](repeating: 5, count: count - 1)
        let answer = client.call(message)
        #expect(answer.body.count == count + 5)
        #expect(answer["grpc-status"] == "0")
        server.stop()
    }

    @Test func whoSendsManyCallsGetsAnswersBeforeOthersAreRead() throws {
        let server = try TestServer()
        let clients = try (0..<4).map { _ in try server.connect() }
        for client in clients { _ = client.call([Order.echo]) }
        let stop = clients[0].http.call(echoMethod, [Order.stop])
        clients[0].write(clients[0].http.output())
        #expect(waitUntil { server.journal.isStopped.load(ordering: .relaxed) })
        // All of these are there when the loop looks again.
        let ids = clients[1...].map { client in
            let ids = (0..<20).map { _ in client.http.call(echoMethod, [Order.atBatchEnd]) }
            client.write(client.http.output())
            return ids
        }
        server.journal.isStopped.store(false, ordering: .relaxed)
        for (client, ids) in zip(clients[1...], ids) {
            for id in ids {
                #expect(client.finish(id).body == framed([Order.atBatchEnd, 20]))
            }
        }
        #expect(clients[0].finish(stop).body == framed([]))
        server.stop()
    }

    @Test func answersAtTheEndOfTheBatchByTimerAndByWaking() throws {
        let server = try TestServer(loops: 2)
        let client = try server.connect()
        #expect(client.call([Order.atBatchEnd]).body == framed([Order.atBatchEnd, 1]))
        #expect(client.call([Order.byTimer])["grpc-message"] == "timer")
        let id = client.http.call(echoMethod, [Order.whenWoken])
        client.write(client.http.output())
        #expect(waitUntil { server.journal.held.load(ordering: .relaxed) == 1 })
        server.wakeLoops()
        #expect(client.finish(id).body == framed([42]))
        #expect(server.journal.lateAnswersTaken.load(ordering: .relaxed) == 1)
        server.stop()
    }

    @Test func answerToAClientThatLeftIsHarmless() throws {
        let server = try TestServer()
        do {
            let client = try server.connect()
            client.http.call(echoMethod, [Order.whenWoken])
            client.write(client.http.output())
            #expect(waitUntil { server.journal.held.load(ordering: .relaxed) == 1 })
        }
        #expect(waitUntil { server.server.statistics.connectionsOpen == 0 })
        // The slot is in use again: the old handle must not reach the new connection.
        let other = try server.connect()
        let held = other.http.call(echoMethod, [Order.never])
        other.write(other.http.output())
        #expect(waitUntil { server.journal.held.load(ordering: .relaxed) == 2 })
        server.wakeLoops()
        #expect(waitUntil { server.journal.lateAnswersLost.load(ordering: .relaxed) == 1 })
        #expect(other.http.answers[held]?.closed == nil)
        server.server.drain()
        server.wakeLoops()
        other.http.reset(held)
        other.write(other.http.output())
        server.server.wait()
    }

    @Test func deadlineIsAnsweredWhenTheServiceIsNot() throws {
        let server = try TestServer()
        let client = try server.connect()
        let begun = MonotonicTime.now()
        let answer = client.call([Order.never], fields: [("grpc-timeout", "100m")])
        let took = (MonotonicTime.now() - begun) / MonotonicTime.millisecond
        #expect(answer["grpc-status"] == "4")
        #expect(took >= 100 && took < 1000)
        #expect(server.server.statistics.expired == 1)
        server.stop()
    }

    @Test func healthzAndHealthWatch() throws {
        let server = try TestServer()
        let client = try server.connect()
        let page = client.finish(client.http.request(method: "GET", path: "/healthz", fields: []))
        #expect(page[":status"] == "200")
        let watch = client.http.call("/grpc.health.v1.Health/Watch")
        client.talk { client.http.answers[watch]?.body.count == 7 }
        server.server.setServing(false)
        client.talk { client.http.answers[watch]?.body.count == 14 }
        server.server.setServing(true)
        client.talk { client.http.answers[watch]?.body.count == 21 }
        #expect(
            client.http.answers[watch]?.body == framed([8, 1]) + framed([8, 2]) + framed([8, 1]))
        server.stop()
    }
}
