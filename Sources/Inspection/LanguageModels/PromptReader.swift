// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// One text that a request gives to a language model or to another agent.
public struct PromptPart {
    public enum Role: UInt8, Sendable {
        /// What the application tells the model to be: system, developer.
        case instruction
        /// What the person, or the calling agent, says.
        case user
        /// What the model said before.
        case assistant
        /// A tool call that the model made before: `name` is the tool, `text` the arguments.
        case toolCall
        /// What a tool gave back: where injected text arrives. `name` is the tool or the call's id.
        case toolResult
        /// A document that was retrieved or attached: `name` is its title or address.
        case document
    }

    public let role: Role
    /// Empty when the request names none.
    public let name: Bytes
    /// UTF-8; may be empty. A slice of the request, or of the arena that its body was read into.
    public let text: Bytes
    /// Counts the messages of the request from 1; 0 for what stands beside them.
    let message: Int
    /// Of a `toolCall`: the id that its result names, and the arguments as they came.
    let call: Bytes
    let arguments: Value
}

/// Finds the texts of a request to a language model (OpenAI chat and responses, Anthropic, Gemini,
/// MCP sampling) or to another agent (A2A), in the order in which they stand there.
///
/// Made from `ActionFacts`; the texts live as long as the check. Nothing is copied.
public struct PromptReader {
    private let api: ModelAPI
    private let isAgentMessage: Bool
    private let isSampling: Bool
    private let content: Value

    public init(_ facts: ActionFacts) {
        api = facts.modelAPI
        isAgentMessage = facts.trafficProtocol == .a2a
        isSampling =
            facts.trafficProtocol == .mcp && facts.operation.equals("sampling/createMessage")
        content = facts.content
    }

    /// True when the request carries no prompt.
    public var isEmpty: Bool {
        (api == .none && !isAgentMessage && !isSampling) || content.isUndefined
    }

    /// Calls `visit` for each text.
    ///
    /// - Returns: false when there are more parts than `Limits.promptParts`, or deeper ones than
    ///   `Limits.promptDepth`: what was visited is then not all.
    @discardableResult
    public func forEachPart(_ visit: (PromptPart) -> Void) -> Bool {
        var walk = PromptWalk(left: Limits.promptParts)
        switch api {
        case .none:
            if isAgentMessage { agentMessage(&walk, visit) }
            if isSampling { sampling(&walk, visit) }
        case .chat: chat(&walk, visit)
        case .responses: responses(&walk, visit)
        case .messages: messages(&walk, visit)
        case .gemini: gemini(&walk, visit)
        case .completion:
            walk.texts(content["system"], .instruction, .empty, visit)
            walk.texts(content["prompt"], .user, .empty, visit)
        case .embedding: embedding(&walk, visit)
        }
        return walk.isComplete
    }

    // MARK: OpenAI

    /// `messages[]`: `role` and `content`, a string or typed parts; the model's `tool_calls`.
    private func chat(_ walk: inout PromptWalk, _ visit: (PromptPart) -> Void) {
        for message in content["messages"].elements {
            walk.message += 1
            let role = message["role"]
            if role.equals("tool") || role.equals("function") {
                let id = message["tool_call_id"].text
                let name = id.isEmpty ? message["name"].text : id
                walk.texts(message["content"], .toolResult, name, visit)
                continue
            }
            walk.texts(message["content"], Self.role(role), .empty, visit)
            for call in message["tool_calls"].elements {
                let function = call["function"].isDefined ? call["function"] : call["custom"]
                walk.call(function["name"], function["arguments"], id: call["id"], visit)
            }
            if message["function_call"].isDefined {
                let function = message["function_call"]
                walk.call(function["name"], function["arguments"], id: .undefined, visit)
            }
        }
    }

    /// `instructions`, and `input`: a string, or items that are messages, calls or their outputs.
    private func responses(_ walk: inout PromptWalk, _ visit: (PromptPart) -> Void) {
        walk.texts(content["instructions"], .instruction, .empty, visit)
        let input = content["input"]
        guard input.kind == .array else { return walk.texts(input, .user, .empty, visit) }
        for item in input.elements {
            walk.message += 1
            let id = item["call_id"].isString ? item["call_id"].text : item["name"].text
            if item["role"].isString {
                walk.texts(item["content"], Self.role(item["role"]), .empty, visit)
            } else if item["type"].equals("reasoning") {
                walk.texts(item["summary"], .assistant, .empty, visit)
            } else {
                if item["arguments"].isDefined {
                    walk.call(item["name"], item["arguments"], id: item["call_id"], visit)
                }
                // Outputs of functions, of custom tools, of remote MCP servers, of shells.
                walk.texts(item["output"], .toolResult, id, visit)
                walk.texts(item["results"], .document, id, visit)
            }
        }
    }

    // MARK: Anthropic

    /// `system`, and `messages[]` whose `content` is a string or blocks.
    private func messages(_ walk: inout PromptWalk, _ visit: (PromptPart) -> Void) {
        walk.texts(content["system"], .instruction, .empty, visit)
        for message in content["messages"].elements {
            walk.message += 1
            let role = Self.role(message["role"])
            let blocks = message["content"]
            guard blocks.kind == .array else {
                walk.texts(blocks, role, .empty, visit)
                continue
            }
            for block in blocks.elements { self.block(block, role, &walk, visit) }
        }
    }

    private func block(
        _ block: Value, _ role: PromptPart.Role, _ walk: inout PromptWalk,
        _ visit: (PromptPart) -> Void
    ) {
        let type = block["type"].text
        if type.equals("tool_use") || type.hasSuffix("_tool_use") {
            walk.call(block["name"], block["input"], id: block["id"], visit)
        } else if type.equals("tool_result") || type.hasSuffix("_tool_result") {
            walk.texts(
                block["content"], .toolResult, Self.either(block, "tool_use_id", "toolUseId").text,
                visit)
        } else if type.equals("document") || type.equals("search_result") {
            let source = block["source"]
            let name = block["title"].isString ? block["title"].text : source["url"].text
            walk.texts(block["context"], .document, name, visit)
            walk.texts(
                source["data"].isDefined ? source["data"] : source["content"], .document, name,
                visit)
            walk.texts(block["content"], .document, name, visit)
        } else {
            walk.texts(block, role, .empty, visit)
        }
    }

    // MARK: Gemini

    /// `systemInstruction`, and `contents[].parts[]`; proto field names are accepted as well.
    private func gemini(_ walk: inout PromptWalk, _ visit: (PromptPart) -> Void) {
        let camel = content["systemInstruction"]
        let instruction = camel.isDefined ? camel : content["system_instruction"]
        walk.texts(instruction["parts"], .instruction, .empty, visit)
        let contents = content["contents"]
        if contents.kind == .object { return turn(contents, &walk, visit) }
        for turn in contents.elements { self.turn(turn, &walk, visit) }
    }

    private func turn(_ turn: Value, _ walk: inout PromptWalk, _ visit: (PromptPart) -> Void) {
        walk.message += 1
        let role = Self.role(turn["role"])
        for part in turn["parts"].elements {
            let result = Self.either(part, "functionResponse", "function_response")
            let call = Self.either(part, "functionCall", "function_call")
            let file = Self.either(part, "fileData", "file_data")
            if result.isDefined {
                walk.allTexts(result["response"], .toolResult, result["name"].text, visit)
            } else if call.isDefined {
                walk.call(call["name"], call["args"], id: call["id"], visit)
            } else if file.isDefined {
                let uri = Self.either(file, "fileUri", "file_uri")
                walk.emit(.document, uri.text, .empty, visit)
            } else {
                walk.texts(part, role, .empty, visit)
            }
        }
    }

    // MARK: Others

    private func embedding(_ walk: inout PromptWalk, _ visit: (PromptPart) -> Void) {
        walk.texts(content["input"], .user, .empty, visit)
        walk.texts(content["content"]["parts"], .user, .empty, visit)
        for request in content["requests"].elements {
            walk.texts(request["content"]["parts"], .user, .empty, visit)
        }
    }

    /// A2A: `message.parts[]` of both versions: text, data, files by address.
    private func agentMessage(_ walk: inout PromptWalk, _ visit: (PromptPart) -> Void) {
        let params = content["params"].isDefined ? content["params"] : content
        for part in params["message"]["parts"].elements {
            let file = part["file"].isDefined ? part["file"] : part
            let address = Self.either(file, "uri", "url")
            if address.isString {
                walk.emit(.document, address.text, .empty, visit)
            } else if part["data"].isCollection {
                walk.allTexts(part["data"], .user, .empty, visit)
            } else {
                walk.texts(part, .user, .empty, visit)
            }
        }
    }

    /// MCP `sampling/createMessage`: `systemPrompt`, and `messages[]` with one block or several.
    private func sampling(_ walk: inout PromptWalk, _ visit: (PromptPart) -> Void) {
        let params = content["params"]
        walk.texts(params["systemPrompt"], .instruction, .empty, visit)
        for message in params["messages"].elements {
            walk.message += 1
            let role = Self.role(message["role"])
            let blocks = message["content"]
            guard blocks.kind == .array else {
                block(blocks, role, &walk, visit)
                continue
            }
            for block in blocks.elements { self.block(block, role, &walk, visit) }
        }
    }

    private static func either(_ value: Value, _ one: StaticString, _ other: StaticString) -> Value
    {
        let found = value[one]
        return found.isDefined ? found : value[other]
    }

    private static func role(_ role: Value) -> PromptPart.Role {
        if role.equals("assistant") || role.equals("model") { return .assistant }
        return role.equals("system") || role.equals("developer") ? .instruction : .user
    }
}

/// Counts what is visited, and goes into parts that hold parts.
struct PromptWalk {
    var left: Int
    var isComplete = true
    /// Of the parts that are visited now.
    var message = 0
    private var call = Bytes.empty
    private var arguments = Value.undefined

    init(left: Int) { self.left = left }

    mutating func emit(
        _ role: PromptPart.Role, _ name: Bytes, _ text: Bytes, _ visit: (PromptPart) -> Void
    ) {
        guard left > 0 else {
            isComplete = false
            return
        }
        left -= 1
        visit(
            PromptPart(
                role: role, name: name, text: text, message: message, call: call,
                arguments: arguments))
    }

    /// A call's arguments: JSON in a string (OpenAI), or a document (Anthropic, Gemini).
    mutating func call(
        _ name: Value, _ arguments: Value, id: Value, _ visit: (PromptPart) -> Void
    ) {
        call = id.text
        self.arguments = arguments
        defer {
            call = .empty
            self.arguments = .undefined
        }
        if arguments.isString { return emit(.toolCall, name.text, arguments.text, visit) }
        let before = left
        allTexts(arguments, .toolCall, name.text, visit)
        if left == before { emit(.toolCall, name.text, .empty, visit) }
    }

    /// A string; or typed parts, whose text is under `text`, `content`, `refusal`, `transcript` or,
    /// for attached files, has a name only.
    mutating func texts(
        _ value: Value, _ role: PromptPart.Role, _ name: Bytes, depth: Int = 0,
        _ visit: (PromptPart) -> Void
    ) {
        guard depth < Limits.promptDepth else {
            isComplete = false
            return
        }
        switch value.kind {
        case .string: emit(role, name, value.text, visit)
        case .array:
            for element in value.elements { texts(element, role, name, depth: depth + 1, visit) }
        case .object: object(value, role, name, depth, visit)
        default: break
        }
    }

    private mutating func object(
        _ value: Value, _ role: PromptPart.Role, _ name: Bytes, _ depth: Int,
        _ visit: (PromptPart) -> Void
    ) {
        var isFound = false
        for key: StaticString in ["text", "content", "refusal", "transcript", "thinking", "stdout"]
        {
            let inner = value[key]
            guard inner.isDefined else { continue }
            isFound = true
            texts(inner, role, name, depth: depth + 1, visit)
        }
        let file = value["file"].isDefined ? value["file"] : value
        for key: StaticString in ["filename", "file_id", "file_url"] where file[key].isString {
            emit(.document, file[key].text, .empty, visit)
            return
        }
        if !isFound && role == .toolResult { allTexts(value, role, name, depth: depth + 1, visit) }
    }

    /// Every string inside, wherever it is.
    mutating func allTexts(
        _ value: Value, _ role: PromptPart.Role, _ name: Bytes, depth: Int = 0,
        _ visit: (PromptPart) -> Void
    ) {
        guard depth < Limits.promptDepth else {
            isComplete = false
            return
        }
        switch value.kind {
        case .string: emit(role, name, value.text, visit)
        case .array:
            for element in value.elements { allTexts(element, role, name, depth: depth + 1, visit) }
        case .object:
            for element in value.values { allTexts(element, role, name, depth: depth + 1, visit) }
        default: break
        }
    }
}
