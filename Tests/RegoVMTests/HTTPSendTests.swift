// SPDX-License-Identifier: Apache-2.0
import Synchronization
import Testing

@testable import RegoVM

@Suite struct HTTPSendTests {
    private static let json = HTTPField("content-type", "application/json")

    /// An evaluation whose network answers so.
    private func harness(
        cache: HTTPCache = HTTPCache(), _ answer: @escaping FakeNetwork.Answer
    ) -> (BuiltinHarness, FakeNetwork) {
        let harness = BuiltinHarness()
        let network = FakeNetwork(answer)
        harness.evaluation.network = Network(network, cache: cache)
        return (harness, network)
    }

    private func send(_ harness: BuiltinHarness, _ more: String = "") throws -> String {
        let request = #"{"method": "get", "url": "http://a.example/x""# + more + "}"
        return try harness.run(.init("http.send", request, ""))
    }

    @Test func responseHasOPAsShape() throws {
        let (harness, _) = harness { _, _ in
            FakeNetwork.response(
                #"{"a": 1}"#, headers: [Self.json, .init("x", "1"), .init("x", "2")])
        }
        #expect(
            try send(harness)
                == #"{"body": {"a": 1}, "headers": {"content-type": ["application/json"], "#
                + #""x": ["1", "2"]}, "raw_body": "{\"a\": 1}", "status": "200 X", "#
                + #""status_code": 200}"#)
    }

    @Test(arguments: [
        (#", "bad": 1"#, #"operand 1 invalid request parameters(s): {"bad"}"#),
        (#", "tls_ca_cert": 1"#, #""tls_ca_cert" must be a string"#),
        (#", "cache": 1"#, #"invalid value for "cache" field"#),
        (#", "force_cache": true"#, "'force_cache' set but"),
        (#", "caching_mode": "x", "cache": true"#, "invalid value specified for"),
        (#", "headers": {"a b": "c"}"#, "invalid header field name"),
        (#", "headers": {"a": "c\r\nd: e"}"#, "invalid header field value"),
        (#", "timeout": true"#, "'timeout' must be one of {string, number} but got boolean"),
        (#", "max_retry_attempts": -1"#, "invalid value -1 for field"),
        (
            #", "tls_client_cert_file": "/no/cert", "tls_client_key_file": "/no/key""#,
            "no such file"
        ),
    ])
    func parametersAreChecked(_ more: String, _ message: String) throws {
        let (harness, network) = harness { _, _ in FakeNetwork.response("") }
        #expect(try send(harness, more).contains(message))
        let quiet = try send(harness, more + #", "raise_error": false"#)
        #expect(quiet.contains("eval_http_send_internal_error"), "\(quiet)")
        #expect(network.requests.isEmpty)
    }

    @Test func requestIsWhatThePolicySays() throws {
        let (harness, network) = harness { _, _ in FakeNetwork.response("") }
        _ = try send(harness, #", "body": {"b": [1]}, "headers": {"x-one": "1"}"#)
        let request = try #require(network.requests.first)
        #expect(request.method == "GET")
        #expect(request.body == Array(#"{"b":[1]}"#.utf8))
        #expect(request.headers == [.init("X-One", "1"), .init("User-Agent", "portcullis")])
    }

    @Test func unixSockets() throws {
        let (harness, network) = harness { _, _ in FakeNetwork.response("") }
        let request =
            #"{"method": "GET", "url": "unix://localhost/a?socket=%2Frun%2Fs.sock&b=1"}"#
        _ = try harness.run(.init("http.send", request, ""))
        #expect(network.requests.first?.socket == "/run/s.sock")
        #expect(network.requests.first?.url == "http://localhost/a?b=1")
    }

    @Test func errorsAreValuesWhenThePolicySaysSo() throws {
        let (harness, _) = harness { _, _ throws(NetworkFailure) in throw .failed("refused") }
        #expect(
            try send(harness)
                == #"eval_builtin_error: Get "http://a.example/x": refused"#)
        #expect(
            try send(harness, #", "raise_error": false"#)
                == #"{"error": {"code": "eval_http_send_network_error", "message": "#
                + #""Get \"http://a.example/x\": refused"}, "status_code": 0}"#)
    }

    @Test func deadlineEndsTheDecision() throws {
        let (harness, _) = harness { _, _ throws(NetworkFailure) in throw .timedOut }
        harness.evaluation.deadline = 1
        let text = try send(harness, #", "raise_error": false"#)
        #expect(text.hasPrefix("eval_cancel_error"))
    }

    @Test func retries() throws {
        let (harness, network) = harness { _, number throws(NetworkFailure) in
            if number < 2 { throw .failed("refused") }
            return FakeNetwork.response("")
        }
        #expect(try send(harness, #", "max_retry_attempts": 2"#).contains("200"))
        #expect(network.requests.count == 3)
    }

    @Test func redirectsAreFollowedOnRequest() throws {
        let (harness, network) = harness { request, number in
            number == 0 || request.url == "http://a.example/x"
                ? FakeNetwork.response("", 302, redirect: "http://b.example/y")
                : FakeNetwork.response("")
        }
        let secret = #", "headers": {"authorization": "s", "x": "y"}"#
        #expect(try send(harness, secret).contains("302"))
        #expect(try send(harness, secret + #", "enable_redirect": true"#).contains("200"))
        let last = try #require(network.requests.last)
        #expect(last.url == "http://b.example/y")
        #expect(!last.headers.contains { $0.name == "Authorization" })
    }

    @Test func circleOfRedirectsEnds() throws {
        let (harness, network) = harness { _, _ in
            FakeNetwork.response("", 307, redirect: "http://a.example/x")
        }
        #expect(try send(harness, #", "enable_redirect": true"#).contains("stopped after 10"))
        #expect(network.requests.count == 11)
    }

    // MARK: Caching

    private static let fresh = [
        HTTPField("cache-control", "max-age=60"),
        HTTPField("date", "Thu, 01 Jan 1970 00:00:00 GMT"),
    ]

    @Test func equalRequestsOfOneDecisionAreSentOnce() throws {
        let (harness, network) = harness { _, number in FakeNetwork.response("\(number)") }
        #expect(try send(harness) == send(harness))
        harness.evaluation.begin(now: 0)
        _ = try send(harness)
        #expect(network.requests.count == 2)
    }

    @Test func freshResponsesOutliveTheDecision() throws {
        let (harness, network) = harness { _, _ in
            FakeNetwork.response("", headers: Self.fresh)
        }
        for second: Int64 in [0, 59, 61] {
            harness.evaluation.begin(now: second * 1_000_000_000)
            _ = try send(harness, #", "cache": true"#)
        }
        #expect(network.requests.count == 2)
    }

    @Test(arguments: [("no-store", 500, 3), ("max-age=60", 500, 3), ("max-age=60", 404, 1)])
    func notEverythingIsKept(_ control: String, _ code: Int, _ count: Int) throws {
        let (harness, network) = harness { _, _ in
            FakeNetwork.response("", code, headers: [.init("cache-control", control)])
        }
        for _ in 0..<3 {
            harness.evaluation.begin(now: 0)
            _ = try send(harness, #", "cache": true"#)
        }
        #expect(network.requests.count == count)
    }

    @Test func forcedResponsesStayAsLongAsThePolicySays() throws {
        let (harness, network) = harness { _, _ in
            FakeNetwork.response("", headers: [.init("cache-control", "no-store")])
        }
        for second: Int64 in [0, 9, 11] {
            harness.evaluation.begin(now: second * 1_000_000_000)
            _ = try send(harness, #", "force_cache": true, "force_cache_duration_seconds": 10"#)
        }
        #expect(network.requests.count == 2)
    }

    @Test func staleResponsesAreRevalidated() throws {
        let (harness, network) = harness { request, _ in
            request.headers.contains(.init("If-None-Match", #""v1""#))
                ? FakeNetwork.response("", 304, headers: Self.fresh)
                : FakeNetwork.response("first", headers: [.init("etag", #""v1""#)])
        }
        for _ in 0..<3 {
            harness.evaluation.begin(now: 0)
            #expect(try send(harness, #", "cache": true"#).contains("first"))
        }
        // The 304 made it fresh.
        #expect(network.requests.count == 2)
    }

    @Test func ignoredHeadersDoNotTellRequestsApart() throws {
        let (harness, network) = harness { _, _ in
            FakeNetwork.response("", headers: Self.fresh)
        }
        for id in ["1", "2"] {
            harness.evaluation.begin(now: 0)
            let headers = #", "headers": {"a": "\#(id)", "b": "c"}"#
            _ = try send(harness, headers + #", "cache": true, "cache_ignored_headers": ["a"]"#)
        }
        #expect(network.requests.count == 1)
    }

    @Test func cacheIsBounded() throws {
        let cache = HTTPCache(bytes: 10_000)
        let body = String(repeating: "x", count: 1000)
        let (harness, network) = harness(cache: cache) { _, _ in
            FakeNetwork.response(body, headers: Self.fresh)
        }
        for number in 0..<50 {
            harness.evaluation.begin(now: 0)
            _ = try send(harness, #", "cache": true, "headers": {"a": "\#(number)"}"#)
            #expect(cache.bytes <= 10_000)
        }
        #expect(cache.bytes > 3000)
        // The newest are those that are left.
        harness.evaluation.begin(now: 0)
        _ = try send(harness, #", "cache": true, "headers": {"a": "49"}"#)
        #expect(network.requests.count == 50)
    }

    @Test func whatIsTooLargeIsNotKept() throws {
        let cache = HTTPCache(bytes: 500)
        cache.insert(
            "k",
            .init(
                response: FakeNetwork.response(
                    String(repeating: "x", count: 1000)), expiry: .max))
        #expect(cache.bytes == 0)
    }

    @Test func followersTakeOverFromALeaderThatGivesUp() throws {
        let cache = HTTPCache()
        guard case .leader(let flight) = cache.join("k"), case .follower = cache.join("k") else {
            return #expect(Bool(false))
        }
        let late = Patience(deadline: MonotonicClock.now() + 1_000_000)
        #expect(flight.wait(late) == nil)
        cache.land(flight, "k", .abandoned)
        guard case .abandoned? = flight.wait(.init(deadline: .max)) else {
            return #expect(Bool(false))
        }
        guard case .leader = cache.join("k") else { return #expect(Bool(false)) }
    }

    @Test func cancellationEndsAWait() {
        let cancellation = Cancellation()
        cancellation.cancel()
        #expect(HTTPFlight().wait(.init(deadline: .max, cancellation: cancellation)) == nil)
    }

    @Test func withoutANetworkNothingIsSent() throws {
        let harness = BuiltinHarness()
        #expect(try send(harness) == "eval_builtin_error: no network is available")
    }
}
