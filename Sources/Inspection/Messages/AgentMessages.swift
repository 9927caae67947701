// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// The Agent2Agent protocol: JSON-RPC with the method names of v0.x and v1.
extension Inspection {
    /// - Returns: false when the method is none of A2A's.
    mutating func inspectAgentCall(_ method: Bytes, _ params: Value) -> Bool {
        guard let effect = AgentMethod.effect(of: method, params) else { return false }
        facts.trafficProtocol = .a2a
        facts.effect = effect
        lookForVariants(params)
        if params.kind == .object { facts.arguments = params }
        facts.resource = taskOrContext(params)
        facts.conversation = params["message"]["contextId"].text
        return true
    }

    /// The names that are read below: Go's encoding/json takes their variants for them.
    private mutating func lookForVariants(_ params: Value) {
        let isAmbiguous =
            params.hasVariants { $0.isVariant(of: "id") || $0.isVariant(of: "message") }
            || params["message"].hasVariants { key in
                key.isVariant(of: "taskId") || key.isVariant(of: "contextId")
                    || key.isVariant(of: "parts")
            }
        if isAmbiguous { facts.doubts.insert(.ambiguousKeys) }
    }

    /// What ties calls together: the task, or the conversation.
    private func taskOrContext(_ params: Value) -> Bytes {
        let message = params["message"]
        for candidate in [params["id"], message["taskId"], message["contextId"]]
        where candidate.isString {
            return candidate.text
        }
        return facts.resource
    }

    /// A2A's binding to plain HTTP, of v0.3 (`/v1/message:send`) and v1 (`/message:send`).
    ///
    /// - Parameter isMessage: the body is a JSON-RPC message.
    /// - Returns: false when the path is none of A2A's.
    mutating func inspectAgentResource(_ content: Value, isMessage: Bool) -> Bool {
        let method = HTTPMethod(http.method)
        // Routers differ in whether a final slash matters.
        let path = path.text.hasSuffix("/") ? path.text[0..<path.text.count - 1] : path.text
        let verb = path.firstIndex(of: UInt8(ascii: ":")).map { path[$0 + 1..<path.count] }
        if method == .post,
            path.endsIgnoringCase("/message:send") || path.endsIgnoringCase("/message:stream")
        {
            facts.operation = verb ?? .empty
            facts.effect = .delegate
            facts.conversation = content["message"]["contextId"].text
            if facts.conversation.isEmpty {
                facts.conversation = content["message"]["context_id"].text
            }
        } else if let verb, method == .post, verb.equals("cancel"), isTask {
            facts.operation = verb
            facts.effect = .write
        } else if let verb, verb.equals("subscribe"), isTask {
            facts.operation = verb
            facts.effect = .read
        } else {
            return !isMessage && expected == .a2a && inspectOtherAgentResource(method)
        }
        facts.trafficProtocol = .a2a
        lookForVariants(content)
        if content.kind == .object { facts.arguments = content }
        if isBodyUnread { facts.effect = .delegate }
        return true
    }

    private var isTask: Bool {
        path.text.hasPrefix("/tasks/") || path.text.hasPrefix("/v1/tasks/")
    }

    /// Tasks, cards and notification settings: their paths are those of many APIs, so the route
    /// must say that it is A2A.
    private mutating func inspectOtherAgentResource(_ method: HTTPMethod) -> Bool {
        facts.trafficProtocol = .a2a
        facts.operation = method.word ?? http.method
        facts.effect = isBodyUnread ? .unknown : method.effect
        return true
    }
}

enum AgentMethod {
    static func effect(of method: Bytes, _ params: Value) -> Effect? {
        if isDelegating(method) { return .delegate }
        // MCP has methods of these names too, which name their task in `taskId`.
        if method.equals("tasks/get") { return params["id"].isDefined ? .read : nil }
        if method.equals("tasks/cancel") { return params["id"].isDefined ? .write : nil }
        return isReading(method) ? .read : isWriting(method) ? .write : nil
    }

    // Chains of literals, not tables of them: a table is made at first use, and looking whether it
    // is there costs more than the comparisons, which the lengths mostly decide.

    private static func isDelegating(_ method: Bytes) -> Bool {
        method.equals("message/send") || method.equals("message/stream")
            || method.equals("SendMessage") || method.equals("SendStreamingMessage")
    }

    private static func isReading(_ method: Bytes) -> Bool {
        method.equals("GetTask") || method.equals("ListTasks")
            || method.equals("SubscribeToTask") || method.equals("tasks/resubscribe")
            || method.equals("GetExtendedAgentCard")
            || method.equals("agent/getAuthenticatedExtendedCard")
            || method.equals("tasks/pushNotificationConfig/get")
            || method.equals("tasks/pushNotificationConfig/list")
            || method.equals("GetTaskPushNotificationConfig")
            || method.equals("ListTaskPushNotificationConfigs")
    }

    private static func isWriting(_ method: Bytes) -> Bool {
        method.equals("CancelTask") || method.equals("tasks/pushNotificationConfig/set")
            || method.equals("tasks/pushNotificationConfig/delete")
            || method.equals("CreateTaskPushNotificationConfig")
            || method.equals("DeleteTaskPushNotificationConfig")
    }
}
