// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Authorization
import RegoVM

/// What one record of the log means for the agents' context.
enum ContextRecord {
    case decision(ContextEvent)
    case change(AgentChange)
    case approval(ApprovalStep)
    /// A kind that says nothing about an agent.
    case irrelevant

    /// A record that this program cannot read; a context without it would know less than the one
    /// that was lost.
    struct Unreadable: Error, Equatable, CustomStringConvertible {
        let reason: String
        var description: String { reason }
    }

    /// Kinds of records that the context does not depend on.
    private static let irrelevantKinds: [StaticString] = ["responder", "loss", "erasure"]

    /// Reads a record. Texts share its memory or lie in the arena.
    static func read(
        _ record: UnsafeRawBufferPointer, _ arena: Arena
    ) throws(Unreadable) -> ContextRecord {
        try ContextRecord(try fields(record, arena))
    }

    /// A record's members, before it is known what they mean.
    static func fields(
        _ record: UnsafeRawBufferPointer, _ arena: Arena
    ) throws(Unreadable) -> RecordFields {
        var reader = JSONReader(record.bindMemory(to: UInt8.self), arena: arena)
        let document: Value
        do throws(JSONReader.Failure) {
            document = try reader.document()
        } catch {
            throw Unreadable(reason: "\(error.code.rawValue) at byte \(error.offset)")
        }
        guard document.kind == .object, !reader.hasDuplicateKeys else {
            throw Unreadable(reason: "expected one JSON object without repeated keys")
        }
        return RecordFields(document)
    }

    init(_ record: RecordFields) throws(Unreadable) {
        guard record["v"].asInteger == 1 else {
            throw Unreadable(reason: "expected `v` 1, got \(record["v"].description)")
        }
        let kind = record["kind"]
        if kind.isUndefined || kind.equals("decision") {
            self = .decision(try Self.decision(record))
        } else if kind.equals("operation") || kind.equals("signal") {
            self = .change(try Self.change(record, isSignal: kind.equals("signal")))
        } else if kind.equals("approval") {
            self = .approval(try Self.approval(record))
        } else if Self.irrelevantKinds.contains(where: { kind.equals($0) }) {
            self = .irrelevant
        } else {
            throw Unreadable(reason: "unknown kind \(kind.description)")
        }
    }

    private static func decision(_ record: RecordFields) throws(Unreadable) -> ContextEvent {
        let agent = try record.object("agent")
        var event = ContextEvent(
            agent: try agent.optionalText("id"), time: try record.time("time"))
        event.session = try agent.optionalText("session")
        event.decision = try record.id("decision_id")
        let answer = try record.object("answer")
        event.action = try answer.word("action", Action.allCases) { $0.word }
        event.isAllowed = try answer.flag("allowed")
        let action = try record.object("action")
        event.trafficProtocol = try action.word("protocol", TrafficProtocol.allCases) { $0.word }
        event.effect = try action.word("effect", Effect.allCases) { $0.word }
        event.operation = try action.optionalText("operation")
        event.tool = try action.optionalText("tool")
        event.resource = try action.optionalText("resource")
        if action["destination"].isDefined {
            let destination = try action.object("destination")
            event.destination = try destination.optionalText("host")
            // Left out when it is the request's own.
            if event.destination.isEmpty, record["request"].isDefined {
                event.destination = try record.object("request").optionalText("host")
            }
            event.isInternal = try destination.flag("internal")
        }
        try record.durations("labels") { event.labels.append(Label(name: $0, seconds: $1)) }
        try record.durations("restrictions") {
            event.restrictions.append(Restriction(name: $0, seconds: $1))
        }
        if record["prompt"].isDefined { try lineage(try record.object("prompt"), of: &event) }
        return event
    }

    /// In the order in which a check adds them.
    private static func lineage(
        _ prompt: RecordFields, of event: inout ContextEvent
    ) throws(Unreadable) {
        if prompt["documents"].kind == .array {
            for element in prompt["documents"].elements {
                let document = RecordFields(element)
                let key: StaticString =
                    document["sha256"].isDefined ? "sha256" : "name_sha256"
                let source = try document.word("source", LineageSource.allCases) { $0.word }
                event.lineage.append(LineageLink(source, digest: try document.digestPrefix(key)))
            }
        }
        guard prompt["sha256"].isDefined else { return }
        event.lineage.append(LineageLink(.prompt, digest: try prompt.digestPrefix("sha256")))
    }

    private static func change(
        _ record: RecordFields, isSignal: Bool
    ) throws(Unreadable) -> AgentChange {
        let agent = try record.object("agent")
        let content: AgentChange.Content =
            isSignal ? .signal(try signal(record, agent)) : try operation(record)
        return AgentChange(
            agent: try agent.text("id"), time: try record.time("time"), id: try record.id("id"),
            content: content)
    }

    private static func operation(_ record: RecordFields) throws(Unreadable) -> AgentChange.Content
    {
        let operation = record["operation"]
        if operation.equals("release") {
            guard record["restriction"].isDefined else { return .release(.empty) }
            return .release(try record.object("restriction").text("name"))
        }
        guard operation.equals("restrict") else {
            throw Unreadable(reason: "unknown operation \(operation.description)")
        }
        let restriction = try record.object("restriction")
        return .restrict(
            Restriction(
                name: try restriction.text("name"), seconds: try restriction.integer("seconds")))
    }

    private static func signal(
        _ record: RecordFields, _ agent: RecordFields
    ) throws(Unreadable) -> AgentChange.Signal {
        let signal = try record.object("signal")
        return AgentChange.Signal(
            kind: try signal.text("kind"), session: try agent.optionalText("session"),
            severity: UInt8(clamping: try signal.integer("severity")),
            confidence: UInt8(clamping: try signal.integer("confidence")),
            seconds: try signal.integer("seconds"))
    }
}
