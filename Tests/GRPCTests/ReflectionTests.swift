// SPDX-License-Identifier: Apache-2.0
import HTTP2Client
import Testing

@testable import GRPC

@Suite struct ReflectionTests {
    private static let paths = [
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    ]

    private func question(_ field: Int, _ text: String) -> [UInt8] {
        var writer = ProtobufWriter()
        writer.field(field, text.utf8)
        return writer.bytes
    }

    private func fields(_ number: Int, of bytes: some Collection<UInt8>) -> [ArraySlice<UInt8>] {
        ProtobufFields(Array(bytes)[...]).filter { $0.number == number }.map(\.bytes)
    }

    private func text(_ bytes: ArraySlice<UInt8>?) -> String {
        String(decoding: bytes ?? [], as: UTF8.self)
    }

    @Test(arguments: paths)
    func listsServicesWhileTheStreamIsOpen(path: String) {
        let exchange = Exchange()
        let ask = question(7, "")
        let id = exchange.client.request(path: path, body: framed(ask), ends: false)
        exchange.talk()
        let body = exchange.client.answers[id]?.body.dropFirst(5) ?? []
        #expect(fields(2, of: body).first.map(Array.init) == ask)
        let list = fields(6, of: body).first ?? []
        let names = fields(1, of: list).map { text(fields(1, of: $0).first) }
        #expect(
            names == [
                "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
                "grpc.reflection.v1alpha.ServerReflection", "test.Service",
            ])
        exchange.client.send([], on: id, ends: true)
        exchange.talk()
        #expect(exchange.client.answers[id]?["grpc-status"] == "0")
    }

    @Test(arguments: [
        "envoy.service.auth.v3.Authorization", "envoy.service.auth.v3.Authorization.Check",
        "envoy.service.auth.v3.CheckRequest",
    ])
    func symbolComesWithWhatItsFileImports(symbol: String) throws {
        let exchange = Exchange()
        let answer = exchange.answer {
            $0.request(path: Self.paths[0], body: framed(question(4, symbol)))
        }
        let files = fields(1, of: fields(4, of: answer.body.dropFirst(5)).first ?? [])
        let names = Set(files.map { text(fields(1, of: $0).first) })
        #expect(
            text(fields(1, of: try #require(files.first)).first)
                == "envoy/service/auth/v3/external_auth.proto")
        #expect(names.isSuperset(of: ["google/rpc/status.proto", "google/protobuf/any.proto"]))
        #expect(answer["grpc-status"] == "0")
    }

    @Test func whatIsUnknownIsAnErrorMessageNotAFailure() {
        let exchange = Exchange()
        for ask in [question(3, "no.proto"), question(4, "no.Symbol"), question(6, "no.Type")] {
            let answer = exchange.answer { $0.request(path: Self.paths[0], body: framed(ask)) }
            let errors = fields(7, of: answer.body.dropFirst(5))
            #expect(errors.count == 1)
            #expect(answer["grpc-status"] == "0")
        }
    }

    @Test func severalQuestionsInOneStream() {
        let exchange = Exchange()
        let ask = framed(question(3, "grpc/health/v1/health.proto"))
        let answer = exchange.answer { $0.request(path: Self.paths[1], body: ask + ask + ask) }
        #expect(answer["grpc-status"] == "0")
        let size = answer.body.count
        #expect(size > 0 && size % 3 == 0)
    }

    @Test func malformedQuestions() {
        let exchange = Exchange()
        func status(_ body: [UInt8]) -> String? {
            exchange.answer { $0.request(path: Self.paths[0], body: body) }["grpc-status"]
        }
        #expect(status(framed([0x0A, 0x7F])) == "3")
        #expect(status([0, 0, 0]) == "13")
        #expect(status(framed([UInt8](repeating: 0, count: 20_000))) == "8")
        #expect(status([]) == "0")
    }

    @Test func everyEmbeddedFileIsClosedUnderImports() {
        let files = FileDescriptors.embedded
        #expect(files.closure(ofFile: "grpc/health/v1/health.proto")?.count == 1)
        #expect(files.closure(ofSymbol: "envoy.service.auth.v3.CheckResponse.status") != nil)
    }
}
