// SPDX-License-Identifier: Apache-2.0
import RegoVM

/// Which records are wanted. What is not set is not asked.
public struct RecordFilter: Sendable {
    public var agent: Pattern?
    public var tool: Pattern?
    /// `allow`, `deny`, `require_approval`, `restrict`, `isolate`; or `allowed`, `refused`,
    /// `error`, which several of them are.
    public var decision: String?
    /// Of any of its reasons' codes.
    public var reason: Pattern?
    public var destination: Pattern?
    public var kind: String?
    /// From here on, in nanoseconds since 1970-01-01T00:00:00Z.
    public var since: Int64? { didSet { sinceText = since.map { Array(Moment.text($0).utf8) } } }
    /// Before here.
    public var until: Int64? { didSet { untilText = until.map { Array(Moment.text($0).utf8) } } }
    private var sinceText: [UInt8]?
    private var untilText: [UInt8]?

    public init() {}

    public func matches(_ record: Record) -> Bool {
        if sinceText != nil || untilText != nil {
            let time = record.time.bytes
            if let sinceText, time.lexicographicallyPrecedes(sinceText) { return false }
            if let untilText, !time.lexicographicallyPrecedes(untilText) { return false }
        }
        if let kind, record.kind != kind { return false }
        if let decision, !isDecision(record, decision) { return false }
        if let agent, !agent.matches(record.agent) { return false }
        if let tool, !tool.matches(record.tool) { return false }
        if let destination, !destination.matches(record.destination) { return false }
        if let reason, !record.reasons.contains(where: { reason.matches($0) }) { return false }
        return true
    }

    private func isDecision(_ record: Record, _ word: String) -> Bool {
        guard record.isDecision else { return false }
        return switch word {
        case "allowed": record.isAllowed
        case "refused": !record.isAllowed
        case "error": record.isError
        default: !record.isError && record.answer.bytes.elementsEqual(word.utf8)
        }
    }
}

/// A text in which each `*` stands for any characters.
public struct Pattern: Sendable {
    /// What must come in this order; the first begins the text, the last ends it.
    private let parts: [[UInt8]]

    public init(_ text: String) {
        parts = Array(text.utf8).split(
            separator: UInt8(ascii: "*"), omittingEmptySubsequences: false
        ).map(Array.init)
    }

    /// False for what is no string.
    public func matches(_ value: Value) -> Bool { value.isString && matches(value.bytes) }

    public func matches(_ text: String) -> Bool {
        Array(text.utf8).withUnsafeBufferPointer { matches($0) }
    }

    func matches(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard parts.count > 1 else { return text.elementsEqual(parts[0]) }
        guard text.starts(with: parts[0]) else { return false }
        var position = parts[0].count
        for part in parts[1..<(parts.count - 1)] {
            guard let found = find(part, in: text, from: position) else { return false }
            position = found + part.count
        }
        let last = parts[parts.count - 1]
        return text.count - position >= last.count
            && text[(text.count - last.count)...].elementsEqual(last)
    }

    private func find(
        _ part: [UInt8], in text: UnsafeBufferPointer<UInt8>, from start: Int
    ) -> Int? {
        var place = start
        while place + part.count <= text.count {
            if text[place..<(place + part.count)].elementsEqual(part) { return place }
            place += 1
        }
        return nil
    }
}
