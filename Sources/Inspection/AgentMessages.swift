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
        if params.kind == .object { facts.arguments = params }
        facts.resource = taskOrContext(params)
        return true
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
}

enum AgentMethod {
    static func effect(of method: Bytes, _ params: Value) -> Effect? {
        for name in delegating where method.equals(name) { return .delegate }
        // MCP has methods of these names too, which name their task in `taskId`.
        if method.equals("tasks/get") { return params["id"].isDefined ? .read : nil }
        if method.equals("tasks/cancel") { return params["id"].isDefined ? .write : nil }
        for name in reading where method.equals(name) { return .read }
        for name in writing where method.equals(name) { return .write }
        return nil
    }

    private static let delegating: [StaticString] = [
        "message/send", "message/stream", "SendMessage", "SendStreamingMessage",
    ]
    private static let reading: [StaticString] = [
        "GetTask", "ListTasks", "SubscribeToTask", "tasks/resubscribe", "GetExtendedAgentCard",
        "agent/getAuthenticatedExtendedCard", "tasks/pushNotificationConfig/get",
        "tasks/pushNotificationConfig/list", "GetTaskPushNotificationConfig",
        "ListTaskPushNotificationConfigs",
    ]
    private static let writing: [StaticString] = [
        "CancelTask", "tasks/pushNotificationConfig/set", "tasks/pushNotificationConfig/delete",
        "CreateTaskPushNotificationConfig", "DeleteTaskPushNotificationConfig",
    ]
}
