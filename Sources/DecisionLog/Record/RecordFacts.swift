// SPDX-License-Identifier: Apache-2.0
import Authorization
import Cryptography

/// What a record says beside the request's attributes and the decision. Trivial to copy; whatever
/// is left empty is left out of the record.
public struct RecordFacts {
    public var agent = Bytes.empty
    public var agentProvenance: Provenance = .absent
    public var session = Bytes.empty
    /// The scopes that the request came with, as its header had them.
    public var scopes = Bytes.empty

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

    public var policyRevision = Bytes.empty
    public var entrypoint = Bytes.empty
    /// The route's name, as Envoy's configuration has it.
    public var route = Bytes.empty
    /// SHA-256 of the body that was seen.
    public var bodyDigest: Digest?
    /// What threat lists say of the request: one JSON object, written as it is. Empty when nothing
    /// was found, or nothing asked.
    public var threat = Bytes.empty
    public var timing = Timing()
    /// One JSON value with what replay needs of `input`, written as it is; the caller vouches for
    /// its form and that it holds no secrets. Left out when it does not fit.
    public var input = Bytes.empty

    public init() {}

    /// Nanoseconds; 0 when not measured.
    public struct Timing {
        public var decode: UInt32 = 0
        public var inspect: UInt32 = 0
        public var evaluate: UInt32 = 0
        public var total: UInt32 = 0
        public init() {}
    }
}
