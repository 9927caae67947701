// SPDX-License-Identifier: Apache-2.0
import GRPC
import HTTP2Client
import Testing

@Suite struct HealthTests {
    private static let check = "/grpc.health.v1.Health/Check"
    private static let watch = "/grpc.health.v1.Health/Watch"

    private func request(_ service: String) -> [UInt8] {
        service.isEmpty ? [] : [0x0A, UInt8(service.utf8.count)] + Array(service.utf8)
    }

    @Test(arguments: ["", "test.Service"])
    func knownServices(name: String) {
        let exchange = Exchange()
        #expect(exchange.answer { $0.call(Self.check, request(name)) }.body == framed([8, 1]))
        exchange.status = .notServing
        #expect(exchange.answer { $0.call(Self.check, request(name)) }.body == framed([8, 2]))
    }

    @Test func unknownServiceIsNotFound() {
        let exchange = Exchange()
        #expect(exchange.answer { $0.call(Self.check, request("x")) }["grpc-status"] == "5")
    }

    @Test func malformedRequest() {
        let exchange = Exchange()
        #expect(exchange.answer { $0.call(Self.check, [0x0A, 0x7F]) }["grpc-status"] == "3")
    }

    @Test func watchTellsEachChange() {
        let exchange = Exchange()
        let id = exchange.client.call(Self.watch, request("test.Service"))
        exchange.talk()
        #expect(exchange.client.answers[id]?.body == framed([8, 1]))
        #expect(exchange.client.answers[id]?.closed == nil)
        if let stream = exchange.session.stream(id) {
            exchange.health.notify(stream, .notServing, reader: exchange.reader)
        }
        exchange.talk()
        #expect(exchange.client.answers[id]?.body == framed([8, 1]) + framed([8, 2]))
    }

    @Test func watchOfAnUnknownServiceStaysOpen() {
        let exchange = Exchange()
        let id = exchange.client.call(Self.watch, request("x"))
        exchange.talk()
        if let stream = exchange.session.stream(id) {
            exchange.health.notify(stream, .notServing, reader: exchange.reader)
        }
        exchange.talk()
        #expect(exchange.client.answers[id]?.body == framed([8, 3]))
        #expect(exchange.client.answers[id]?.closed == nil)
    }
}
