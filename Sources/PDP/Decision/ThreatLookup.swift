// SPDX-License-Identifier: Apache-2.0
import Authorization
import Inspection
import RegoVM
import ThreatIntelligence

/// Looks up the parts of a check in the threat lists, each at most once, and only when a policy
/// asks for it.
///
/// One instance belongs to one event loop.
final class ThreatLookup {
    let scan: ThreatScan
    private let evaluation: Evaluation
    private unowned(unsafe) let subject: CheckSubject
    private var context: AttributeContext?
    /// A bit for each part that has been looked up.
    private var looked: UInt8 = 0
    /// Strings whose hash may still be looked up.
    private var digests = Limits.threatDigests

    init(_ index: ThreatIndex, _ evaluation: Evaluation, _ subject: CheckSubject) {
        scan = ThreatScan(index)
        self.evaluation = evaluation
        self.subject = subject
    }

    func begin(_ context: AttributeContext) {
        self.context = context
        guard looked != 0 else { return }
        looked = 0
        digests = Limits.threatDigests
        scan.begin()
    }

    func use(_ index: ThreatIndex) {
        looked = 0
        scan.use(index)
    }

    func lookAtAll() { for part in ThreatPart.allCases { look(part) } }

    func look(_ part: ThreatPart) {
        let bit: UInt8 = 1 << part.rawValue
        guard looked & bit == 0, context != nil else { return }
        looked |= bit
        switch part {
        case .destination: scan.look(host: subject.facts.pointee.destination.host, in: part)
        case .url: lookAtURL()
        case .arguments: lookAt(subject.facts.pointee.arguments, part)
        case .prompt: lookAtPrompt()
        case .documents: lookAtDocuments()
        case .body: lookAtBody()
        }
    }

    /// The path as it was sent, and without its percent escapes; the URI of an MCP resource.
    private func lookAtURL() {
        guard let http = context?.http else { return }
        lookAtEscaped(http.path, .url)
        if subject.facts.pointee.trafficProtocol == .mcp {
            scan.search(subject.facts.pointee.resource, in: .url)
        }
    }

    private func lookAtEscaped(_ text: Bytes, _ part: ThreatPart) {
        scan.search(text, in: part)
        do throws(InputFailure) {
            let decoded = try PercentDecoding.decode(
                text, plusIsSpace: true, in: evaluation.arena, or: .path)
            if decoded.start != text.start { scan.search(decoded, in: part) }
        } catch {
            // A `%` that escapes nothing: the text has been searched as it is.
        }
    }

    /// All strings in a value, keys too.
    private func lookAt(_ value: Value, _ part: ThreatPart) {
        switch value.kind {
        case .string:
            let text = Bytes(value)
            scan.search(text, in: part)
            lookAtDigest(text, part)
        case .array, .set:
            for element in value.elements { lookAt(element, part) }
        case .object:
            for index in 0..<value.count {
                scan.search(Bytes(value.keys[index]), in: part)
                lookAt(value.values[index], part)
            }
        default: break
        }
    }

    private func lookAtDigest(_ text: Bytes, _ part: ThreatPart) {
        guard scan.hasDigests, !text.isEmpty else { return }
        guard digests > 0 else { return scan.cut() }
        digests -= 1
        scan.look(
            digest: subject.hasher.hash(UnsafeRawBufferPointer(text.buffer)), in: part)
    }

    private func lookAtPrompt() {
        let prompt = subject.prompt
        for text in prompt.pointee.texts { scan.search(text.text, in: .prompt) }
        if prompt.pointee.isCut { scan.cut() }
    }

    private func lookAtDocuments() {
        let prompt = subject.prompt
        for document in prompt.pointee.documents {
            scan.search(document.reference, in: .documents)
            prompt.pointee.forEachText(of: document) { scan.search($0, in: .documents) }
        }
        guard scan.hasDigests else { return }
        for digest in subject.documentDigests {
            scan.look(digest: digest, in: .documents)
        }
    }

    /// The body's hash and its text; of JSON the strings, each with its hash. What is looked at as
    /// arguments or as a prompt is not looked at again. No two JSON texts need be the same for the
    /// upstream to read the same, so a hash over all of one tells nothing.
    private func lookAtBody() {
        guard let context else { return }
        let body = RequestBody(context).bytes
        guard !body.isEmpty, subject.prompt.pointee.isEmpty else { return }
        let facts = subject.facts
        guard facts.pointee.arguments.isUndefined, scan.searchesText || scan.hasDigests else {
            return
        }
        if case .value(let value, _)? = subject.readBody(body) { return lookAt(value, .body) }
        if scan.hasDigests {
            if facts.pointee.doubts.contains(.truncated) { scan.cut() }
            scan.look(
                digest: subject.hasher.hash(UnsafeRawBufferPointer(body.buffer)), in: .body)
        }
        if scan.searchesText { lookAtEscaped(body, .body) }
    }
}
