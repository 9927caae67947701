// SPDX-License-Identifier: Apache-2.0
import Authorization
import Cryptography
import Inspection
import RegoVM

/// What is known of a check besides its attributes: who asks, and what for. Each part is found out
/// when it is first asked for, so that a policy that reads none of it pays for none.
///
/// One instance belongs to one event loop.
public final class CheckSubject {
    private let inspector: Inspector
    private let identifier: AgentIdentifier
    private let scopeHeader: ScopeHeader
    private let evaluation: Evaluation
    private let input: CheckInput
    private let empty = AttributeContext()
    private var context: AttributeContext
    /// `context`, not counted.
    private var asked: Unmanaged<AttributeContext>
    private let inspected: UnsafeMutablePointer<ActionFacts>
    private let identified: UnsafeMutablePointer<AgentIdentity>
    private var isInspected = false
    private var isIdentified = false
    private var isAskedForPrincipals = false
    private var listed: ScopeList?
    private let certificates = CertificateMemory()
    private let confidenceHeader: ConfidenceHeader
    private let said: CheckPrompt

    init(_ settings: DecisionPoint.Settings, _ evaluation: Evaluation, _ input: CheckInput) {
        inspector = settings.inspector
        identifier = settings.identifier
        scopeHeader = settings.scopeHeader
        self.evaluation = evaluation
        self.input = input
        confidenceHeader = settings.confidenceHeader
        said = CheckPrompt(evaluation)
        context = empty
        asked = .passUnretained(empty)
        inspected = .allocate(capacity: 1)
        inspected.initialize(to: ActionFacts())
        identified = .allocate(capacity: 1)
        identified.initialize(to: AgentIdentity())
    }

    deinit {
        inspected.deallocate()
        identified.deallocate()
    }

    func begin(_ context: AttributeContext) {
        if self.context !== context {
            self.context = context
            asked = .passUnretained(context)
        }
        isInspected = false
        isIdentified = false
        isAskedForPrincipals = false
        listed = nil
        certificates.begin()
        said.begin()
    }

    /// What the request does.
    public var facts: UnsafePointer<ActionFacts> {
        if !isInspected { inspect() }
        return UnsafePointer(inspected)
    }

    private func inspect() {
        isInspected = true
        let arena = evaluation.arena
        asked._withUnsafeGuaranteedRef { context in
            inspected.pointee = inspector.inspect(
                context, arena: arena, readMetadata: { input.metadata($0, in: arena) },
                readBody: { input.bodyReading(in: arena) })
        }
    }

    /// The request's body as JSON.
    public var body: BodyReading { input.bodyReading(in: evaluation.arena) }

    /// Who asks.
    public var identity: UnsafePointer<AgentIdentity> {
        if !isIdentified {
            isIdentified = true
            asked._withUnsafeGuaranteedRef { context in
                identified.pointee = identifier.identify(context, certificates)
            }
        }
        return UnsafePointer(identified)
    }

    /// SHA-256 of the caller's certificate (DER); nil when Envoy sent none that can be read.
    public var certificate: Digest? {
        certificates.digest(context.attributes.pointee.source.certificate)
    }

    /// What the request says to a model or to another agent.
    public var prompt: UnsafePointer<PromptFacts> { said.read(facts) }

    /// The prompt's hash; nil when there is none.
    var promptDigest: Digest? {
        let facts = facts
        said.digestPrompt(into: inspected)
        return facts.pointee.promptDigest
    }

    /// What the prompt brings in, without its text.
    var promptDocuments: Value {
        let prompt = prompt
        return prompt.pointee.documentsValue(in: evaluation.arena) {
            said.digest(ofDocument: $0, prompt)
        }
    }

    /// The prompt and documents that the request shows; nil when it shows none.
    public var lineage: CheckLineage? {
        facts.pointee.mayShowLineage ? said.lineage(facts) : nil
    }

    /// `lineage` as the record has it; empty when there is none.
    public var lineageRecord: Bytes { lineage?.record(in: evaluation.arena) ?? .empty }

    /// The hashes of the prompt's documents.
    var documentDigests: UnsafeBufferPointer<Digest> {
        let facts = facts
        said.digestDocuments(into: inspected)
        return facts.pointee.documentDigests
    }

    var hasher: SHA256 { said.hasher }

    /// How sure the agent says it is.
    var confidence: Value { confidenceHeader.value(context, in: evaluation.arena) }

    /// The body as JSON when it may be that.
    func readBody(_ body: Bytes) -> BodyReading? {
        for byte in body.buffer where byte > UInt8(ascii: " ") {
            guard byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") else { return nil }
            return input.bodyReading(in: evaluation.arena)
        }
        return nil
    }

    /// The scopes that the request carries.
    var scopes: ScopeList {
        if let listed { return listed }
        let list = asked._withUnsafeGuaranteedRef { context in
            scopeHeader.scopes(context, arena: evaluation.arena)
        }
        listed = list
        return list
    }

    /// The people and services of `principals` as the record has them: one JSON object, empty when
    /// there are none. A token that nobody verified is read only if the policy asked for it.
    public var principalsRecord: Bytes {
        if isAskedForPrincipals || input.hasMetadata(Bytes(TokenClaims.metadataNamespace)) {
            return principals.record
        }
        // What a client of Kubernetes says of itself.
        guard facts.pointee.trafficProtocol == .kubernetes,
            context.header(Bytes("impersonate-user")) != nil
        else { return .empty }
        return principals.record
    }

    /// Everybody who stands behind the request; made anew each time.
    var principals: Principals {
        isAskedForPrincipals = true
        return madePrincipals
    }

    /// Those that a verified token names, for an approval; null when there are none. Does not add
    /// to what the record says.
    var verifiedPrincipals: Value { madePrincipals.verified }

    private var madePrincipals: Principals {
        let metadata = input.metadata(Bytes(TokenClaims.metadataNamespace), in: evaluation.arena)
        let token = TokenClaims(context, metadata: metadata, arena: evaluation.arena)
        return Principals(identity.pointee, context, token, arena: evaluation.arena)
    }
}
