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
    ///   `Limits.promptDepth`, or some that may hold text and were not understood: what was visited
    ///   is then not all.
    @discardableResult
    public func forEachPart(_ visit: (PromptPart) -> Void) -> Bool {
        var walk = PromptWalk(left: Limits.promptParts)
        switch api {
        case .none:
            if isAgentMessage { agentMessage(&walk, visit) }
            if isSampling { sampling(&walk, visit) }
        case .chat: chat(&walk, visit)
        case .responses: responses(&walk, visit)
        case .messages:
            messages(content, &walk, visit)
            // A batch: each request has an id and its parameters.
            for request in walk.items(content["requests"]) {
                messages(request["params"], &walk, visit)
            }
        case .gemini: gemini(content, &walk, visit)
        case .completion: completion(&walk, visit)
        case .embedding: embedding(&walk, visit)
        }
        return walk.isComplete
    }

    // MARK: OpenAI

    /// `messages[]`: `role` and `content`, a string or typed parts; the model's `tool_calls`.
    private func chat(_ walk: inout PromptWalk, _ visit: (PromptPart) -> Void) {
        for message in walk.items(content["messages"]) {
            walk.message += 1
            let role = message["role"]
            if role.equals("tool") || role.equals("function") {
                let id = message["tool_call_id"].text
                let name = id.isEmpty ? message["name"].text : id
                walk.texts(message["content"], .toolResult, name, visit)
                continue
            }
            walk.texts(message["content"], Self.role(role), .empty, visit)
            for key: StaticString in ["reasoning_content", "reasoning", "thinking", "refusal"]
            where message[key].isDefined {
                walk.texts(message[key], .assistant, .empty, visit)
            }
            for call in walk.items(message["tool_calls"]) {
                let function = call["function"].isDefined ? call["function"] : call["custom"]
                walk.call(
                    function["name"], Self.either(function, "arguments", "input"), id: call["id"],
                    visit)
            }
            if message["function_call"].isDefined {
                let function = message["function_call"]
                walk.call(function["name"], function["arguments"], id: .undefined, visit)
            }
        }
        walk.texts(content["prediction"], .assistant, .empty, visit)
    }

    /// A text that is completed. Ollama's `context` is a conversation in tokens.
    private func completion(_ walk: inout PromptWalk, _ visit: (PromptPart) -> Void) {
        walk.texts(content["system"], .instruction, .empty, visit)
        walk.texts(content["template"], .instruction, .empty, visit)
        walk.texts(content["prompt"], .user, .empty, visit)
        walk.texts(content["suffix"], .user, .empty, visit)
        if content["context"].count > 0 { walk.isComplete = false }
    }

    /// `instructions`, and `input`: a string, or items that are messages, calls or their outputs.
    private func responses(_ walk: inout PromptWalk, _ visit: (PromptPart) -> Void) {
        walk.texts(content["instructions"], .instruction, .empty, visit)
        for variable in content["prompt"]["variables"].values {
            walk.texts(variable, .user, .empty, visit)
        }
        let input = content["input"]
        guard input.kind == .array else { return walk.texts(input, .user, .empty, visit) }
        for item in input.elements {
            walk.message += 1
            self.item(item, &walk, visit)
        }
    }

    private func item(_ item: Value, _ walk: inout PromptWalk, _ visit: (PromptPart) -> Void) {
        let before = walk.left
        let id = item["call_id"].isString ? item["call_id"].text : item["name"].text
        if item["role"].isString || item["content"].isDefined {
            let role = item["type"].equals("reasoning") ? .assistant : Self.role(item["role"])
            walk.texts(item["content"], role, .empty, visit)
        }
        walk.texts(item["summary"], .assistant, .empty, visit)
        let arguments = Self.either(item, "arguments", "input")
        if arguments.isDefined { walk.call(item["name"], arguments, id: item["call_id"], visit) }
        // What the model did with the provider's own tools: searches, commands, patches.
        for key: StaticString in ["action", "operation", "code", "queries", "tools"]
        where item[key].isDefined {
            walk.allTexts(item[key], .assistant, .empty, visit)
        }
        // Outputs of functions, of custom tools, of remote MCP servers, of shells.
        walk.texts(item["output"], .toolResult, id, visit)
        walk.texts(item["outputs"], .toolResult, id, visit)
        walk.texts(item["results"], .document, id, visit)
        if walk.left == before, !item["role"].isString { walk.miss(item) }
    }

    // MARK: Anthropic

    /// `system`, and `messages[]` whose `content` is a string or blocks.
    private func messages(
        _ content: Value, _ walk: inout PromptWalk, _ visit: (PromptPart) -> Void
    ) {
        walk.texts(content["system"], .instruction, .empty, visit)
        for message in walk.items(content["messages"]) {
            walk.message += 1
            let role = Self.role(message["role"])
            for block in walk.items(message["content"], orOne: true) {
                self.block(block, role, &walk, visit)
            }
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
        } else if type.equals("resource") {
            walk.texts(block["resource"], .document, block["resource"]["uri"].text, visit)
        } else {
            walk.texts(block, role, .empty, visit)
        }
    }

    // MARK: Gemini

    /// `systemInstruction`, and `contents[].parts[]`; proto field names are accepted as well, and
    /// one object for a list of them.
    private func gemini(
        _ content: Value, _ walk: inout PromptWalk, _ visit: (PromptPart) -> Void
    ) {
        for key: StaticString in ["systemInstruction", "system_instruction"] {
            let instruction = content[key]
            let parts = instruction["parts"]
            walk.texts(parts.isDefined ? parts : instruction, .instruction, .empty, visit)
        }
        for turn in walk.items(content["contents"], orOne: true) {
            walk.message += 1
            let role = Self.role(turn["role"])
            if turn.isString { walk.texts(turn, role, .empty, visit) }
            for part in walk.items(turn["parts"], orOne: true) {
                self.part(part, role, &walk, visit)
            }
        }
        // What `countTokens` is asked to count.
        for key: StaticString in ["generateContentRequest", "generate_content_request"]
        where content[key].kind == .object && content[key]["contents"].isDefined {
            let inner = content[key]
            guard inner["generateContentRequest"].isUndefined else {
                walk.isComplete = false
                continue
            }
            gemini(inner, &walk, visit)
        }
    }

    /// A part has one of these; of one that has several, each may be the one.
    private func part(
        _ part: Value, _ role: PromptPart.Role, _ walk: inout PromptWalk,
        _ visit: (PromptPart) -> Void
    ) {
        let result = Self.either(part, "functionResponse", "function_response")
        let call = Self.either(part, "functionCall", "function_call")
        let file = Self.either(part, "fileData", "file_data")
        let code = Self.either(part, "executableCode", "executable_code")
        let output = Self.either(part, "codeExecutionResult", "code_execution_result")
        let data = Self.either(part, "inlineData", "inline_data")
        if result.isDefined {
            walk.allTexts(result["response"], .toolResult, result["name"].text, visit)
        }
        if call.isDefined { walk.call(call["name"], call["args"], id: call["id"], visit) }
        if file.isDefined {
            walk.emit(.document, Self.either(file, "fileUri", "file_uri").text, .empty, visit)
        }
        if code.isDefined { walk.texts(code["code"], .assistant, .empty, visit) }
        if output.isDefined { walk.texts(output["output"], .toolResult, .empty, visit) }
        // Text in Base64.
        let type = Self.either(data, "mimeType", "mime_type").text
        if type.hasPrefix("text/") { walk.isComplete = false }
        let isOther =
            result.isDefined || call.isDefined || file.isDefined || code.isDefined
            || output.isDefined || data.isDefined
        if !isOther || part["text"].isDefined { walk.texts(part, role, .empty, visit) }
    }

    // MARK: Others

    private func embedding(_ walk: inout PromptWalk, _ visit: (PromptPart) -> Void) {
        walk.texts(content["input"], .user, .empty, visit)
        walk.texts(content["content"]["parts"], .user, .empty, visit)
        for request in walk.items(content["requests"], orOne: true) {
            walk.texts(request["content"]["parts"], .user, .empty, visit)
        }
    }

    /// A2A: `message.parts[]` of both versions, `message.content[]` of v0.3 over plain HTTP: text,
    /// data, files by address.
    private func agentMessage(_ walk: inout PromptWalk, _ visit: (PromptPart) -> Void) {
        for call in walk.items(content, orOne: true) {
            let params = call["params"].isDefined ? call["params"] : call
            let message = params["message"]
            for key: StaticString in ["parts", "content"] {
                for part in walk.items(message[key], orOne: true) {
                    agentPart(part, &walk, visit)
                }
            }
        }
    }

    private func agentPart(
        _ part: Value, _ walk: inout PromptWalk, _ visit: (PromptPart) -> Void
    ) {
        var isOther = false
        for file in [part["file"], part] {
            for key: StaticString in ["uri", "url", "fileWithUri", "file_with_uri"]
            where file[key].isString {
                walk.emit(.document, file[key].text, .empty, visit)
                isOther = true
            }
        }
        if part["data"].isCollection {
            walk.allTexts(part["data"], .user, .empty, visit)
            isOther = true
        }
        if part["file"].isDefined || part["raw"].isDefined { isOther = true }
        if !isOther || part["text"].isDefined { walk.texts(part, .user, .empty, visit) }
    }

    /// MCP `sampling/createMessage`: `systemPrompt`, and `messages[]` with one block or several.
    private func sampling(_ walk: inout PromptWalk, _ visit: (PromptPart) -> Void) {
        let params = content["params"]
        walk.texts(params["systemPrompt"], .instruction, .empty, visit)
        for message in walk.items(params["messages"]) {
            walk.message += 1
            let role = Self.role(message["role"])
            for block in walk.items(message["content"], orOne: true) {
                self.block(block, role, &walk, visit)
            }
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

    /// The elements of an array, and nothing of what is none: an object's elements are its keys.
    ///
    /// - Parameter orOne: true where the API takes one element in the array's place. Where it does
    ///   not, what stands there was not seen.
    mutating func items(_ value: Value, orOne: Bool = false) -> PromptItems {
        if value.kind == .array { return PromptItems(list: value.elements, one: .undefined) }
        let none = UnsafeBufferPointer<Value>(start: nil, count: 0)
        if orOne, value.isString || value.kind == .object {
            return PromptItems(list: none, one: value)
        }
        if value.isString || value.isCollection { isComplete = false }
        return PromptItems(list: none, one: .undefined)
    }

    /// Something that was not understood: if it holds a text, that was not seen.
    mutating func miss(_ value: Value) {
        guard value.kind == .object, !Self.isMedia(value["type"]) else { return }
        for index in 0..<value.count where Self.mayHoldText(value.keys[index]) {
            if value.values[index].isString || value.values[index].isCollection {
                isComplete = false
            }
        }
    }

    /// Parts that hold images, sound or nothing at all.
    private static func isMedia(_ type: Value) -> Bool {
        type.equals("image_url") || type.equals("input_image") || type.equals("image")
            || type.equals("input_audio") || type.equals("audio") || type.equals("video_url")
            || type.equals("redacted_thinking") || type.equals("reasoning")
            || type.equals("item_reference") || type.equals("image_generation_call")
            || type.equals("compaction") || type.equals("container_upload")
            || type.equals("tool_reference") || type.equals("resource_link")
    }

    private static func mayHoldText(_ key: Value) -> Bool {
        !(key.equals("type") || key.equals("id") || key.equals("status") || key.equals("kind")
            || key.equals("call_id") || key.equals("role") || key.equals("name")
            || key.equals("cache_control") || key.equals("metadata") || key.equals("mimeType")
            || key.equals("mediaType") || key.equals("thoughtSignature"))
    }

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
        // Tokens: text that nobody here can read.
        case .integer, .decimal: isComplete = false
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
        guard !isFound else { return }
        if role == .toolResult {
            allTexts(value, role, name, depth: depth + 1, visit)
        } else {
            miss(value)
        }
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

/// The elements of a list, or one value in a list's place.
struct PromptItems: Sequence, IteratorProtocol {
    private var list: UnsafeBufferPointer<Value>.Iterator
    private var one: Value

    init(list: UnsafeBufferPointer<Value>, one: Value) {
        self.list = list.makeIterator()
        self.one = one
    }

    mutating func next() -> Value? {
        guard one.isDefined else { return list.next() }
        defer { one = .undefined }
        return one
    }
}
