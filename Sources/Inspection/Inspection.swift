// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// One request while it is being looked at.
struct Inspection {
    unowned(unsafe) let context: AttributeContext
    private(set) var headers = RequestHeaders()
    let path: RequestPath
    let body: RequestBody
    let arena: Arena
    /// What the route says that it carries; nil when it says nothing.
    var expected: TrafficProtocol?
    var facts = ActionFacts()

    /// Inlined, because a call would return a copy.
    ///
    /// - Parameter context: with an HTTP request.
    @inline(__always)
    init(_ context: AttributeContext, path: RequestPath, body: RequestBody, arena: Arena) {
        self.context = context
        self.path = path
        self.body = body
        self.arena = arena
        headers.read(context.attributes.pointee.headers)
        if headers.isRepeated { facts.doubts.insert(.repeatedHeader) }
        if headers.overridesMethod { facts.doubts.insert(.methodOverride) }
        if headers.overridesPath { facts.doubts.insert(.pathOverride) }
        if let word = context.contextExtension(Bytes(Inspector.protocolExtension)) {
            expected = TrafficProtocol(word) ?? .unknown
        }
    }

    /// Read where it lies, because it is large.
    var http: AttributeContext.HTTPRequest {
        @inline(__always) get { context.attributes.pointee.httpRequest }
    }

    mutating func classify(_ readBody: () -> BodyReading, _ readMetadata: (Bytes) -> Value) {
        var content = hasBody ? readContent(readBody) : .undefined
        if facts.doubts.contains(.bodyMissing) { content = told(readMetadata) }
        facts.content = content
        identify(content)
        guard let expected, expected != facts.trafficProtocol else { return }
        // What was not read may still be what the route expects; what was read is not.
        facts.doubts.insert(.foreignProtocol)
        facts.effect = .unknown
    }

    /// The message as Envoy's own filters tell it in their metadata, where Envoy reads the body but
    /// does not send it along. They leave out some of the arguments, so the doubt stays.
    private func told(_ readMetadata: (Bytes) -> Value) -> Value {
        let mcp = readMetadata(Bytes("envoy.filters.http.mcp"))
        if mcp["is_mcp_request"].isTrue, mcp["jsonrpc"].isString { return mcp }
        let agent = readMetadata(Bytes("envoy.filters.http.a2a"))
        return agent["method"].isString && agent["jsonrpc"].isString ? agent : .undefined
    }

    // MARK: The body

    /// Inlined, because a call copies all of the inspection.
    @inline(__always)
    private var hasBody: Bool {
        http.method.equals("POST") || !body.bytes.isEmpty || isBodyAnnounced
    }

    /// True when there is a body as far as the request's head says.
    ///
    /// Without a length and a transfer coding HTTP/1 has no body (RFC 9112 section 6.3). Later
    /// versions need neither, and end the request where nobody sees it; so there a method that
    /// is made for a body has one. Honest clients declare that it is empty; what they read or
    /// delete they ask for without any length, so that for other methods nothing follows from it.
    private var isBodyAnnounced: Bool {
        if headers.hasTransferCoding || http.size > 0 { return true }
        if !headers.contentLength.isEmpty { return headers.declaredLength != 0 }
        if http.protocol.hasPrefix("HTTP/1") { return false }
        return switch HTTPMethod(http.method) {
        case .post, .put, .patch: true
        default: false
        }
    }

    /// The body as JSON, or `.undefined` and the doubts that follow from not having it.
    private mutating func readContent(_ readBody: () -> BodyReading) -> Value {
        guard headers.isIdentityEncoded else {
            facts.doubts.insert(.contentEncoding)
            return .undefined
        }
        // Servers differ in how much of a content type they look at, so a body that could be read
        // as JSON is looked at whatever its type says.
        let isUntyped = headers.mediaType == .absent
        let isTyped = (headers.mediaType != .other && !isUntyped) || isMessageExpected
        let shape = isTyped && body.bytes.isEmpty ? BodyShape.blank : BodyShape(body.bytes)
        guard isTyped || shape != .other else { return .undefined }
        checkLength()
        if shape == .encoded || (isTyped && headers.hasForeignCharset) {
            facts.doubts.insert(.textEncoding)
            return .undefined
        }
        guard isTyped || shape == .json else { return .undefined }
        switch readBody() {
        case .absent:
            return .undefined
        case .malformed:
            // Many texts begin like JSON: links in Markdown, templates, one document for each line.
            // Of what says that it is no JSON, only what names JSON-RPC is taken for a message that
            // a lenient parser reads.
            if !facts.doubts.contains(.truncated),
                isTyped || isUntyped || MessageText.occurs(in: body.bytes)
            {
                facts.doubts.insert(.malformedBody)
            }
            return .undefined
        case .value(let value, let hasDuplicateKeys):
            if hasDuplicateKeys { facts.doubts.insert(.duplicateKeys) }
            return value
        }
    }

    /// Compares what was seen with what there is. `size` counts the bytes that Envoy had received,
    /// which may be less than the declared length.
    private mutating func checkLength() {
        let seen = body.bytes.count
        let expected = max(Int(clamping: http.size), headers.declaredLength ?? 0)
        if seen == 0 {
            if isBodyAnnounced { facts.doubts.insert(.bodyMissing) }
        } else if headers.isPartialBody || (seen < expected && body.isExact) {
            facts.doubts.insert(.truncated)
        } else if !body.isExact && expected > 0 && seen != expected {
            facts.doubts.insert(.alteredBody)
        }
    }

    /// True when no value came from a body that may have held one.
    var isBodyUnread: Bool { !facts.doubts.isDisjoint(with: .unreadBody) }

    // MARK: What is left

    /// Plain HTTP: the method says what the request does, if all of it was seen.
    mutating func inspectHTTP() {
        let method = HTTPMethod(http.method)
        facts.trafficProtocol = headers.isMCP ? .mcp : .http
        // Streams are opened and sessions ended without a body.
        if let expected, expected == .mcp || expected == .a2a, body.bytes.isEmpty, !isBodyUnread,
            method == .get || method == .delete
        {
            facts.trafficProtocol = expected
        }
        facts.operation = method.word ?? http.method
        if !facts.destination.isInternal {
            facts.effect = .egress
        } else if isBodyUnread || headers.overridesMethod || headers.overridesPath {
            facts.effect = .unknown
        } else {
            facts.effect = method.effect
        }
    }
}

extension TrafficProtocol {
    /// By its word; nil for what is none.
    init?(_ word: Bytes) {
        switch word.count {
        case 3:
            if word.equals("mcp") {
                self = .mcp
            } else if word.equals("a2a") {
                self = .a2a
            } else if word.equals("llm") {
                self = .llm
            } else if word.equals("sql") {
                self = .sql
            } else {
                return nil
            }
        case 4 where word.equals("http"): self = .http
        case 5 where word.equals("vault"): self = .vault
        case 10 where word.equals("kubernetes"): self = .kubernetes
        default: return nil
        }
    }
}
