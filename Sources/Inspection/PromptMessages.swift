// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// The messages of each API. Members that are not known are skipped: they carry no text that these
/// APIs would show to a model.
extension PromptReader {
    mutating func readModelCall(_ body: Value) {
        readContent(body["system"], .instructions)
        readContent(body["instructions"], .instructions)
        let instruction = body["systemInstruction"]
        readParts(
            (instruction.isDefined ? instruction : body["system_instruction"])["parts"],
            .instructions)
        for message in body["messages"].list { readMessage(message) }
        readInput(body["input"])
        for content in body["contents"].list {
            beginMessage()
            readParts(content["parts"], content["role"].equals("model") ? .assistant : .user)
        }
        let prompt = body["prompt"]
        beginMessage()
        add(prompt, .user)
        for text in prompt.list { add(text, .user) }
    }

    private func role(_ role: Value) -> PromptRole {
        if role.equals("system") || role.equals("developer") { return .instructions }
        return role.equals("assistant") || role.equals("model") ? .assistant : .user
    }

    // MARK: OpenAI's chat completions, Anthropic's messages

    private mutating func readMessage(_ message: Value) {
        beginMessage()
        for call in message["tool_calls"].list {
            let function = call["function"]
            addCall(id: call["id"], name: function["name"], arguments: function["arguments"])
        }
        let role = message["role"]
        guard role.equals("tool") || role.equals("function") else {
            return readContent(message["content"], self.role(role))
        }
        var document = result(of: message["tool_call_id"])
        if document.tool.isEmpty { document.tool = message["name"].text }
        add(document) { $0.addTexts(message["content"]) }
    }

    /// A text, or a list of blocks.
    private mutating func readContent(_ content: Value, _ role: PromptRole) {
        guard content.kind == .array else { return add(content, role) }
        for block in content.elements {
            if block.isString { add(block, role) } else { readBlock(block, role) }
        }
    }

    private mutating func readBlock(_ block: Value, _ role: PromptRole) {
        let type = block["type"]
        if type.equals("tool_use") {
            return addCall(id: block["id"], name: block["name"], arguments: block["input"])
        }
        if type.equals("tool_result") {
            return add(result(of: block["tool_use_id"])) { $0.addTexts(block["content"]) }
        }
        if type.equals("document") || type.equals("search_result") || type.equals("file")
            || type.equals("input_file") || type.equals("resource")
            || type.equals("resource_link")
        {
            return readDocument(block, type)
        }
        add(block["text"], role)
    }

    /// A document in a message: MCP's resources, files of OpenAI and Anthropic.
    private mutating func readDocument(_ block: Value, _ type: Value) {
        let isResource = type.equals("resource") || type.equals("resource_link")
        var document = PromptDocument(isResource ? .resource : .file)
        let resource = block["resource"]
        let source = block["source"]
        let file = block["file"]
        document.reference = resource["uri"].text.or(block["uri"]).or(source["url"]).or(source)
            .or(block["file_url"]).or(file["filename"]).or(block["filename"]).or(block["title"])
            .or(file["file_id"]).or(block["file_id"])
        add(document) { reader in
            reader.addTexts(resource["text"])
            if source["type"].equals("text") { reader.addTexts(source["data"]) }
            reader.addTexts(source["content"])
            reader.addTexts(block["content"])
            reader.addTexts(block["text"])
        }
    }

    /// The texts of a result: a text, a list of blocks, or JSON of any form.
    private mutating func addTexts(_ content: Value) {
        guard content.kind == .array else { return addText(content) }
        for block in content.elements {
            let text = block["text"]
            let embedded = block["resource"]["text"]
            addText(text.isDefined ? text : embedded.isDefined ? embedded : block)
        }
    }

    // MARK: OpenAI's responses

    private mutating func readInput(_ input: Value) {
        guard input.kind == .array else {
            beginMessage()
            return add(input, .user)
        }
        for item in input.elements {
            beginMessage()
            let type = item["type"]
            if item.isString {
                add(item, .user)
            } else if type.equals("function_call") || type.equals("custom_tool_call") {
                let arguments = item["arguments"]
                addCall(
                    id: item["call_id"], name: item["name"],
                    arguments: arguments.isDefined ? arguments : item["input"])
            } else if type.equals("function_call_output") || type.equals("custom_tool_call_output")
            {
                add(result(of: item["call_id"])) { $0.addTexts(item["output"]) }
            } else if type.equals("mcp_call") {
                var document = PromptDocument(.toolResult)
                document.tool = item["name"].text
                document.arguments = item["arguments"]
                add(document) { $0.addTexts(item["output"]) }
            } else {
                readContent(item["content"], role(item["role"]))
            }
        }
    }

    // MARK: Gemini

    private mutating func readParts(_ parts: Value, _ role: PromptRole) {
        for part in parts.list {
            add(part["text"], role)
            let call = part["functionCall"]
            if call.isDefined {
                addCall(id: call["id"], name: call["name"], arguments: call["args"])
            }
            let response = part["functionResponse"]
            if response.isDefined {
                var document = result(of: response["id"])
                document.tool = response["name"].text
                add(document) { $0.addText(response["response"]) }
            }
            let file = part["fileData"]
            if file.isDefined {
                var document = PromptDocument(.file)
                document.reference = file["fileUri"].text
                add(document) { _ in }
            }
        }
    }

    // MARK: A2A

    mutating func readAgentMessage(_ message: Value) {
        beginMessage()
        for part in message["parts"].list {
            add(part["text"], .user)
            let file = part["file"]
            if file.isDefined || part["url"].isDefined {
                var document = PromptDocument(.file)
                document.reference = file["uri"].text.or(file["fileWithUri"]).or(part["url"])
                    .or(file["name"]).or(part["filename"])
                add(document) { _ in }
            }
            let data = part["data"]
            if data.isDefined { add(PromptDocument(.resource)) { $0.addText(data) } }
        }
    }
}

extension Value {
    /// An array's elements; none of anything else.
    fileprivate var list: UnsafeBufferPointer<Value> {
        kind == .array ? elements : UnsafeBufferPointer(start: nil, count: 0)
    }
}

extension Bytes {
    /// Itself, or the text of a value when it is empty.
    fileprivate func or(_ value: Value) -> Bytes { isEmpty ? value.text : self }
}
