// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import Admin

/// Requests that are not as they should be.
@Suite struct RequestTests {
    let harness: Harness

    init() throws { harness = try Harness() }

    @Test func pathsThatAreNone() {
        for path in [
            "/", "/v1", "/v1/agents/", "/v1//agents", "/v1/agents/%", "/v1/agents/%zz",
            "/v1/agents/%00", "/v1/agents/%ff", "/v1/agents/..", "/v1/agents/%2e%2e",
            "/v1/agents/a/b/c/d/e/f/g", "/V1/agents", "/v1/agents/a%0d%0ab",
        ] {
            let answer = harness.send("GET", path)
            #expect((answer.status, answer.code) == (404, "not_found"), "\(path)")
        }
    }

    @Test func methodsThatAreNotThere() {
        let answer = harness.send("PUT", "/v1/agents/a/restrictions")
        #expect((answer.status, answer.code) == (405, "method_not_allowed"))
        #expect(answer.headers["allow"] == "POST, DELETE")
        #expect(harness.send("DELETE", "/v1/agents").headers["allow"] == "GET, HEAD")
        let head = harness.send("HEAD", "/v1/agents")
        #expect((head.status, head.body) == (200, ""))
    }

    @Test func bodiesOfTheWrongKind() {
        let path = "/v1/agents/a/restrictions"
        let body = #"{"name":"isolate","seconds":60}"#
        #expect(harness.send("POST", path, body, type: "text/plain").status == 415)
        #expect(harness.send("POST", path, body, type: nil).status == 415)
        #expect(harness.send("POST", path, body, type: "application/jsonx").status == 415)
        #expect(
            harness.send("POST", path, body, type: "Application/JSON ; charset=utf-8").status == 201
        )
        #expect(harness.send("POST", path).code == "missing_body")
        #expect(harness.send("POST", "/v1/policy/reload", "{}").code == "unexpected_body")
    }

    @Test(arguments: [
        ("", "missing_body"), ("{", "json_unexpected_end"), ("[]", "invalid_body"),
        (#"{"name":"isolate","seconds":60,"seconds":61}"#, "json_duplicate_key"),
        (#"{"name":"isolate","seconds":60} x"#, "json_trailing_bytes"),
        (#"{"name":"isolate","seconds":1e99}"#, "invalid_body"),
        (#"{"name":"iso\u0000late","seconds":60}"#, "invalid_body"),
        (#"{"name":"isolate","seconds":60,"extra":1}"#, "invalid_body"),
        (#"{"name":null,"seconds":60}"#, "invalid_body"),
    ])
    func bodiesThatAreWrong(_ body: String, _ code: String) {
        let answer = harness.send("POST", "/v1/agents/a/restrictions", body)
        #expect((answer.status, answer.code) == (400, code))
        #expect(harness.operations.state.withLock { $0.count } == 0)
    }

    @Test func bodiesThatAreTooLarge() {
        let path = "/v1/agents/a/restrictions"
        let large = #"{"name":"\#(String(repeating: "x", count: Limits.bodyBytes))"}"#
        #expect(harness.send("POST", path, large).status == 413)
        let deep = String(repeating: "[", count: 60_000)
        #expect(harness.send("POST", path, deep).code == "json_too_deep")

        let head =
            "POST \(path) HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            + "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        let chunk = "10000\r\n" + String(repeating: " ", count: 65536) + "\r\n"
        let answer = harness.raw(Array((head + chunk + chunk + "0\r\n\r\n").utf8))
        #expect(answer.status == 413)
        let endless = String(repeating: chunk, count: 40)
        _ = harness.raw(Array((head + endless).utf8))
        #expect(harness.send("GET", "/v1/health").status == 200)
    }

    @Test func queriesThatAreWrong() {
        for (query, code) in [
            ("?x=1", "unknown_parameter"), ("?limit=0", "invalid_parameter"),
            ("?limit=1&limit=2", "duplicate_parameter"), ("?contains=%zz", "invalid_parameter"),
            ("?restricted=yes", "invalid_parameter"),
        ] {
            let answer = harness.send("GET", "/v1/agents\(query)")
            #expect((answer.status, answer.code) == (400, code), "\(query)")
        }
    }

    @Test func bytesThatAreNoRequest() {
        for text in ["", "\r\n", "GET\r\n\r\n", "\u{0}\u{1}\r\n\r\n", "GET / HTTP/9.9\r\n\r\n"] {
            _ = harness.raw(Array(text.utf8), endsInput: true)
        }
        let long = "GET /v1/agents/" + String(repeating: "a", count: 100_000) + " HTTP/1.1\r\n\r\n"
        #expect([0, 404, 414, 431].contains(harness.raw(Array(long.utf8)).status))
        #expect(harness.send("GET", "/v1/health").status == 200)
    }

    /// A fixed seed, so that a failure comes again.
    @Test func pathsSurviveARoundTrip() {
        var random = Lehmer(state: 7)
        for _ in 0..<5000 {
            let text = String(
                String.UnicodeScalarView(
                    (0..<(random.next() % 12)).compactMap { _ in
                        Unicode.Scalar(UInt32(random.next() % 0x3000))
                    }))
            let encoded = text.utf8.map { byte in
                let digits = String(byte, radix: 16, uppercase: random.next() % 2 == 0)
                return "%" + (digits.count < 2 ? "0" : "") + digits
            }.joined()
            let isName =
                !text.isEmpty && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
                && text != "." && text != ".."
            let path = RequestPath("/v1/\(encoded)")
            #expect(path?.segments == (isName ? ["v1", text] : nil), "\(encoded)")
        }
    }

    @Test func anyBytesAsABody() {
        var random = Lehmer(state: 11)
        let seed = Array(#"{"name":"isolate","seconds":60,"reason":"\u00e9 é"}"#.utf8)
        for _ in 0..<20_000 {
            var bytes = seed
            for _ in 0...(random.next() % 4) {
                let place = Int(random.next()) % bytes.count
                switch random.next() % 3 {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes.remove(at: place)
                default: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
                }
            }
            do throws(Problem) {
                let (name, seconds) = try BodyFields.read(bytes) { fields in
                    let result = (fields.text("name", 20), fields.integer("seconds", 1...60))
                    _ = fields.optionalText("reason", 20)
                    return result
                }
                #expect(!name.isEmpty && name.utf8.count <= 20 && (1...60).contains(seconds))
            } catch {
                #expect(error.status == 400)
            }
        }
    }
}

/// A small generator with a known sequence.
struct Lehmer {
    var state: UInt64

    mutating func next() -> UInt32 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt32(truncatingIfNeeded: state >> 33)
    }
}
