// SPDX-License-Identifier: Apache-2.0
import Authorization
import Cryptography

/// What a record says beside the request's attributes and the decision. Whatever is left empty is
/// left out of the record.
public struct RecordFacts {
    public var agent = Bytes.empty
    public var agentProvenance: Provenance = .absent
    public var session = Bytes.empty
    /// The scopes that the request came with, as its header had them.
    public var scopes = Bytes.empty
    /// SHA-256 of the caller's certificate (DER), as Envoy handed it over.
    public var certificate: Digest?
    /// The header `traceparent`, whatever it holds.
    public var traceContext = Bytes.empty
    /// The header that names the decision this one follows from, whatever it holds.
    public var parentDecision = Bytes.empty

    public var trafficProtocol: TrafficProtocol = .unknown
    public var effect: Effect = .unknown
    public var operation = Bytes.empty
    public var tool = Bytes.empty
    public var resource = Bytes.empty
    public var model = Bytes.empty
    public var destinationHost = Bytes.empty
    /// 0 when the request names none.
    public var destinationPort: UInt16 = 0
    public var isDestinationInternal = false
    /// False when the request can be read in more than one way.
    public var isCertain = true
    /// Salted as the content is: see `RecordedContent`.
    public var argumentsDigest: Digest?

    public var policyRevision = Bytes.empty
    public var entrypoint = Bytes.empty
    /// The route's name, as Envoy's configuration has it.
    public var route = Bytes.empty
    /// What threat lists say of the request: one JSON object, written as it is. Empty when nothing
    /// was found, or nothing asked.
    public var threat = Bytes.empty
    /// The prompt and documents that the request shows, by their hashes: one JSON object, written
    /// as it is. Empty when it shows none.
    public var prompt = Bytes.empty
    /// People and services behind the request: one JSON object, written as it is.
    public var principals = Bytes.empty
    /// Names of the rules that held: one JSON array, written as it is.
    public var rules = Bytes.empty
    /// Of the threat lists that could be asked; empty when there are none.
    public var threatRevision = Bytes.empty
    /// nil when no context is kept.
    public var context: Context?
    public var content: RecordedContent = .none
    /// What a mask policy takes out of the record.
    public var mask = RecordMask()
    /// Nanoseconds from the check's arrival to its record; 0 when not measured.
    public var duration: UInt64 = 0

    public init() {}

    /// Takes over what a record says of the request's headers. The last one of a name counts.
    ///
    /// - Parameters:
    ///   - scopes: the header that holds scopes.
    ///   - parent: the header that names the decision this one follows from; empty for none.
    public mutating func take(
        _ headers: Table<AttributeContext.HeaderField>, scopes: Bytes, parent: Bytes
    ) {
        let trace = Bytes("traceparent")
        // A bit for each length, of 64, that a name must have to be looked at.
        let lengths =
            UInt64(1) &<< UInt64(trace.count) | UInt64(1) &<< UInt64(scopes.count)
            | UInt64(1) &<< UInt64(parent.count)
        for field in headers where lengths &>> UInt64(field.name.count) & 1 == 1 {
            if field.name == trace { traceContext = field.value }
            if field.name == scopes { self.scopes = field.value }
            if field.name == parent, !parent.isEmpty { parentDecision = field.value }
        }
    }

    /// The agent's context that the decision was made with.
    public struct Context {
        /// Events that it was made of.
        public var events: UInt64
        /// Names these events and their order (`ContextStamp`).
        public var before: UInt64
        /// Names these, and the decision itself as the next.
        public var after: UInt64

        public init(events: UInt64, before: UInt64, after: UInt64) {
            self.events = events
            self.before = before
            self.after = after
        }
    }
}

/// What the content store keeps of a decision's request.
public enum RecordedContent {
    /// Nothing, because the configuration says so or there was no request that could be read.
    case none
    case kept(ContentReference)
    /// Nothing, because a mask policy failed: what it would have masked is not known.
    case maskFailed
}

/// Where a text lies in the content store, and what binds it to the record.
public struct ContentReference: Equatable, Sendable {
    /// Number of the segment file.
    public var segment: Int
    /// Byte of the segment at which the entry begins.
    public var offset: Int
    /// Bytes of the text.
    public var bytes: Int
    /// SHA-256 over the entry's salt and the text.
    public var digest: Digest
    /// Parts were left out, because the whole was too long or the configuration keeps less.
    public var isPartial: Bool

    public init(segment: Int, offset: Int, bytes: Int, digest: Digest, isPartial: Bool = false) {
        self.segment = segment
        self.offset = offset
        self.bytes = bytes
        self.digest = digest
        self.isPartial = isPartial
    }
}

/// What a mask policy takes out of a record, and what the record says about it.
public struct RecordMask {
    /// Parts of the record whose values are left out.
    public struct Parts: OptionSet, Sendable {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// The agent's certificate and the peer's principal; the agent's id always stays.
        public static let agent = Parts(rawValue: 1)
        public static let session = Parts(rawValue: 2)
        public static let scopes = Parts(rawValue: 4)
        public static let address = Parts(rawValue: 8)
        public static let path = Parts(rawValue: 16)
        /// The request's host and the destination.
        public static let host = Parts(rawValue: 32)
        public static let operation = Parts(rawValue: 64)
        public static let tool = Parts(rawValue: 128)
        public static let resource = Parts(rawValue: 256)
        public static let model = Parts(rawValue: 512)
        public static let arguments = Parts(rawValue: 1024)
        /// Values of headers that the answer sets.
        public static let headerValues = Parts(rawValue: 2048)
        /// Messages of the reasons.
        public static let messages = Parts(rawValue: 4096)
        public static let labels = Parts(rawValue: 8192)
        public static let trace = Parts(rawValue: 16384)
        /// Hashes and names of the prompt and its documents.
        public static let prompt = Parts(rawValue: 32768)
        /// The human principal, the service, the delegation chain.
        public static let principals = Parts(rawValue: 65536)

        /// What may hold text of the request or of a policy. The agent's id stays, because its
        /// context is rebuilt from the log.
        public static let all: Parts = [
            .session, .scopes, .address, .path, .host, .operation, .tool, .resource, .model,
            .arguments, .headerValues, .messages, .trace, .prompt, .principals,
        ]
    }

    public var parts: Parts = []
    /// JSON pointers that were removed, as OPA's `erased`.
    public var erased: [Bytes] = []
    /// JSON pointers whose value was replaced, as OPA's `masked`.
    public var masked: [Bytes] = []

    @inlinable
    public init() {}
}
