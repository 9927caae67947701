// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// The tools that a request offers to a language model: what the model may answer with.
enum OfferedTools {
    /// Their names, or for tools that the provider runs itself their types; `.undefined` when the
    /// request offers none.
    static func names(_ facts: ActionFacts, in arena: Arena) -> Value {
        guard facts.modelAPI != .none else { return .undefined }
        var list = ValueList(arena)
        for tool in facts.content["tools"].elements { add(tool, &list) }
        for function in facts.content["functions"].elements { take(function["name"], &list) }
        for server in facts.content["mcp_servers"].elements { take(server["name"], &list) }
        return list.count == 0 ? .undefined : list.value
    }

    private static func add(_ tool: Value, _ list: inout ValueList) {
        if tool["name"].isString { return take(tool["name"], &list) }
        if tool["function"].isDefined { return take(tool["function"]["name"], &list) }
        if tool["custom"].isDefined { return take(tool["custom"]["name"], &list) }
        if tool["server_label"].isString { return take(tool["server_label"], &list) }
        if tool["type"].isString { return take(tool["type"], &list) }
        // Gemini: declarations in a list, or a provider's tool as its own key.
        for (key, value) in zip(tool.keys, tool.values) {
            guard value.kind == .array else {
                take(key, &list)
                continue
            }
            for declaration in value.elements { take(declaration["name"], &list) }
        }
    }

    private static func take(_ name: Value, _ list: inout ValueList) {
        guard name.isString, list.count < Limits.promptParts else { return }
        list.append(name)
    }
}
