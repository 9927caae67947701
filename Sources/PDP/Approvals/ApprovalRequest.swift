// SPDX-License-Identifier: Apache-2.0
import Authorization
import Cryptography
import Inspection
import RegoVM

/// What a person is asked to approve: one exact action of one agent under one policy.
///
/// The digest is SHA-256 over the canonical JSON (RFC 8785) of
///
///     {"action": {"destination": {"host", "port"}, "effect", "operation", "protocol", "resource",
///      "tool"}, "agent", "arguments", "policy_revision", "principals", "request": {"host",
///      "impersonate", "method", "target"}, "session"}
///
/// `principals` are those of a verified token (`Principals.verified`), else null. `target` is the
/// whole request target, as Envoy gives it. `impersonate` are all headers whose names begin with
/// `impersonate-` (Kubernetes, "User impersonation"), as pairs of name and value in their order.
///
/// `arguments` of MCP and A2A are the message's `params`, without what changes from one sending of
/// the same call to the next: `_meta`, and the `messageId` of an A2A message. Of everything else
/// they are the method, the whole request target and the SHA-256 of the body.
struct ApprovalRequest {
    /// Why an action cannot be approved: nobody could say what exactly was approved.
    struct Impossible: Error {
        let message: StaticString
    }

    let digest: String
    /// For people.
    let summary: ApprovalSummary
    /// Canonical JSON, with values that may be secrets masked.
    let arguments: String

    /// - Parameter principals: of a verified token; `.null` when there is none.
    init(
        _ facts: ActionFacts, _ identity: AgentIdentity, _ context: AttributeContext,
        principals: Value, revision: Bytes, body: () -> BodyReading, hasher: SHA256, arena: Arena
    ) throws(Impossible) {
        guard !identity.id.isEmpty else { throw Impossible(message: "nobody knows who asks") }
        guard facts.isCertain else {
            throw Impossible(message: "the request can be read in several ways")
        }
        guard let http = context.http, Self.isComplete(http, context) else {
            throw Impossible(message: "not all of the request was seen")
        }
        do throws(CanonicalJSON.Failure) {
            var whole = ByteBuilder(arena, capacity: 1024)
            whole.append("{\"action\":")
            try CanonicalJSON.append(Self.action(facts, arena), to: &whole)
            whole.append(",\"agent\":")
            JSONWriter.append(.text(identity.id, arena), to: &whole)
            whole.append(",\"arguments\":")
            let start = whole.count
            try Self.appendArguments(facts, http, body, hasher, to: &whole)
            let end = whole.count
            whole.append(",\"policy_revision\":")
            JSONWriter.append(.text(revision, arena), to: &whole)
            whole.append(",\"principals\":")
            try CanonicalJSON.append(principals, to: &whole)
            whole.append(",\"request\":")
            try CanonicalJSON.append(Self.request(http, context, arena), to: &whole)
            whole.append(",\"session\":")
            JSONWriter.append(.text(identity.session, arena), to: &whole)
            whole.append("}")
            digest = hasher.hash(UnsafeRawBufferPointer(whole.bytes)).description
            arguments = MaskedArguments.text(
                UnsafeBufferPointer(rebasing: whole.bytes[start..<end]), arena)
        } catch {
            throw Impossible(message: "the arguments have no canonical form")
        }
        summary = Self.summary(facts, http, context)
    }

    /// Whether the check holds the whole body, as the upstream will read it.
    private static func isComplete(
        _ http: AttributeContext.HTTPRequest, _ context: AttributeContext
    ) -> Bool {
        if let partial = context.header(Bytes("x-envoy-auth-partial-body")),
            partial.equals("true")
        {
            return false
        }
        let seen = max(http.rawBody.count, http.body.count)
        let declared = number(context.header(Bytes("content-length")) ?? .empty)
        // Envoy gives the size as -1 when it does not know it.
        let expected = max(Int(clamping: http.size), declared)
        return expected <= 0 || seen == expected
    }

    private static func number(_ digits: Bytes) -> Int {
        var result = 0
        for byte in digits.buffer {
            guard byte >= 0x30, byte <= 0x39, result < Int.max / 16 else { return .max }
            result = result * 10 + Int(byte - 0x30)
        }
        return result
    }

    private static func action(_ facts: ActionFacts, _ arena: Arena) -> Value {
        let destination = CollectionBuilder.object(in: arena, capacity: 2)
        destination.insert(.string("host"), .text(facts.destination.host, arena))
        destination.insert(.string("port"), .integer(Int(facts.destination.port)))
        let action = CollectionBuilder.object(in: arena, capacity: 6)
        action.insert(.string("destination"), destination.finish())
        action.insert(.string("effect"), .string(facts.effect.word))
        action.insert(.string("operation"), .text(facts.operation, arena))
        action.insert(.string("protocol"), .string(facts.trafficProtocol.word))
        action.insert(.string("resource"), .text(facts.resource, arena))
        action.insert(.string("tool"), .text(facts.tool, arena))
        return action.finish()
    }

    private static func appendArguments(
        _ facts: ActionFacts, _ http: AttributeContext.HTTPRequest, _ body: () -> BodyReading,
        _ hasher: SHA256, to output: inout ByteBuilder
    ) throws(CanonicalJSON.Failure) {
        let isMessage = facts.trafficProtocol == .mcp || facts.trafficProtocol == .a2a
        if isMessage, case .value(let message, let hasDuplicateKeys) = body(),
            message.kind == .object
        {
            guard !hasDuplicateKeys else { throw .kind }
            return try appendParameters(message["params"], to: &output)
        }
        output.append("{\"body_sha256\":\"")
        let bytes = http.rawBody.isEmpty ? http.body : http.rawBody
        for byte in hasher.hash(UnsafeRawBufferPointer(bytes.buffer)).description.utf8 {
            output.append(byte)
        }
        output.append("\",\"method\":")
        JSONWriter.append(.text(http.method, output.arena), to: &output)
        output.append(",\"target\":")
        JSONWriter.append(.text(http.path, output.arena), to: &output)
        output.append("}")
    }

    private static func appendParameters(
        _ parameters: Value, to output: inout ByteBuilder
    ) throws(CanonicalJSON.Failure) {
        guard parameters.isDefined else { return output.append("null") }
        guard parameters.kind == .object, parameters["message"].kind == .object else {
            return try CanonicalJSON.append(parameters, to: &output) { $0.equals("_meta") }
        }
        // A2A: the message apart, without its own id.
        output.append("{\"message\":")
        try CanonicalJSON.append(parameters["message"], to: &output) { $0.equals("messageId") }
        output.append(",\"others\":")
        try CanonicalJSON.append(parameters, to: &output) {
            $0.equals("_meta") || $0.equals("message")
        }
        output.append("}")
    }

    /// What the upstream is given beside the body, whatever the inspection makes of it.
    private static func request(
        _ http: AttributeContext.HTTPRequest, _ context: AttributeContext, _ arena: Arena
    ) -> Value {
        var count = 0
        forEachImpersonation(context) { _, _ in count += 1 }
        let pairs = arena.values(count)
        var index = 0
        forEachImpersonation(context) { name, value in
            let pair = arena.values(2)
            pair[0] = .text(name, arena)
            pair[1] = .text(value, arena)
            pairs[index] = .array(sharing: pair, count: 2)
            index += 1
        }
        let request = CollectionBuilder.object(in: arena, capacity: 4)
        request.insert(.string("host"), .text(http.host, arena))
        request.insert(
            .string("impersonate"),
            count == 0 ? .emptyArray : .array(sharing: pairs, count: count))
        request.insert(.string("method"), .text(http.method, arena))
        request.insert(.string("target"), .text(http.path, arena))
        return request.finish()
    }

    private static func forEachImpersonation(
        _ context: AttributeContext, _ body: (_ name: Bytes, _ value: Bytes) -> Void
    ) {
        let prefix: StaticString = "impersonate-"
        for field in context.attributes.pointee.headers
        where field.name.count > prefix.utf8CodeUnitCount && field.name.startsIgnoringCase(prefix) {
            body(field.name, field.value)
        }
    }

    private static func summary(
        _ facts: ActionFacts, _ http: AttributeContext.HTTPRequest, _ context: AttributeContext
    ) -> ApprovalSummary {
        var summary = ApprovalSummary()
        summary.add([], facts.trafficProtocol.word.description)
        summary.add(.operation, facts.operation.string)
        if !facts.tool.isEmpty { summary.add(.tool, "`\(facts.tool.string)`") }
        let resource = shown(facts.resource)
        if !resource.isEmpty { summary.add(.resource, resource) }
        let host = facts.destination.host
        if !host.isEmpty { summary.add(.host, "at \(host.string)") }
        forEachImpersonation(context) { name, value in
            guard !name.namesSecret else { return }
            summary.add(.principals, "\(name.string) `\(value.string)`")
        }
        summary.add([], "by \(http.method.string)")
        if !http.host.isEmpty { summary.add(.host, http.host.string) }
        summary.add(.path, shown(http.path))
        return summary
    }

    /// A target without the values of its query.
    private static func shown(_ target: Bytes) -> String {
        var masked = MaskedTarget(target, hidesUserinfo: true)
        var text: [UInt8] = []
        while let part = masked.next() { text.append(contentsOf: part.buffer) }
        return String(decoding: text, as: UTF8.self)
    }
}

extension Value {
    /// A string; ill-formed bytes become U+FFFD when it is written as JSON.
    fileprivate static func text(_ bytes: Bytes, _ arena: Arena) -> Value {
        .string(bytes.start, bytes.count)
    }
}
