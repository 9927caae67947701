// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// Several JSON-RPC messages in one body (MCP up to 2025-03-26).
///
/// Each one is judged. The facts are those of the strictest, the doubts those of all, and
/// `ActionFacts.batch` has every message, so that a policy can ask about each.
extension Inspection {
    mutating func inspectBatch(_ content: Value) -> Bool {
        let messages = content.elements
        guard messages.contains(where: { Self.isMessage($0) }) || isMessageExpected else {
            return false
        }
        facts.doubts.insert(.batch)
        facts.trafficProtocol = .mcp
        facts.operation = Bytes("batch")
        facts.effect = .unknown
        guard messages.count > 0, messages.count <= Limits.batchMessages else {
            facts.doubts.insert(.malformedMessage)
            return true
        }
        // Facts are trivial to copy, so the arena may forget them.
        let memory = arena.allocate(bytes: messages.count * MemoryLayout<ActionFacts>.stride)
            .bindMemory(to: ActionFacts.self, capacity: messages.count)
        for (index, message) in messages.enumerated() {
            (memory + index).initialize(to: judged(message))
        }
        facts = strictest(UnsafePointer(memory), messages.count)
        return true
    }

    /// A message, or a batch inside the batch, which the standard does not know.
    private static func isMessage(_ value: Value) -> Bool {
        if value.kind == .array { return value.elements.contains { $0["jsonrpc"].isDefined } }
        return value["jsonrpc"].isDefined
    }

    /// The facts of one message, as if it had come alone.
    private func judged(_ message: Value) -> ActionFacts {
        var single = self
        single.facts.operation = .empty
        single.facts.content = message
        if message.kind != .object || !single.inspectMessage(message) {
            single.facts.effect = .unknown
            single.facts.doubts.insert(.malformedMessage)
        }
        return single.facts
    }

    private func strictest(_ messages: UnsafePointer<ActionFacts>, _ count: Int) -> ActionFacts {
        var result = messages[0]
        var doubts = result.doubts
        for index in 1..<max(1, count) {
            doubts.formUnion(messages[index].doubts)
            if messages[index].effect.strictness > result.effect.strictness {
                result = messages[index]
            }
        }
        result.doubts = doubts
        result.content = facts.content
        // A reply to a batch is an array, which no single error can be.
        result.messageID = .undefined
        result.batch = UnsafeBufferPointer(start: messages, count: count)
        return result
    }
}

extension Effect {
    /// How much an effect asks for, when one must stand for several.
    var strictness: Int {
        switch self {
        case .read: 0
        case .write: 1
        case .egress: 2
        case .execute: 3
        case .delegate: 4
        case .secret: 5
        case .unknown: 6
        }
    }
}
