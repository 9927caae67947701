// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// Tells what a request does from its method, path, headers and body.
///
/// The classification never trusts a header alone where the body decides: a header can only add a
/// doubt. An instance is immutable and serves all threads.
public struct Inspector: Sendable {
    private let internalDestinations: InternalDestinations

    public init(internalDestinations: InternalDestinations) {
        self.internalDestinations = internalDestinations
    }

    /// - Parameters:
    ///   - arena: for what must be spelled differently than it came: host, path.
    ///   - readBody: reads the body as JSON; called at most once, and only for a POST whose body
    ///     may be JSON.
    public func inspect(
        _ context: AttributeContext, arena: Arena, readBody: () -> BodyReading
    ) -> ActionFacts {
        guard let http = context.http else {
            var facts = ActionFacts()
            facts.doubts = .noRequest
            return facts
        }
        let path = RequestPath(target: http.path, arena: arena)
        var inspection = Inspection(
            http: http, headers: RequestHeaders(context), path: path, body: RequestBody(context))
        inspection.facts.resource = path.text
        if path.isAmbiguous { inspection.facts.doubts.insert(.ambiguousPath) }
        if inspection.headers.isRepeated { inspection.facts.doubts.insert(.repeatedHeader) }
        findDestination(http.host, arena, &inspection.facts)
        inspection.classify(arena, readBody)
        return inspection.facts
    }

    /// The same, for a caller that has no other use for the body.
    public func inspect(_ context: AttributeContext, arena: Arena) -> ActionFacts {
        var body = RequestBody(context)
        return inspect(context, arena: arena) { body.json(arena) }
    }

    private func findDestination(_ authority: Bytes, _ arena: Arena, _ facts: inout ActionFacts) {
        guard !authority.isEmpty else { return }
        guard let destination = Destination(authority: authority, arena: arena) else {
            facts.doubts.insert(.malformedHost)
            return
        }
        facts.destination = destination
        facts.destination.isInternal = internalDestinations.contains(destination.host)
    }
}

/// One request while it is being looked at.
struct Inspection {
    let http: AttributeContext.HTTPRequest
    let headers: RequestHeaders
    let path: RequestPath
    let body: RequestBody
    var facts = ActionFacts()

    mutating func classify(_ arena: Arena, _ readBody: () -> BodyReading) {
        var content = Value.undefined
        if http.method.equals("POST") && bodyMayBeJSON {
            content = readContent(readBody)
            facts.content = content
            if content.isDefined, inspectMessage(content, arena) { return }
        }
        if inspectLanguageModel(content) || inspectVault() || inspectKubernetes() { return }
        inspectHTTP()
    }

    /// Servers differ in how much of a content type they look at, so a body that could be read as
    /// JSON is looked at whatever its type says.
    private var bodyMayBeJSON: Bool {
        switch headers.mediaType {
        case .json, .jsonSuffix, .absent: true
        case .other: headers.isMCP || body.looksLikeJSON
        }
    }

    /// The body as JSON, or `.undefined` and the doubts that follow from not having it.
    private mutating func readContent(_ readBody: () -> BodyReading) -> Value {
        guard headers.isIdentityEncoded else {
            facts.doubts.insert(.contentEncoding)
            return .undefined
        }
        checkLength()
        switch readBody() {
        case .absent:
            return .undefined
        case .malformed:
            if !facts.doubts.contains(.truncated), headers.mediaType == .json || headers.isMCP {
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
            if expected > 0 { facts.doubts.insert(.bodyMissing) }
        } else if headers.partialBody.equals("true") || (seen < expected && body.isExact) {
            facts.doubts.insert(.truncated)
        } else if !body.isExact && expected > 0 && seen != expected {
            facts.doubts.insert(.alteredBody)
        }
    }

    /// What is left: the method says it.
    private mutating func inspectHTTP() {
        facts.trafficProtocol = headers.isMCP ? .mcp : .http
        let method = HTTPMethod(http.method)
        facts.operation = method.word ?? http.method
        guard facts.destination.isInternal else {
            facts.effect = .egress
            return
        }
        facts.effect = method.effect
    }
}

/// The methods of RFC 9110 section 9 and RFC 5789.
enum HTTPMethod {
    case get, head, options, trace, post, put, patch, delete, connect, other

    init(_ method: Bytes) {
        switch method.count {
        case 3: self = method.equals("GET") ? .get : method.equals("PUT") ? .put : .other
        case 4: self = method.equals("POST") ? .post : method.equals("HEAD") ? .head : .other
        case 5: self = method.equals("PATCH") ? .patch : method.equals("TRACE") ? .trace : .other
        case 6: self = method.equals("DELETE") ? .delete : .other
        case 7:
            self =
                method.equals("OPTIONS") ? .options : method.equals("CONNECT") ? .connect : .other
        default: self = .other
        }
    }

    /// The method in lower case; nil for one that is not known, whose case may matter.
    var word: Bytes? {
        switch self {
        case .get: Bytes("get")
        case .head: Bytes("head")
        case .options: Bytes("options")
        case .trace: Bytes("trace")
        case .post: Bytes("post")
        case .put: Bytes("put")
        case .patch: Bytes("patch")
        case .delete: Bytes("delete")
        case .connect: Bytes("connect")
        case .other: nil
        }
    }

    var effect: Effect {
        switch self {
        case .get, .head, .options, .trace: .read
        case .post, .put, .patch, .delete: .write
        case .connect: .egress
        case .other: .unknown
        }
    }
}
