// SPDX-License-Identifier: Apache-2.0
import Authorization
import Foundation
import TestSupport
import Testing

@testable import ExtAuthz

/// Decisions and the answers they become, side by side in `Golden/check-response.txt`.
///
/// `PORTCULLIS_REWRITE_GOLDEN=1 swift test --filter ResponseGoldenTests` writes the file anew.
@Suite struct ResponseGoldenTests {
    private static let path =
        SharedFolder.projectRoot + "/Tests/ExtAuthzTests/Golden/check-response.txt"

    @Test func answersAreAsWritten() throws {
        let text = try String(contentsOfFile: Self.path, encoding: .utf8)
        let cases = text.split(separator: "\n\n").map { GoldenCase(String($0)) }
        #expect(cases.count > 15)
        let outputs = try cases.map { try $0.run() }
        if ProcessInfo.processInfo.environment["PORTCULLIS_REWRITE_GOLDEN"] == "1" {
            let whole = zip(cases, outputs).map { $0.input + "\n  ----\n" + $1 }.joined(
                separator: "\n\n")
            try (whole + "\n").write(toFile: Self.path, atomically: true, encoding: .utf8)
            return
        }
        for (golden, output) in zip(cases, outputs) {
            #expect(output == golden.output, "\(golden.input)")
        }
    }
}

/// A title, indented lines that make a decision, `----`, and the indented answer.
private struct GoldenCase {
    let input: String
    let output: String

    init(_ text: String) {
        let parts = text.components(separatedBy: "\n  ----\n")
        input = parts[0].trimmingCharacters(in: .newlines)
        output = parts.count > 1 ? parts[1].trimmingCharacters(in: .newlines) : ""
    }

    func run() throws -> String {
        let memory = Memory()
        let decision = Decision()
        decision.id = DecisionID(milliseconds: 0x0123_4567_89AB, random: (0xABC, 0x42))
        for line in input.split(separator: "\n").dropFirst() {
            apply(String(line.drop { $0 == " " }), to: decision, memory)
        }
        let writer = CheckResponseWriter()
        var lines = try withExtendedLifetime(writer) {
            try ResponseText.print(writer.encode(decision))
        }
        lines += decision.reasons.map { "reason \($0.code.string) `\($0.message.string.escaped)`" }
        return lines.map { "  " + $0 }.joined(separator: "\n")
    }

    private func apply(_ line: String, to decision: Decision, _ memory: Memory) {
        let words = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        let rest = words.count > 1 ? String(words[1]) : ""
        switch words[0] {
        case "allow": decision.isAllowed = true
        case "deny": decision.isAllowed = false
        case "error": decision.isError = true
        case "status": decision.httpStatus = Int(rest)
        case "header": decision.headers.append(field(rest, memory))
        case "response-header": decision.responseHeadersToAdd.append(field(rest, memory))
        case "remove": decision.requestHeadersToRemove.append(memory.bytes(rest.unescaped))
        case "set-query": decision.queryParametersToSet.append(field(rest, memory))
        case "remove-query": decision.queryParametersToRemove.append(memory.bytes(rest.unescaped))
        case "body": decision.body = memory.bytes(rest.unescaped)
        case "raw-metadata": decision.dynamicMetadata = memory.bytes(rest.unescaped)
        case "metadata":
            let pair = field(rest, memory)
            decision.dynamicMetadata = memory.bytes(
                Wire.message(
                    1, Wire.bytes(1, Array(pair.name.buffer)),
                    Wire.message(2, Wire.bytes(3, Array(pair.value.buffer)))))
        default: Issue.record("unknown command `\(words[0])`")
        }
    }

    /// `name: value`; a colon at the start belongs to the name.
    private func field(_ text: String, _ memory: Memory) -> Decision.Field {
        let bytes = text.unescaped
        let colon =
            bytes.dropFirst(text == ": v" ? 0 : 1).firstIndex(of: UInt8(ascii: ":")) ?? bytes.count
        let value = bytes.dropFirst(colon + 1).drop { $0 == UInt8(ascii: " ") }
        return Decision.Field(name: memory.bytes(bytes.prefix(colon)), value: memory.bytes(value))
    }
}

extension String {
    /// Bytes, with \r, \n, \0 and \xNN read as escapes.
    fileprivate var unescaped: [UInt8] {
        var bytes: [UInt8] = []
        var rest = Array(utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let escape = rest.popFirst() else {
                bytes.append(byte)
                continue
            }
            switch escape {
            case UInt8(ascii: "r"): bytes.append(13)
            case UInt8(ascii: "n"): bytes.append(10)
            case UInt8(ascii: "0"): bytes.append(0)
            case UInt8(ascii: "x"):
                bytes.append(UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) ?? 0)
                rest = rest.dropFirst(2)
            default: bytes += [byte, escape]
            }
        }
        return bytes
    }

    fileprivate var escaped: String { Array(utf8).hexadecimal }
}
