// SPDX-License-Identifier: Apache-2.0
import GRPC
import HTTP2Client
import Testing

@Suite struct UnaryCallTests {
    private static let path = Exchange.method

    @Test func messageComesBackWithOK() {
        let exchange = Exchange()
        let answer = exchange.answer { $0.call(Self.path, [1, 2, 3]) }
        #expect(answer[":status"] == "200")
        #expect(answer["content-type"] == "application/grpc")
        #expect(answer.body == framed([1, 2, 3]))
        #expect(answer["grpc-status"] == "0")
        #expect(answer.headerFrames == 2)
        #expect(answer.closed == 0)
    }

    @Test func emptyMessageIsAMessage() {
        let exchange = Exchange()
        #expect(exchange.answer { $0.call(Self.path) }["grpc-status"] == "0")
        #expect(exchange.calls == [[]])
    }

    @Test func largestMessagePassesAndOneByteMoreDoesNot() {
        let exchange = Exchange(messageLimit: 100_000)
        let largest = [UInt8](repeating: 9, count: 100_000)
        #expect(exchange.answer { $0.call(Self.path, largest) }.body == framed(largest))
        let answer = exchange.answer { $0.call(Self.path, largest + [9]) }
        #expect(answer["grpc-status"] == "8")
        #expect(exchange.calls.count == 1)
    }

    /// Bodies, whether they end, and the status that the specification gives them.
    static let bodies: [(String, [UInt8]?, Int)] = [
        ("no body", nil, 12),
        ("an empty body", [], 12),
        ("half a prefix", [0, 0, 0], 13),
        ("a prefix that promises more than comes", framed([1, 2], length: 3), 13),
        ("a prefix that promises less than comes", framed([1, 2], length: 1), 12),
        ("two messages", framed([1]) + framed([2]), 12),
        ("a compressed message without an encoding", framed([1], flag: 1), 13),
        ("a flag that does not exist", framed([1], flag: 2), 13),
        ("a length over the limit", framed([1], length: 1 << 30), 8),
        ("the largest length", framed([], length: 0xFFFF_FFFF), 8),
    ]

    @Test(arguments: bodies)
    func wrongBodies(name: String, body: [UInt8]?, status: Int) {
        let exchange = Exchange()
        let answer = exchange.answer { $0.request(path: Self.path, body: body) }
        #expect(answer[":status"] == "200", "\(name)")
        #expect(answer["grpc-status"] == String(status), "\(name)")
        #expect(answer["grpc-message"]?.isEmpty == false, "\(name)")
        #expect(answer.headerFrames == 1, "\(name)")
        #expect(answer.closed == 0, "\(name)")
        #expect(exchange.calls.isEmpty, "\(name)")
    }

    @Test func lengthOverTheLimitIsRefusedBeforeTheBodyComes() {
        let exchange = Exchange()
        let answer = exchange.answer {
            $0.request(path: Self.path, body: framed([], length: 1 << 30), ends: false)
        }
        #expect(answer["grpc-status"] == "8")
        #expect(answer.closed == 0)
    }

    @Test func unknownMethodIsUnimplemented() {
        let exchange = Exchange()
        let long = "/" + String(repeating: "x", count: 2000)
        for path in ["/test.Service/Other", "/test.Service", "/", "/test.Service/Echo/", long] {
            let answer = exchange.answer { $0.call(path) }
            #expect(answer["grpc-status"] == "12", "\(path.prefix(30))")
            #expect(answer.headerFrames == 1)
        }
    }

    @Test func unknownEncodingNamesTheAcceptedOnes() {
        let exchange = Exchange()
        let answer = exchange.answer { $0.call(Self.path, fields: [("grpc-encoding", "gzip")]) }
        #expect(answer["grpc-status"] == "12")
        #expect(answer["grpc-accept-encoding"] == "identity")
        let identity = exchange.answer {
            $0.call(Self.path, fields: [("grpc-encoding", "identity")])
        }
        #expect(identity["grpc-status"] == "0")
    }

    @Test(arguments: [
        ("application/grpc", "200"), ("application/grpc+proto", "200"),
        ("application/grpc;charset=utf-8", "200"), ("Application/GRPC", "200"),
        ("application/grpc+json", "415"), ("application/grpc-web", "415"),
        ("application/json", "415"), ("", "415"),
    ])
    func contentTypes(type: String, status: String) {
        let exchange = Exchange()
        let answer = exchange.answer {
            $0.request(
                path: Self.path, fields: [("content-type", type), ("te", "trailers")],
                body: framed([]))
        }
        #expect(answer[":status"] == status)
    }

    @Test func missingTrailersSupportIsAnError() {
        let exchange = Exchange()
        let answer = exchange.answer {
            $0.request(
                path: Self.path, fields: [("content-type", "application/grpc")], body: framed([]))
        }
        #expect(answer["grpc-status"] == "13")
    }

    @Test func plainHTTP() {
        let exchange = Exchange()
        func get(_ path: String) -> Client.Answer {
            exchange.answer { $0.request(method: "GET", path: path, fields: []) }
        }
        #expect(get("/healthz")[":status"] == "200")
        #expect(get("/healthz").body == Array("ok\n".utf8))
        #expect(get("/")[":status"] == "404")
        let answer = exchange.answer { $0.request(method: "GET", path: Self.path) }
        #expect(answer[":status"] == "405")
    }

    @Test func headersOverTheLimit() {
        let exchange = Exchange()
        let huge = String(repeating: "x", count: 40_000)
        let answer = exchange.answer { $0.call(Self.path, fields: [("x-huge", huge)]) }
        #expect(answer[":status"] == "431")
        #expect(exchange.answer { $0.call(Self.path) }["grpc-status"] == "0")
    }

    // MARK: deadlines

    @Test func timeoutBecomesADeadline() {
        let exchange = Exchange()
        _ = exchange.answer { $0.call(Self.path, fields: [("grpc-timeout", "1000m")]) }
        _ = exchange.answer { $0.call(Self.path) }
        #expect(exchange.deadlines == [exchange.now + 1_000_000_000, .max])
    }

    @Test(arguments: ["", "m", "1", "1x", "-1m", "123456789m", "1 m", "0x1m", "1000m "])
    func malformedTimeouts(text: String) {
        let exchange = Exchange()
        let answer = exchange.answer { $0.call(Self.path, fields: [("grpc-timeout", text)]) }
        // A field value may not end in a space: then HTTP/2 itself refuses.
        #expect(answer["grpc-status"] == "13" || answer.closed == 1)
        #expect(exchange.calls.isEmpty)
    }

    @Test func timeoutUnits() {
        func parse(_ text: String) -> UInt64? {
            Array(text.utf8).withUnsafeBufferPointer { GRPCTimeout.parse($0) }
        }
        #expect(parse("1n") == 1)
        #expect(parse("2u") == 2_000)
        #expect(parse("3m") == 3_000_000)
        #expect(parse("4S") == 4_000_000_000)
        #expect(parse("5M") == 300_000_000_000)
        #expect(parse("6H") == 21_600_000_000_000)
        #expect(parse("99999999H") == .max)
        #expect(parse("00000001S") == 1_000_000_000)
    }

    @Test func timeoutOfZeroHasPassed() {
        let exchange = Exchange()
        let answer = exchange.answer { $0.call(Self.path, fields: [("grpc-timeout", "0n")]) }
        #expect(answer["grpc-status"] == "4")
        #expect(exchange.calls.isEmpty)
    }

    @Test func expiredCallIsAnswered() {
        let exchange = Exchange()
        exchange.answers = false
        let id = exchange.client.call(Self.path)
        exchange.talk()
        if let stream = exchange.session.stream(id) { exchange.reader.expire(stream) }
        exchange.talk()
        #expect(exchange.client.answers[id]?["grpc-status"] == "4")
    }

    // MARK: grpc-message

    @Test func messagesArePercentEncoded() {
        let encoded = PercentEncoding.encode("a b%é\n~".utf8)
        #expect(String(decoding: encoded, as: UTF8.self) == "a b%25%C3%A9%0A~")
        let exchange = Exchange()
        exchange.answers = false
        let id = exchange.client.call(Self.path)
        exchange.talk()
        if let stream = exchange.session.stream(id) {
            #expect(exchange.reader.answers.fail(stream, .aborted, "100 % déjà"))
            #expect(!exchange.reader.answers.fail(stream, .aborted, "again"))
        }
        exchange.talk()
        #expect(exchange.client.answers[id]?["grpc-status"] == "10")
        #expect(exchange.client.answers[id]?["grpc-message"] == "100 %25 d%C3%A9j%C3%A0")
    }
}
