// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// `multipart/form-data` (RFC 7578, RFC 2046 section 5.1.1): an object of lists, one entry a part
/// that has a name. A part of type `application/json` is parsed, all others are text.
struct MultipartParser {
    private let body: Bytes
    private let delimiter: Bytes
    private let owner: BodyParser
    private var position = 0

    init(_ body: Bytes, _ boundary: Bytes, _ owner: BodyParser) {
        self.body = body
        self.owner = owner
        let memory = owner.arena.allocate(UInt8.self, count: boundary.count + 4)
        for (index, byte) in [13, 10, UInt8(ascii: "-"), UInt8(ascii: "-")].enumerated() {
            memory[index] = byte
        }
        for index in 0..<boundary.count { memory[index + 4] = boundary[index] }
        delimiter = Bytes(start: UnsafePointer(memory), count: boundary.count + 4)
    }

    func parse() throws(InputFailure) -> Value {
        var parser = self
        return try parser.parts()
    }

    private mutating func parts() throws(InputFailure) -> Value {
        var lists = ListsByName(owner.arena)
        try skipPreamble()
        var count = 0
        while try !isAtFinalDelimiter() {
            count += 1
            guard count <= Limits.multipartParts else { throw failure() }
            let part = try headers()
            let start = position
            guard let end = body.index(of: delimiter, from: max(0, start - 2)) else {
                throw failure()
            }
            let content = body[min(start, end)..<end]
            position = end + delimiter.count
            guard let name = part.name, !name.isEmpty else { continue }
            let value = part.isJSON ? try owner.json(content) : .text(content, in: owner.arena)
            lists.append(value, under: .text(name, in: owner.arena))
        }
        return lists.finish()
    }

    private func failure() -> InputFailure { InputFailure(.multipart, at: position) }

    /// To behind the first delimiter, which may stand at the very start without a line break.
    private mutating func skipPreamble() throws(InputFailure) {
        let bare = delimiter[2..<delimiter.count]
        if bare.count <= body.count, body[0..<bare.count] == bare {
            position = bare.count
            return
        }
        guard let start = body.index(of: delimiter) else { throw failure() }
        position = start + delimiter.count
    }

    /// Behind a delimiter: "--" ends the body, else a line break begins a part.
    private mutating func isAtFinalDelimiter() throws(InputFailure) -> Bool {
        if position + 2 <= body.count, body[position..<position + 2].equals("--") { return true }
        while position < body.count, body[position] == 0x20 || body[position] == 0x09 {
            position += 1
        }
        guard position + 2 <= body.count, body[position..<position + 2].equals("\r\n") else {
            throw failure()
        }
        position += 2
        return false
    }

    private struct Part {
        var name: Bytes?
        var isJSON = false
    }

    private mutating func headers() throws(InputFailure) -> Part {
        var part = Part()
        for _ in 0...Limits.partHeaders {
            guard let end = body.index(of: Bytes("\r\n"), from: position) else { throw failure() }
            let line = body[position..<end]
            position = end + 2
            if line.isEmpty { return part }
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { throw failure() }
            let name = line[0..<colon]
            let value = line[colon + 1..<line.count].trimmed
            if name.equalsIgnoringCase("content-disposition") {
                part.name = MediaType.parameter("name", of: value, type: "form-data")
            } else if name.equalsIgnoringCase("content-type") {
                part.isJSON = value.contains("application/json")
            } else if name.equalsIgnoringCase("content-transfer-encoding") {
                // Readers differ on whether they decode it.
                guard ["7bit", "8bit", "binary"].contains(where: { value.equalsIgnoringCase($0) })
                else {
                    throw failure()
                }
            }
        }
        throw failure()
    }
}

/// `type; name=value; name="value"` (RFC 2045, section 5.1).
enum MediaType {
    static func boundary(of type: Bytes) -> Bytes? {
        let boundary = parameter("boundary", of: type, type: "multipart/form-data")
        // RFC 2046 allows 70 characters.
        guard let boundary, !boundary.isEmpty, boundary.count <= 70 else { return nil }
        return boundary
    }

    /// A parameter's value; nil when it is absent or the type is another.
    static func parameter(_ name: StaticString, of text: Bytes, type: StaticString) -> Bytes? {
        var end = text.firstIndex(of: UInt8(ascii: ";")) ?? text.count
        guard text[0..<end].trimmed.equalsIgnoringCase(type) else { return nil }
        while end < text.count {
            let start = end + 1
            let equals = text.firstIndex(of: UInt8(ascii: "="), from: start) ?? text.count
            guard equals < text.count else { return nil }
            let value: Bytes
            (value, end) = parameterValue(text, from: equals + 1)
            if text[start..<equals].trimmed.equalsIgnoringCase(name) { return value }
        }
        return nil
    }

    /// A value and the place of the semicolon behind it. Escapes in quoted text stay as they are:
    /// browsers percent-encode quotes instead (RFC 7578, section 4.2).
    private static func parameterValue(_ text: Bytes, from start: Int) -> (Bytes, Int) {
        if start < text.count, text[start] == UInt8(ascii: "\"") {
            let close = text.firstIndex(of: UInt8(ascii: "\""), from: start + 1) ?? text.count
            let end =
                text.firstIndex(of: UInt8(ascii: ";"), from: min(close + 1, text.count))
                ?? text.count
            return (text[min(start + 1, close)..<close], end)
        }
        let end = text.firstIndex(of: UInt8(ascii: ";"), from: start) ?? text.count
        return (text[min(start, end)..<end].trimmed, end)
    }
}
