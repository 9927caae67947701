// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// As what a request is read.
///
/// The body, the path, the host and the headers can each speak for another protocol, and which one
/// counts only the upstream knows: a REST server goes by the path and ignores members that it does
/// not know, so that a harmless JSON-RPC call in the body of a Kubernetes request is a Kubernetes
/// request. Every reading that fits is made; the strictest stands, and the doubt says that there
/// were several.
///
/// A JSON-RPC message alone, with nothing in its path that speaks for something else, is what it
/// says: MCP servers live at any path. Where one host has MCP and an API whose paths act by
/// themselves (`POST /jobs/7/start`), only the route can tell them apart (`portcullis.protocol`).
extension Inspection {
    mutating func identify(_ content: Value) {
        let isMessage = content.isDefined && inspectMessage(content)
        // The route vouches that the upstream looks at the message.
        if isMessage && expected == .mcp { return }
        var isRead = isMessage
        let api = http.method.equals("POST") ? ModelAPI(path: path.text) : .none
        if api != .none { read(&isRead) { $0.inspectLanguageModel(api, content) } }
        if expected == .a2a || path.text.firstIndex(of: UInt8(ascii: ":")) != nil {
            read(&isRead) { $0.inspectAgentResource(content, isMessage: isMessage) }
        }
        if expected == .vault || path.text.hasPrefix("/v1/") {
            read(&isRead) { $0.inspectVault(content) }
        }
        if expected == .kubernetes || path.text.hasPrefix("/api") {
            read(&isRead) { $0.inspectKubernetes(content) }
        }
        if mayBeStatement {
            let isSecond = isRead
            read(&isRead) { $0.inspectStatement(content, isSecond: isSecond) }
        }
        if !isRead { inspectHTTP() }
    }

    /// Reads the request as a service, beside what it was read as before.
    ///
    /// - Parameter inspect: returns false when the request does not fit the service.
    @inline(__always)
    private mutating func read(_ isRead: inout Bool, _ inspect: (inout Inspection) -> Bool) {
        if isRead {
            readAgain(inspect)
        } else if inspect(&self) {
            isRead = true
            raiseEffect()
        }
    }

    @inline(never)
    private mutating func readAgain(_ inspect: (inout Inspection) -> Bool) {
        var second = self
        second.facts.forgetReading(path.text)
        guard inspect(&second) else { return }
        second.raiseEffect()
        facts.combine(with: second.facts)
    }

    /// A path's end, a query, a header or members that a client adds make no request milder than
    /// plain HTTP is, unless the route vouches for the protocol.
    mutating func raiseEffect() {
        guard expected != facts.trafficProtocol else { return }
        let least = leastEffect
        if least.strictness > facts.effect.strictness { facts.effect = least }
    }

    private var leastEffect: Effect {
        if !facts.destination.isInternal { return .egress }
        if headers.overridesMethod || headers.overridesPath { return .unknown }
        let method = HTTPMethod(http.method)
        switch facts.trafficProtocol {
        // The path, and where it is not enough the body, is a model's own.
        case .llm: return .read
        case .sql where method == .post && isQueryPost(facts.content): return .read
        case .vault where method == .other && http.method.equals("LIST"): return .read
        default: return method.effect
        }
    }
}

extension ActionFacts {
    /// Takes back what a protocol's reading found; what holds for the request stays.
    fileprivate mutating func forgetReading(_ path: Bytes) {
        trafficProtocol = .unknown
        effect = .unknown
        operation = .empty
        tool = .empty
        arguments = .undefined
        resource = path
        model = .empty
        conversation = .empty
        modelAPI = .none
    }

    /// The stricter of two readings of one request; of equal ones the second, for which the path
    /// speaks. What only the other one has found stays too, so that a policy sees the prompt of a
    /// model or the statement whichever of them stands.
    fileprivate mutating func combine(with second: ActionFacts) {
        let first = self
        let isSecond = second.effect.strictness >= first.effect.strictness
        let other = isSecond ? first : second
        if isSecond { self = second }
        doubts = first.doubts.union(second.doubts).union(.mismatch)
        if arguments.isUndefined { arguments = other.arguments }
        if tool.isEmpty { tool = other.tool }
        if model.isEmpty { model = other.model }
        if conversation.isEmpty { conversation = other.conversation }
        if modelAPI == .none { modelAPI = other.modelAPI }
    }
}
