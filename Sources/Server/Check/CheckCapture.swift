// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Authorization
import DecisionLog
import ExtAuthz
import Inspection
import PDP
import RegoVM

/// Keeps what a check's record refers to: the check itself, without credentials, in the content
/// store. Belongs to one event loop.
final class CheckCapture {
    private var writer = CheckRequestWriter()
    private let arena: Arena
    /// What is left out of the next check that is kept.
    var mask = CheckRequestMask()

    init(arena: Arena) { self.arena = arena }

    /// Adds the check to this turn's texts.
    ///
    /// - Parameter facts: are told where it lies.
    func keep(
        _ request: AttributeContext, _ action: UnsafePointer<ActionFacts>, _ id: DecisionID,
        _ now: Int64, in content: ContentWriter, _ facts: inout RecordFacts
    ) throws(LogError) {
        defer { mask.reset() }
        let settings = content.configuration
        var isPartial = false
        if mask.body == .whole { mask.body = Self.body(request, action) }
        if settings.kept == .bodies {
            guard let http = request.http, !(http.body.isEmpty && http.rawBody.isEmpty) else {
                return
            }
            mask.parts.insert(.allButBody)
            isPartial = true
        }
        var text = writer.encode(request, mask)
        if text.count > settings.limit {
            guard !isPartial else { return }
            mask.body = .none
            isPartial = true
            text = writer.encode(request, mask)
            guard text.count <= settings.limit else { return }
        }
        let (reference, arguments) = try content.add(
            text, arguments: self.arguments(action), isPartial: isPartial, id: id, now: now)
        facts.content = .kept(reference)
        facts.argumentsDigest = arguments
    }

    /// Adds what a person is asked about to this turn's texts.
    ///
    /// - Returns: where it lies; nil when nothing is asked, or a mask or the configuration does not
    ///   let it be kept.
    func keep(
        _ step: ApprovalStep, _ facts: RecordFacts, in content: ContentWriter
    ) throws(LogError) -> ApprovalText? {
        guard step.kind == .pending, !step.arguments.isEmpty,
            !facts.mask.parts.contains(.arguments),
            step.arguments.utf8.count <= content.configuration.limit
        else { return nil }
        let copy = arena.string(step.arguments).bytes
        let (reference, _) = try content.add(
            Bytes(start: copy.baseAddress, count: copy.count), arguments: .empty, isPartial: false,
            id: step.approval, now: step.time)
        return ApprovalText(reference)
    }

    /// What is written to Vault is secret by its purpose.
    private static func body(
        _ request: AttributeContext, _ action: UnsafePointer<ActionFacts>
    ) -> CheckRequestMask.Body {
        action.pointee.trafficProtocol == .vault ? .none : CheckRequestMask.body(of: request)
    }

    /// A tool's arguments as JSON, keys sorted; empty when there are none.
    private func arguments(_ action: UnsafePointer<ActionFacts>) -> Bytes {
        guard action.pointee.arguments.isDefined else { return .empty }
        var output = ByteBuilder(arena)
        JSONWriter.append(action.pointee.arguments, to: &output)
        return Bytes(start: output.bytes.baseAddress, count: output.count)
    }
}
