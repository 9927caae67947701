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

    /// Whether something of the last record was cut or left out.
    public var isCut: Bool { json.isCut }

    /// Encodes one decision.
    ///
    /// - Parameter time: of the decision, in nanoseconds since 1970-01-01T00:00:00Z.
    /// - Returns: the record, valid until the next call; at most 65,535 bytes.
    public func encode(
        _ request: AttributeContext, _ decision: Decision, _ facts: RecordFacts, time: Int64
    ) -> Bytes {
        json.reset()
        json.writeRecord(request, decision, facts, time)
        return json.bytes
    }
}

// The parts, in the order of the record. They are methods of the buffer: as a property of the
// writer each use of it would pay a run-time exclusivity check.
extension JSONBuffer {
    fileprivate mutating func writeRecord(
        _ request: AttributeContext, _ decision: Decision, _ facts: RecordFacts, _ moment: Int64
    ) {
        beginObject()
        key("v")
        value(RecordWriter.version)
        key("time")
        time(moment)
        key("decision_id")
        value(decision.id)
        writeAgent(facts, request)
        writeSource(request.source)
        writeRequest(request, facts)
        writePolicy(facts)
        writeAction(facts)
        writeAnswer(decision)
        writeApproval(decision)
        writeThreat(facts.threat)
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
        if isCut {
            key("truncated")
            value(true)
        }
        endObject()
    }

    private mutating func writeAgent(_ facts: RecordFacts, _ request: AttributeContext) {
        key("agent")
        beginObject()
        text("id", facts.agent, RecordLimits.identity)
        key("provenance")
        value(facts.agentProvenance.word)
        text("session", facts.session, RecordLimits.name)
        text("scopes", facts.scopes, RecordLimits.headerValue)
        // W3C trace context: which call of the agent's run this was.
        text("trace", request.header(Bytes("traceparent")) ?? .empty, RecordLimits.name)
        endObject()
    }

    private mutating func writeSource(_ source: AttributeContext.Peer) {
        guard source.isPresent else { return }
        key("source")
        beginObject()
        switch source.address {
        case .absent, .empty: break
        case .socket(let address):
            text("address", address.address, RecordLimits.name)
            if case .value(let port) = address.port { number("port", Int(port)) }
        case .pipe(let path, _): text("address", path, RecordLimits.name)
        case .envoyInternal(let listener, _, _): text("address", listener, RecordLimits.name)
        }
        text("principal", source.principal, RecordLimits.identity)
        endObject()
    }

    private mutating func writeRequest(_ request: AttributeContext, _ facts: RecordFacts) {
        guard let http = request.http else { return }
        key("request")
        beginObject()
        text("id", http.id, RecordLimits.name)
        text("method", http.method, RecordLimits.name)
        text("host", http.host, RecordLimits.host)
        key("path")
        maskedPath(http.path, limit: RecordLimits.path)
        text("protocol", http.protocol, RecordLimits.name)
        number("body_bytes", max(http.body.count, http.rawBody.count))
        if let digest = facts.bodyDigest {
            key("body_sha256")
            value(digest)
        }
        endObject()
    }

    private mutating func writePolicy(_ facts: RecordFacts) {
        key("policy")
        beginObject()
        text("revision", facts.policyRevision, RecordLimits.name)
        text("entrypoint", facts.entrypoint, RecordLimits.name)
        text("route", facts.route, RecordLimits.name)
        endObject()
    }

    private mutating func writeAction(_ facts: RecordFacts) {
        key("action")
        beginObject()
        key("protocol")
        value(facts.trafficProtocol.word)
        key("effect")
        value(facts.effect.word)
        text("operation", facts.operation, RecordLimits.name)
        text("tool", facts.tool, RecordLimits.name)
        if !facts.resource.isEmpty {
            key("resource")
            maskedPath(facts.resource, limit: RecordLimits.path)
        }
        text("model", facts.model, RecordLimits.name)
        if !facts.destinationHost.isEmpty {
            key("destination")
            beginObject()
            text("host", facts.destinationHost, RecordLimits.host)
            if facts.destinationPort != 0 { number("port", Int(facts.destinationPort)) }
            key("internal")
            value(facts.isDestinationInternal)
            endObject()
        }
        key("certain")
        value(facts.isCertain)
        endObject()
    }

    private mutating func writeAnswer(_ decision: Decision) {
        key("answer")
        beginObject()
        key("action")
        value(decision.action.word)
        key("allowed")
        value(decision.isAllowed)
        if decision.isError {
            key("error")
            value(true)
        }
        if let status = decision.httpStatus { number("http_status", status) }
        if let risk = decision.risk { number("risk", risk) }
        writeSignals(decision)
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
        endObject()
    }

    private mutating func writeMutations(_ decision: Decision) {
        key("mutations")
        beginObject()
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
        endObject()
    }

    private mutating func writeTiming(_ timing: RecordFacts.Timing) {
        guard timing.total > 0 else { return }
        key("timing_ns")
        beginObject()
        number("decode", Int(timing.decode))
        number("inspect", Int(timing.inspect))
        number("evaluate", Int(timing.evaluate))
        number("total", Int(timing.total))
        endObject()
    }

    private mutating func writeInput(_ input: Bytes) {
        guard !input.isEmpty else { return }
        guard room >= input.count + RecordLimits.reserve else {
            isCut = true
            return
        }
        key("input")
        value(json: input)
    }

    // MARK: fields

    /// A string, left out when it is empty.
    @inline(__always)
    private mutating func text(_ name: StaticString, _ text: Bytes, _ limit: Int) {
        guard !text.isEmpty else { return }
        key(name)
        value(text, limit: limit)
    }

    @inline(__always)
    private mutating func number(_ name: StaticString, _ number: Int) {
        key(name)
        value(number)
    }

    /// A list, left out when it is empty, and ended before the first element that does not fit.
    private mutating func list(
        _ name: StaticString, _ elements: Int, _ element: (inout JSONBuffer, Int) -> Void
    ) {
        guard elements > 0 else { return }
        let start = count
        key(name)
        beginArray()
        for index in 0..<elements {
            let mark = mark
            if index < RecordLimits.elements { element(&self, index) }
            if index >= RecordLimits.elements || count - start > RecordLimits.list {
                goBack(to: mark)
                break
            }
        }
        endArray()
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
