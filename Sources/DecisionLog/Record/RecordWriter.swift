// SPDX-License-Identifier: Apache-2.0
import Authorization
import Cryptography

/// Encodes records: one JSON object each, as `record.schema.json` describes it. Makes no strings
/// and allocates nothing after `init`. Belongs to one event loop.
///
/// A record has no number of its own: its leaf index in the log is the monotonic sequence.
///
/// What a request can make long is cut to `RecordLimits`, so that every record fits an entry; a
/// record with `"truncated":true` lacks something. Credentials never enter: see
/// `Bytes.namesSecret`.
public final class RecordWriter {
    /// The `v` of the schema.
    public static let version = 1

    private var json = JSONBuffer(capacity: DecisionLogLimits.recordBytes)

    public init() {}

    /// Whether the last record lacks something that was too long.
    public var isCut: Bool { json.isCut }

    /// Whether all texts of the last record are in it as they were given: none was masked, and none
    /// needed an escape.
    public var isVerbatim: Bool { json.isVerbatim }

    /// Encodes one decision.
    ///
    /// - Parameter time: of the decision, in nanoseconds since 1970-01-01T00:00:00Z.
    /// - Returns: the record, valid until the next call; at most 65,535 bytes.
    public func encode(
        _ request: AttributeContext, _ decision: Decision, _ facts: RecordFacts, time: Int64
    ) -> Bytes {
        json.reset()
        json.writeDecision(request, decision, facts, time)
        return json.bytes
    }

    /// Encodes what a record says of the answer, as its members have it: `"answer":{...},...`.
    /// Replay compares it with a record's own.
    public func encodeOutcome(_ decision: Decision, _ mask: RecordMask.Parts) -> Bytes {
        json.reset()
        json.writeOutcome(decision, mask)
        return json.bytes
    }

    /// Encodes a record of another kind.
    ///
    /// - Parameters:
    ///   - kind: one of the schema's.
    ///   - body: writes the members after the common ones.
    func encode(
        kind: StaticString, id: DecisionID, time: Int64, _ body: (inout JSONBuffer) -> Void
    ) -> Bytes {
        json.reset()
        json.beginObject()
        json.writeFrame(kind, time)
        json.key("id")
        json.value(id)
        body(&json)
        json.endRecord()
        return json.bytes
    }
}

// The parts, in the order of the record. They are methods of the buffer: as a property of the
// writer each use of it would pay a run-time exclusivity check.
extension JSONBuffer {
    fileprivate mutating func writeDecision(
        _ request: AttributeContext, _ decision: Decision, _ facts: RecordFacts, _ moment: Int64
    ) {
        beginObject()
        writeFrame("decision", moment)
        key("decision_id")
        value(decision.id)
        writeAgent(facts)
        if !facts.mask.parts.contains(.principals) { written("principals", facts.principals) }
        if !facts.mask.parts.contains(.trace) { writeTrace(facts) }
        writeSource(&request.attributes.pointee.source, facts)
        writeRequest(request, facts)
        writePolicy(facts)
        writeAction(facts, request.httpRequest.host)
        if !facts.mask.parts.contains(.prompt) { written("prompt", facts.prompt) }
        if let context = facts.context { writeContext(context) }
        writeThreat(facts.threat, facts.mask.parts)
        writeOutcome(decision, facts.mask.parts)
        if facts.duration > 0 { number("duration_ns", Int(facts.duration)) }
        writeContent(facts)
        endRecord()
    }

    fileprivate mutating func writeOutcome(_ decision: Decision, _ mask: RecordMask.Parts) {
        writeAnswer(decision, mask)
        writeApproval(decision)
        writeMutations(decision, mask)
        writeMarks(decision, mask)
    }

    fileprivate mutating func writeFrame(_ kind: StaticString, _ moment: Int64) {
        key("v")
        value(RecordWriter.version)
        key("kind")
        value(kind)
        key("time")
        time(moment)
    }

    fileprivate mutating func endRecord() {
        if isCut {
            key("truncated")
            value(true)
        }
        endObject()
    }

    private mutating func writeAgent(_ facts: RecordFacts) {
        beginObject("agent")
        // The agent's context is rebuilt from the log: its id stays, whatever is masked.
        text("id", facts.agent, RecordLimits.identity)
        if !facts.mask.parts.contains(.agent) { digest("certificate_sha256", facts.certificate) }
        key("provenance")
        value(facts.agentProvenance.word)
        if !facts.mask.parts.contains(.session) {
            text("session", facts.session, RecordLimits.name)
        }
        if !facts.mask.parts.contains(.scopes) {
            text("scopes", facts.scopes, RecordLimits.headerValue)
        }
        endObject()
    }

    /// - Parameter source: not changed; by value it would be copied.
    private mutating func writeSource(
        _ source: inout AttributeContext.Peer, _ facts: RecordFacts
    ) {
        let parts = facts.mask.parts
        let namesOther =
            !source.principal.isEmpty && source.principal != facts.agent && !parts.contains(.agent)
        let hasAddress = source.address.isShown && !parts.contains(.address)
        guard namesOther || hasAddress else { return }
        beginObject("source")
        if hasAddress { writeAddress(source.address) }
        if namesOther { text("principal", source.principal, RecordLimits.identity) }
        endObject()
    }

    private mutating func writeAddress(_ address: AttributeContext.Address) {
        switch address {
        case .absent, .empty: break
        case .socket(let address):
            text("address", address.address, RecordLimits.name)
            if case .value(let port) = address.port { number("port", Int(port)) }
        case .pipe(let path, _): text("address", path, RecordLimits.name)
        case .envoyInternal(let listener, _, _): text("address", listener, RecordLimits.name)
        }
    }

    private mutating func writeRequest(_ request: AttributeContext, _ facts: RecordFacts) {
        guard let http = request.http else { return }
        let parts = facts.mask.parts
        beginObject("request")
        text("id", http.id, RecordLimits.name)
        text("method", http.method, RecordLimits.name)
        if !parts.contains(.host) { text("host", http.host, RecordLimits.host) }
        if !parts.contains(.path) {
            key("path")
            maskedPath(http.path, limit: RecordLimits.path)
        }
        text("protocol", http.protocol, RecordLimits.name)
        let size = max(http.body.count, http.rawBody.count)
        if size > 0 { number("body_bytes", size) }
        endObject()
    }

    private mutating func writePolicy(_ facts: RecordFacts) {
        beginObject("policy")
        text("revision", facts.policyRevision, RecordLimits.name)
        text("entrypoint", facts.entrypoint, RecordLimits.name)
        text("route", facts.route, RecordLimits.name)
        text("threats", facts.threatRevision, RecordLimits.name)
        written("rules", facts.rules)
        endObject()
    }

    private mutating func writeAction(_ facts: RecordFacts, _ host: Bytes) {
        let parts = facts.mask.parts
        beginObject("action")
        key("protocol")
        value(facts.trafficProtocol.word)
        key("effect")
        value(facts.effect.word)
        if !parts.contains(.operation) { text("operation", facts.operation, RecordLimits.name) }
        if !parts.contains(.tool) { text("tool", facts.tool, RecordLimits.name) }
        if !facts.resource.isEmpty, !parts.contains(.resource) {
            key("resource")
            maskedPath(facts.resource, limit: RecordLimits.path)
        }
        if !parts.contains(.model) { text("model", facts.model, RecordLimits.name) }
        if !parts.contains(.arguments) { digest("arguments_sha256", facts.argumentsDigest) }
        if !facts.destinationHost.isEmpty {
            beginObject("destination")
            if facts.destinationHost != host, !parts.contains(.host) {
                text("host", facts.destinationHost, RecordLimits.host)
            }
            if facts.destinationPort != 0 { number("port", Int(facts.destinationPort)) }
            key("internal")
            value(facts.isDestinationInternal)
            endObject()
        }
        key("certain")
        value(facts.isCertain)
        endObject()
    }

    private mutating func writeContext(_ context: RecordFacts.Context) {
        beginObject("context")
        number("events", Int(clamping: context.events))
        key("before")
        value(hexadecimal: context.before)
        key("after")
        value(hexadecimal: context.after)
        endObject()
    }

    private mutating func writeContent(_ facts: RecordFacts) {
        switch facts.content {
        case .none: break
        case .kept(let reference): written(reference)
        case .maskFailed:
            beginObject("content")
            key("dropped")
            value("mask_failed")
            endObject()
        }
        list("erased", facts.mask.erased.count) { json, index in
            json.value(facts.mask.erased[index], limit: RecordLimits.name)
        }
        list("masked", facts.mask.masked.count) { json, index in
            json.value(facts.mask.masked[index], limit: RecordLimits.name)
        }
    }
}

extension AttributeContext.Address {
    fileprivate var isShown: Bool {
        switch self {
        case .absent, .empty: false
        case .socket, .pipe, .envoyInternal: true
        }
    }
}
