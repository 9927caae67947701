// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Authorization
import DecisionLog
import ExtAuthz
import PDP
import Platform
import RegoVM
import ThreatIntelligence
import TransparencyLog

/// Makes the decisions of a log again, with the policy that made them or with another one.
///
/// The agents' context is rebuilt on the way, from the records alone: what the recorded answers
/// did, whatever the policy in question says. Clock, random numbers and ids are those of the
/// record. Nothing is written anywhere.
public final class Replay {
    private static let reportEvery = 50_000

    private let agents: AgentStore?
    private let fold: ContextFold?
    private let content: ContentReader?
    private let scopeHeader: Bytes
    private let point: DecisionPoint
    private let evaluation: Evaluation
    private let request = AttributeContext()
    private let decision = Decision()
    private let snapshot: AgentSnapshot
    private let writer = RecordWriter()
    private let scratch = Arena()
    /// nil when the same lists count throughout, or none.
    private var threats: ((String) throws -> ThreatIndex?)?
    private var report = ReplayReport()

    /// - Parameters:
    ///   - policy: that decides.
    ///   - agents: an empty store, which the replay fills; nil when no context is kept.
    ///   - content: the texts beside the log.
    ///   - memory: bytes of values that one decision may hold.
    public init(
        _ policy: PolicySnapshot, settings: DecisionPoint.Settings, agents: AgentStore?,
        content: (any Storage)?, memory: Int
    ) {
        self.agents = agents
        fold = agents.map { ContextFold($0) }
        self.content = content.map { ContentReader($0) }
        scopeHeader = settings.scopeHeader.name
        evaluation = Evaluation(arena: Arena(limit: memory))
        point = DecisionPoint(
            policy, settings: settings, evaluation: evaluation, agents: agents)
        snapshot = AgentSnapshot(agents)
    }

    deinit { scratch.destroy() }

    /// Threat lists that count throughout the replay, whatever counted then.
    public func use(_ threats: ThreatIndex) {
        point.use(threats)
        self.threats = nil
    }

    /// Where the threat lists of each decision are to be had, by their revision; nil for what is
    /// gone.
    public func useRecordedThreats(_ lists: @escaping (String) throws -> ThreatIndex?) {
        threats = lists
    }

    /// - Returns: false when the threat lists of a decision are gone.
    private func useThreats(_ recorded: RecordedDecision) throws -> Bool {
        guard let threats, point.threatRevision.string != recorded.threats else { return true }
        guard !recorded.threats.isEmpty else {
            point.useNoThreats()
            return true
        }
        guard let index = try threats(recorded.threats) else { return false }
        point.use(index)
        return true
    }

    /// Replays the entries of a log, whose integrity the caller has verified.
    ///
    /// - Parameters:
    ///   - bound: entries below it may be absent: the log says that it keeps them no more.
    ///   - kept: what it keeps of them, because it still holds.
    ///   - size: entries of the checkpoint.
    ///   - progress: is told now and then how many entries are done, of how many.
    /// - Throws: `ContextRebuild.Failure` for an entry that cannot be read; what reading the log
    ///   throws.
    public func run(
        _ tiles: some TileSource, prunedBelow bound: Int = 0,
        keeping kept: KeptEntries = KeptEntries(), size: Int,
        progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> ReplayReport {
        var order = OrderedLog<ReplayEntry>()
        let reader = EntryReader(tiles, size: size, prunedBelow: bound, keeping: kept)
        let applyKept = { (index: Int, bytes: UnsafeRawBufferPointer) throws -> Bool in
            // What lies around it is not there, so nothing waits for what comes.
            try order.finish(self.take)
            if let entry = try self.read(index, bytes) { try self.apply(entry) }
            return true
        }
        try reader.scan(0..<size, kept: applyKept) { index, bytes in
            report.entries += 1
            guard let entry = try read(index, bytes) else { return true }
            try order.add(entry, take)
            if index % Self.reportEvery == 0, index > 0 { progress(index, size) }
            return true
        }
        try order.finish(take)
        progress(size, size)
        report.finish()
        return report
    }

    private func read(_ index: Int, _ bytes: UnsafeRawBufferPointer) throws -> ReplayEntry? {
        scratch.reset()
        do throws(ContextRecord.Unreadable) {
            return try ReplayEntry(index, bytes, scratch)
        } catch {
            throw ContextRebuild.Failure(entry: index, reason: error.reason)
        }
    }

    private func take(_ step: OrderedLog<ReplayEntry>.Step) throws {
        switch step {
        case .decide(let entry): try decide(entry)
        // An event without a fingerprint is not part of the context.
        case .apply(let entry): if entry.fingerprint != nil { try apply(entry) }
        case .missing(let entry):
            report.adopted += 1
            skip(entry, .context)
        case .forgotten(let entry): forget(entry.agent)
        }
    }

    private func forget(_ agent: String) {
        var agent = agent
        agent.withUTF8 { agents?.forget(Bytes(UnsafeRawBufferPointer($0))) }
    }

    private func apply(_ entry: ReplayEntry) throws {
        guard let fold else { return }
        let index = entry.index
        try entry.bytes.withUnsafeBytes { bytes in
            let outcome: ContextFold.Outcome
            do throws(ContextRecord.Unreadable) {
                outcome = try fold.apply(bytes)
            } catch {
                throw ContextRebuild.Failure(entry: index, reason: error.reason)
            }
            // Later decisions would be made as if it did not hold.
            if case .full(let end) = outcome, end > 0 { throw ContextRebuild.Failure.full(index) }
        }
    }

    // MARK: Decisions

    private func skip(_ entry: ReplayEntry, _ reason: ReplayReport.Skipped) {
        guard !entry.isDecided else { return }
        entry.isDecided = true
        count(entry)
        report.skip(reason)
    }

    private func count(_ entry: ReplayEntry) {
        report.decisions += 1
        if let revision = entry.decision?.revision {
            report.revisions[revision, default: 0] += 1
        }
    }

    private func decide(_ entry: ReplayEntry) throws {
        guard let recorded = entry.decision, !entry.isDecided else { return }
        if recorded.isAccident { return skip(entry, .accident) }
        if recorded.isDropped { return skip(entry, .masked) }
        guard let reference = recorded.content else { return skip(entry, .noInput) }
        guard let content else { return skip(entry, .missing) }
        if reference.isPartial || recorded.isTruncated { return skip(entry, .cut) }
        switch try content.read(reference, of: recorded.id) {
        case .kept(let text):
            guard try useThreats(recorded) else { return skip(entry, .threats) }
            decide(entry, recorded, text)
        case .erased: skip(entry, .erased)
        case .missing: skip(entry, .missing)
        case .damaged: skip(entry, .damaged)
        }
    }

    private func decide(
        _ entry: ReplayEntry, _ recorded: RecordedDecision, _ text: UnsafeRawBufferPointer
    ) {
        do throws(CheckRequestError) {
            try CheckRequestReader.read(text, into: request)
        } catch {
            return skip(entry, .damaged)
        }
        decision.reset()
        decision.id = recorded.id
        evaluation.begin(now: recorded.time, seed: recorded.id.seed)
        evaluation.missedNetwork = false
        point.approvals?.recorded = recorded.approval
        point.begin(request)
        if let agents {
            let identity = point.subject.identity
            _ = agents.load(
                identity.pointee.id, session: identity.pointee.session, now: recorded.time,
                into: snapshot)
            point.decide(request, snapshot, into: decision)
        } else {
            point.decide(request, nil, into: decision)
        }
        // There is no network here, so that nothing outside is touched.
        if evaluation.missedNetwork { return skip(entry, .nondeterministic) }
        MutationRules.settle(decision)
        compare(entry, recorded)
    }

    private func compare(_ entry: ReplayEntry, _ recorded: RecordedDecision) {
        scratch.reset()
        var mask = MaskResult()
        for pointer in recorded.pointers {
            let isKnown = mask.remove(pointer, scopeHeader: scopeHeader) { name in
                let text = scratch.string(name).bytes
                return Bytes(start: text.baseAddress, count: text.count)
            }
            guard isKnown else { return skip(entry, .masked) }
        }
        completeBody(&mask, recorded)
        let masked = MaskedInput(request, mask.request)
        let isOther = masked.isAny && !entry.bytes.withUnsafeBytes { isSameAction($0) }
        if isOther || point.reads(masked) { return skip(entry, .masked) }
        let outcome = writer.encodeOutcome(decision, mask.record)
        let parts = entry.bytes.withUnsafeBytes {
            ReplayComparison(arena: scratch).differences($0, outcome)
        }
        entry.isDecided = true
        count(entry)
        if parts.isEmpty {
            report.equal += 1
        } else {
            report.add(change(recorded, parts), recorded.id.description)
        }
    }

    private func completeBody(_ mask: inout MaskResult, _ recorded: RecordedDecision) {
        guard case .whole = mask.request.body else { return }
        mask.request.body = CheckRequestMask.body(of: request)
        let http = request.http
        let size = max(http?.body.count ?? 0, http?.rawBody.count ?? 0)
        if recorded.bodyBytes > 0 && size == 0 || !mask.bodyPointers.isEmpty {
            mask.request.body = .none
        }
    }

    /// Whether the request means what it meant with all that was masked in it.
    private func isSameAction(_ record: UnsafeRawBufferPointer) -> Bool {
        guard let fields = try? ContextRecord.fields(record, scratch) else { return false }
        let action = fields["action"]
        let facts = point.subject.facts.pointee
        guard action["protocol"].equals(facts.trafficProtocol.word),
            action["effect"].equals(facts.effect.word),
            action["certain"].asBoolean == facts.isCertain
        else { return false }
        let identity = point.subject.identity.pointee
        return Bytes(fields["agent"]["id"]) == identity.id
    }

    private func change(_ recorded: RecordedDecision, _ parts: [String]) -> ReplayReport.Group {
        let codes = decision.reasons.map(\.code.string)
        let added = codes.filter { !recorded.reasons.contains($0) }.map { "+" + $0 }
        let removed = recorded.reasons.filter { !codes.contains($0) }.map { "-" + $0 }
        let name = recorded.route.isEmpty ? point.entrypoint.string : recorded.route
        return ReplayReport.Group(
            route: name, rules: added + removed, from: recorded.action,
            to: decision.action.word.description, parts: parts)
    }
}

extension Bytes {
    /// The text of a string; empty for anything else.
    fileprivate init(_ value: Value) {
        self.init(start: value.bytes.baseAddress, count: value.bytes.count)
    }
}
