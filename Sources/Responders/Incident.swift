// SPDX-License-Identifier: Apache-2.0
import Authorization
import CLinux
import DecisionLog
import RegoVM

/// A restriction that started, as a record of the log says it.
struct Incident: Sendable, Equatable {
    /// The record's id.
    var record: String
    /// As the record has it: RFC 3339.
    var time: String
    var agent: String
    var restriction: String
    var seconds: Int64
    /// Empty when a decision started it.
    var operatorName = ""
    /// An operator's words, or the code of a decision's first reason.
    var reason = ""
    /// The place among the restrictions that the record starts.
    var ordinal = 0

    /// `time` in nanoseconds since 1970; nil when it is none.
    var moment: Int64? {
        var time = time
        return time.withUTF8 { RecordTimestamp.parse(Bytes(UnsafeRawBufferPointer($0))) }
    }
}

/// What a record means for responders.
enum RecordMeaning: Equatable {
    case nothing
    case started([Incident])
    /// nil: all of the agent's restrictions.
    case released(agent: String, restriction: String?)
    case outcome(CallKey)

    /// Records that can mean nothing are told apart by a look for a few words.
    static func read(_ record: UnsafeRawBufferPointer) -> RecordMeaning {
        guard mayMatter(record) else { return .nothing }
        let arena = Arena(chunk: 16 << 10, limit: Limits.recordBytes)
        defer { arena.destroy() }
        let text = record.assumingMemoryBound(to: UInt8.self)
        // What is no JSON is no record of ours: the log's verifier tells of it.
        guard let document = try? JSONReader.read(text, into: arena) else { return .nothing }
        return meaning(document)
    }

    private static func mayMatter(_ record: UnsafeRawBufferPointer) -> Bool {
        contains(record, #""restrictions":["#) || contains(record, #""kind":"operation""#)
            || contains(record, #""kind":"responder""#)
    }

    private static func contains(_ record: UnsafeRawBufferPointer, _ word: StaticString) -> Bool {
        linux_contains(record.baseAddress, record.count, word.utf8Start, word.utf8CodeUnitCount)
    }

    private static func meaning(_ document: Value) -> RecordMeaning {
        let kind = document[.string("kind")]
        let agent = text(document[.string("agent")], "id")
        if kind.isUndefined || kind.equals("decision") { return decision(document, agent) }
        if kind.equals("operation") { return operation(document, agent) }
        if kind.equals("responder") {
            let responder = document[.string("responder")]
            return .outcome(
                CallKey(
                    record: text(responder, "record"), restriction: text(responder, "restriction"),
                    responder: text(responder, "name")))
        }
        return .nothing
    }

    private static func decision(_ document: Value, _ agent: String) -> RecordMeaning {
        let reasons = document[.string("answer")][.string("reasons")]
        let reason = reasons.kind == .array ? reasons.elements.first.map { text($0, "code") } : nil
        var incidents: [Incident] = []
        let restrictions = document[.string("restrictions")]
        guard restrictions.kind == .array else { return .nothing }
        for restriction in restrictions.elements {
            guard let seconds = restriction[.string("seconds")].asInteger, seconds > 0 else {
                continue
            }
            incidents.append(
                Incident(
                    record: text(document, "decision_id"), time: text(document, "time"),
                    agent: agent, restriction: text(restriction, "name"), seconds: seconds,
                    reason: reason ?? "", ordinal: incidents.count))
        }
        return incidents.isEmpty ? .nothing : .started(incidents)
    }

    private static func operation(_ document: Value, _ agent: String) -> RecordMeaning {
        let restriction = document[.string("restriction")]
        let operation = document[.string("operation")]
        if operation.equals("release") {
            let name = text(restriction, "name")
            return .released(agent: agent, restriction: name.isEmpty ? nil : name)
        }
        guard operation.equals("restrict"),
            let seconds = restriction[.string("seconds")].asInteger
        else { return .nothing }
        return .started([
            Incident(
                record: text(document, "id"), time: text(document, "time"), agent: agent,
                restriction: text(restriction, "name"), seconds: seconds,
                operatorName: text(document, "operator"), reason: text(document, "reason"))
        ])
    }

    private static func text(_ value: Value, _ name: StaticString) -> String {
        value[.string(name)].asString ?? ""
    }
}

/// What identifies a call: it is not made again when the log has its outcome.
struct CallKey: Hashable, Sendable {
    var record: String
    var restriction: String
    var responder: String
}
