// SPDX-License-Identifier: Apache-2.0

/// `http.send`, with OPA's parameters, caching and response.
enum HTTPSendBuiltins {
    static let all: [Builtin] = [
        Builtin(
            "http.send", "object[string: any] -> object[any: any]", [.nondeterministic, .mayWait]
        ) { evaluation, operands throws(BuiltinError) in
            try send(operands.object(0), evaluation)
        }
    ]

    private static func send(
        _ operand: Value, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        let raises = operand["raise_error"]
        guard raises.isUndefined || raises.kind == .boolean else {
            throw .failed("invalid value for raise_error field")
        }
        do throws(HTTPSendFailure) {
            return try HTTPSend(HTTPSendParameters(operand), evaluation).answer()
        } catch {
            if raises.isUndefined || raises.isTrue || error == .ended { throw error.error }
            return error.object(evaluation)
        }
    }
}

/// Answers of this decision: equal requests give equal answers.
private final class HTTPAnswers {
    enum Answer {
        case response(Value)
        case failure(HTTPSendFailure)
    }

    var byKey: [String: Answer] = [:]
}

/// One call of `http.send`.
private struct HTTPSend {
    private let parameters: HTTPSendParameters
    private let evaluation: Evaluation
    private let key: String
    private let network: Network

    init(
        _ parameters: HTTPSendParameters, _ evaluation: Evaluation
    ) throws(HTTPSendFailure) {
        guard let network = evaluation.network else {
            evaluation.missedNetwork = true
            throw .parameter("no network is available")
        }
        self.parameters = parameters
        self.evaluation = evaluation
        self.network = network
        key = try parameters.cacheKey(evaluation.arena)
    }

    func answer() throws(HTTPSendFailure) -> Value {
        let answers = answers()
        switch answers.byKey[key] {
        case .response(let value): return value
        case .failure(let failure): throw failure
        case nil: break
        }
        do throws(HTTPSendFailure) {
            let value = value(try parameters.usesCache() ? cached() : fetch(), try decoding())
            answers.byKey[key] = .response(value)
            return value
        } catch {
            answers.byKey[key] = .failure(error)
            throw error
        }
    }

    private func answers() -> HTTPAnswers {
        let key = ObjectIdentifier(HTTPAnswers.self)
        if let answers = evaluation.decisionCaches[key] as? HTTPAnswers { return answers }
        let answers = HTTPAnswers()
        evaluation.decisionCaches[key] = answers
        return answers
    }

    // MARK: Between decisions

    private func cached() throws(HTTPSendFailure) -> HTTPResponse {
        try parameters.checkCachingMode()
        let forced = try parameters.forcedSeconds()
        while true {
            if let fresh = fresh() { return fresh }
            switch network.cache.join(key) {
            case .leader(let flight): return try lead(flight, forced)
            case .follower(let flight):
                switch flight.wait(evaluation.patience) {
                case nil: throw .ended
                // A response that may not be kept is for the decision that asked for it only.
                case .done:
                    if let fresh = fresh() { return fresh }
                    return try fetch()
                case .failed(let failure): throw failure
                case .abandoned: continue
                }
            }
        }
    }

    private func fresh() -> HTTPResponse? {
        guard let entry = network.cache.entry(key), evaluation.now < entry.expiry else {
            return nil
        }
        return entry.response
    }

    private func lead(_ flight: HTTPFlight, _ forced: Int64?) throws(HTTPSendFailure)
        -> HTTPResponse
    {
        do throws(HTTPSendFailure) {
            let response = try refreshed(forced)
            network.cache.land(flight, key, .done)
            return response
        } catch {
            network.cache.land(flight, key, error == .ended ? .abandoned : .failed(error))
            throw error
        }
    }

    /// A new response, or the kept one when the server says that it still holds.
    private func refreshed(_ forced: Int64?) throws(HTTPSendFailure) -> HTTPResponse {
        // Between the look at the cache and the lead somebody else may have landed.
        if let fresh = fresh() { return fresh }
        var response: HTTPResponse
        if let stale = network.cache.entry(key), stale.response.canBeRevalidated {
            network.cache.remove(key)
            let answer = try fetch(asking: stale.response)
            response = answer.statusCode == 304 ? stale.response.updated(by: answer) : answer
        } else {
            response = try fetch()
        }
        if HTTPFreshness.mayKeep(response, forced: forced) {
            let expiry = HTTPFreshness.expiry(response, forced: forced, now: evaluation.now)
            network.cache.insert(key, .init(response: response, expiry: expiry))
        }
        return response
    }

    // MARK: Sending

    /// - Parameter stale: a response that the server may confirm.
    private func fetch(asking stale: HTTPResponse? = nil) throws(HTTPSendFailure) -> HTTPResponse {
        var request = try parameters.request(evaluation)
        if let stale { request.headers += stale.validators }
        let retries = try parameters.retries()
        let timeout = try parameters.timeout()
        var attempt = 0
        while true {
            do throws(HTTPSendFailure) {
                return try follow(request, timeout)
            } catch {
                guard attempt < retries, error.mayPass else { throw error }
                pause(before: attempt)
                guard evaluation.patience.left > 0 else { throw .ended }
            }
            attempt += 1
        }
    }

    /// Waits longer before each retry, and not at all before the first.
    private func pause(before attempt: Int) {
        guard attempt > 0 else { return }
        var delay = Limits.httpRetryDelay
        for _ in 1..<attempt { delay = min(delay * 8 / 5, Limits.httpRetryDelayMaximum) }
        let end = MonotonicClock.now() + delay
        while evaluation.patience.left > 0 {
            let now = MonotonicClock.now()
            guard now < end else { return }
            Pause.sleep(min(end - now, Limits.cancellationInterval))
        }
    }

    private func follow(_ request: HTTPRequest, _ timeout: UInt64) throws(HTTPSendFailure)
        -> HTTPResponse
    {
        let follows = try parameters.looseFlag("enable_redirect") ?? false
        var patience = evaluation.patience
        // As in Go, no time is no limit.
        if timeout > 0 {
            patience.deadline = min(
                patience.deadline, MonotonicClock.now().addingSaturated(timeout))
        }
        var request = request
        for _ in 0...Limits.httpRedirects {
            let response = try exchange(request, patience)
            guard follows, let next = request.redirected(by: response) else { return response }
            request = next
        }
        throw .network("stopped after \(Limits.httpRedirects) redirects")
    }

    private func exchange(_ request: HTTPRequest, _ patience: Patience) throws(HTTPSendFailure)
        -> HTTPResponse
    {
        guard evaluation.patience.left > 0 else { throw .ended }
        do throws(NetworkFailure) {
            return try network.transport.exchange(request, patience)
        } catch {
            throw HTTPSendFailure(error, request, evaluation.patience)
        }
    }

    // MARK: The response

    private typealias Decoding = (json: Bool, yaml: Bool)

    private func decoding() throws(HTTPSendFailure) -> Decoding {
        (try parameters.flag("force_json_decode"), try parameters.flag("force_yaml_decode"))
    }

    private func value(_ response: HTTPResponse, _ decoding: Decoding) -> Value {
        let raw = evaluation.string(String(decoding: response.body, as: UTF8.self))
        return evaluation.object([
            ("status", evaluation.string(response.status)),
            ("status_code", .integer(response.statusCode)),
            ("body", body(response, raw, decoding)),
            ("raw_body", raw),
            ("headers", headers(response)),
        ])
    }

    /// As in OPA, what cannot be decoded is null.
    private func body(_ response: HTTPResponse, _ raw: Value, _ decoding: Decoding) -> Value {
        let type = response.header("content-type").lowercased()
        if decoding.json || HTTPResponse.isJSON(type) {
            return (try? JSONReader.read(raw.bytes, into: evaluation.arena)) ?? .null
        }
        let isYAML = type.contains("application/yaml") || type.contains("application/x-yaml")
        if decoding.yaml || isYAML {
            return (try? YAMLReader.read(raw.bytes, evaluation)) ?? .null
        }
        return .null
    }

    private func headers(_ response: HTTPResponse) -> Value {
        let builder = CollectionBuilder.object(in: evaluation.arena)
        for field in response.headers {
            let name = evaluation.string(field.name)
            var values = builder[name].elements.map { $0 }
            values.append(evaluation.string(field.value))
            builder.update(name, evaluation.array(values))
        }
        return builder.finish()
    }
}

extension HTTPSendFailure {
    /// Another attempt may have more luck.
    fileprivate var mayPass: Bool {
        switch self {
        case .network, .timedOut: true
        case .operand, .parameter, .ended: false
        }
    }
}

extension UInt64 {
    func addingSaturated(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
