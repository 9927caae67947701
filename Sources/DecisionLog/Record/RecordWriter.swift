// SPDX-License-Identifier: Apache-2.0
import Authorization
import Cryptography

/// Encodes decisions as records: one JSON object each, as `record.schema.json` describes it. Makes
/// no strings and allocates nothing after `init`. Belongs to one event loop.
///
/// What a request can make long is cut to `RecordLimits`, so that every record fits an entry; a
/// record with `"truncated":true` lacks something. Credentials never enter: see `isSecretHeader`.
public final class RecordWriter {
    /// The `v` of the schema.
    public static let version = 1

    private var json = JSONBuffer(capacity: DecisionLogLimits.recordBytes)

    public init() {}

    /// Encodes one decision.
    ///
    /// - Parameter time: of the decision, in nanoseconds since 1970-01-01T00:00:00Z.
    /// - Returns: the record, valid until the next call; at most 65,535 bytes.
    public func encode(
        _ request: AttributeContext, _ decision: Decision, _ facts: RecordFacts, time: Int64
    ) -> Bytes {
        json.reset()
        json.beginObject()
        json.key("v")
        json.value(Self.version)
        json.key("time")
        json.time(time)
        json.key("decision_id")
        json.value(decision.id)
        writeAgent(facts, request)
        writeSource(request.source)
        writeRequest(request, facts)
        writePolicy(facts)
        writeAction(facts)
        writeAnswer(decision)
        writeMutations(decision)
        list("labels", decision.labels.count) { json, index in
            json.namedDuration(decision.labels[index].name, decision.labels[index].seconds)
        }
        list("restrictions", decision.restrictions.count) { json, index in
            let restriction = decision.restrictions[index]
            json.namedDuration(restriction.name, restriction.seconds)
        }
        writeTiming(facts.timing)
        writeInput(facts.input)
        if json.isCut {
            json.key("truncated")
            json.value(true)
        }
        json.endObject()
        return json.bytes
    }
}

// The parts, in the order of the record.
extension RecordWriter {
    private func writeAgent(_ facts: RecordFacts, _ request: AttributeContext) {
        json.key("agent")
        json.beginObject()
        text("id", facts.agent, RecordLimits.identity)
        json.key("provenance")
        json.value(facts.agentProvenance.word)
        text("session", facts.session, RecordLimits.name)
        text("scopes", facts.scopes, RecordLimits.headerValue)
        // W3C trace context: which call of the agent's run this was.
        text("trace", request.header(Bytes("traceparent")) ?? .empty, RecordLimits.name)
        json.endObject()
    }

    private func writeSource(_ source: AttributeContext.Peer) {
        guard source.isPresent else { return }
        json.key("source")
        json.beginObject()
        switch source.address {
        case .absent, .empty: break
        case .socket(let address):
            text("address", address.address, RecordLimits.name)
            if case .value(let port) = address.port { number("port", Int(port)) }
        case .pipe(let path, _): text("address", path, RecordLimits.name)
        case .envoyInternal(let listener, _, _): text("address", listener, RecordLimits.name)
        }
        text("principal", source.principal, RecordLimits.identity)
        json.endObject()
    }

    private func writeRequest(_ request: AttributeContext, _ facts: RecordFacts) {
        guard let http = request.http else { return }
        json.key("request")
        json.beginObject()
        text("id", http.id, RecordLimits.name)
        text("method", http.method, RecordLimits.name)
        text("host", http.host, RecordLimits.host)
        json.key("path")
        json.maskedPath(http.path, limit: RecordLimits.path)
        text("protocol", http.protocol, RecordLimits.name)
        number("body_bytes", max(http.body.count, http.rawBody.count))
        if let digest = facts.bodyDigest {
            json.key("body_sha256")
            json.value(digest)
        }
        json.endObject()
    }

    private func writePolicy(_ facts: RecordFacts) {
        json.key("policy")
        json.beginObject()
        text("revision", facts.policyRevision, RecordLimits.name)
        text("entrypoint", facts.entrypoint, RecordLimits.name)
        text("route", facts.route, RecordLimits.name)
        json.endObject()
    }

    private func writeAction(_ facts: RecordFacts) {
        json.key("action")
        json.beginObject()
        json.key("protocol")
        json.value(facts.trafficProtocol.word)
        json.key("effect")
        json.value(facts.effect.word)
        text("operation", facts.operation, RecordLimits.name)
        text("tool", facts.tool, RecordLimits.name)
        if !facts.resource.isEmpty {
            json.key("resource")
            json.maskedPath(facts.resource, limit: RecordLimits.path)
        }
        text("model", facts.model, RecordLimits.name)
        if !facts.destinationHost.isEmpty {
            json.key("destination")
            json.beginObject()
            text("host", facts.destinationHost, RecordLimits.host)
            if facts.destinationPort != 0 { number("port", Int(facts.destinationPort)) }
            json.key("internal")
            json.value(facts.isDestinationInternal)
            json.endObject()
        }
        json.key("certain")
        json.value(facts.isCertain)
        json.endObject()
    }

    private func writeAnswer(_ decision: Decision) {
        json.key("answer")
        json.beginObject()
        json.key("action")
        json.value(decision.action.word)
        json.key("allowed")
        json.value(decision.isAllowed)
        if decision.isError {
            json.key("error")
            json.value(true)
        }
        if let status = decision.httpStatus { number("http_status", status) }
        if let risk = decision.risk { number("risk", risk) }
        list("reasons", decision.reasons.count) { json, index in
            json.beginObject()
            json.key("code")
            json.value(decision.reasons[index].code, limit: RecordLimits.name)
            if !decision.reasons[index].message.isEmpty {
                json.key("message")
                json.value(decision.reasons[index].message, limit: RecordLimits.message)
            }
            json.endObject()
        }
        list("stripped_scopes", decision.strippedScopes.count) { json, index in
            json.value(decision.strippedScopes[index], limit: RecordLimits.name)
        }
        json.endObject()
    }

    private func writeMutations(_ decision: Decision) {
        json.key("mutations")
        json.beginObject()
        list("headers", decision.headers.count) { json, index in
            json.header(decision.headers[index])
        }
        list("response_headers", decision.responseHeadersToAdd.count) { json, index in
            json.header(decision.responseHeadersToAdd[index])
        }
        list("removed_headers", decision.requestHeadersToRemove.count) { json, index in
            json.value(decision.requestHeadersToRemove[index], limit: RecordLimits.name)
        }
        list("query_set", decision.queryParametersToSet.count) { json, index in
            json.value(decision.queryParametersToSet[index].name, limit: RecordLimits.name)
        }
        list("query_removed", decision.queryParametersToRemove.count) { json, index in
            json.value(decision.queryParametersToRemove[index], limit: RecordLimits.name)
        }
        if !decision.body.isEmpty { number("body_bytes", decision.body.count) }
        json.endObject()
    }

    private func writeTiming(_ timing: RecordFacts.Timing) {
        guard timing.total > 0 else { return }
        json.key("timing_ns")
        json.beginObject()
        number("decode", Int(timing.decode))
        number("inspect", Int(timing.inspect))
        number("evaluate", Int(timing.evaluate))
        number("total", Int(timing.total))
        json.endObject()
    }

    private func writeInput(_ input: Bytes) {
        guard !input.isEmpty else { return }
        guard json.room >= input.count + RecordLimits.reserve else {
            json.isCut = true
            return
        }
        json.key("input")
        json.value(json: input)
    }

    // MARK: fields

    /// A string, left out when it is empty.
    private func text(_ key: StaticString, _ text: Bytes, _ limit: Int) {
        guard !text.isEmpty else { return }
        json.key(key)
        json.value(text, limit: limit)
    }

    private func number(_ key: StaticString, _ number: Int) {
        json.key(key)
        json.value(number)
    }

    /// A list, left out when it is empty, and ended before the first element that does not fit.
    private func list(
        _ key: StaticString, _ count: Int, _ element: (inout JSONBuffer, Int) -> Void
    ) {
        guard count > 0 else { return }
        let start = json.count
        json.key(key)
        json.beginArray()
        for index in 0..<count {
            let mark = json.mark
            if index < RecordLimits.elements { element(&json, index) }
            if index >= RecordLimits.elements || json.count - start > RecordLimits.list {
                json.goBack(to: mark)
                break
            }
        }
        json.endArray()
    }
}

extension JSONBuffer {
    fileprivate mutating func namedDuration(_ name: Bytes, _ seconds: Int64) {
        beginObject()
        key("name")
        value(name, limit: RecordLimits.name)
        key("seconds")
        value(Int(seconds))
        endObject()
    }

    /// A header that was set; a credential's value is left out.
    fileprivate mutating func header(_ field: Decision.Field) {
        beginObject()
        key("name")
        value(field.name, limit: RecordLimits.name)
        if isSecretHeader(field.name) {
            key("masked")
            value(true)
        } else {
            key("value")
            value(field.value, limit: RecordLimits.headerValue)
        }
        endObject()
    }
}
