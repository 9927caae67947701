// SPDX-License-Identifier: Apache-2.0

/// Why it is not certain what a request does.
///
/// Each one is a way in which this reader and the upstream may understand the same bytes
/// differently, or a part that was not seen at all.
public struct Doubts: OptionSet, Sendable {
    public let rawValue: UInt32
    @inlinable
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// A JSON object has a key twice; parsers disagree about which one counts.
    public static let duplicateKeys = Doubts(rawValue: 1 << 0)
    /// A key differs from one that matters only in its case, as Unicode folds it; some parsers take
    /// it for the same.
    public static let ambiguousKeys = Doubts(rawValue: 1 << 1)
    /// Only the beginning of the body was seen.
    public static let truncated = Doubts(rawValue: 1 << 2)
    /// There is a body and none of it was seen, or only what Envoy's own filters tell of it.
    public static let bodyMissing = Doubts(rawValue: 1 << 3)
    /// `Mcp-Method` or `Mcp-Name` says something else than the body, or is missing where the
    /// protocol version requires it; or the path, the host or a header speaks for one protocol and
    /// the body, or another of them, for a second one.
    public static let mismatch = Doubts(rawValue: 1 << 4)
    /// JSON-RPC in a body whose content type is not `application/json`.
    public static let contentType = Doubts(rawValue: 1 << 5)
    /// The body is compressed.
    public static let contentEncoding = Doubts(rawValue: 1 << 6)
    /// A JSON-RPC batch: several requests in one.
    public static let batch = Doubts(rawValue: 1 << 7)
    /// The body is not what its content type says.
    public static let malformedBody = Doubts(rawValue: 1 << 8)
    /// JSON-RPC whose members have the wrong types, or that has members of its own.
    public static let malformedMessage = Doubts(rawValue: 1 << 9)
    /// The path can be read in several ways: dot segments, `//`, encoded slashes, `;`.
    public static let ambiguousPath = Doubts(rawValue: 1 << 10)
    /// The authority is no host with an optional port.
    public static let malformedHost = Doubts(rawValue: 1 << 11)
    /// A header that decides the meaning occurs more than once.
    public static let repeatedHeader = Doubts(rawValue: 1 << 12)
    /// Bytes were replaced on the way, so the body is not what the upstream reads.
    public static let alteredBody = Doubts(rawValue: 1 << 13)
    /// No HTTP request at all (Envoy's network filter).
    public static let noRequest = Doubts(rawValue: 1 << 14)

    /// The body is text in another encoding than UTF-8, or begins with a byte order mark.
    public static let textEncoding = Doubts(rawValue: 1 << 15)
    /// A header asks the upstream to take another method than the request's.
    public static let methodOverride = Doubts(rawValue: 1 << 16)
    /// SQL whose quoting or comments are read differently by different databases.
    public static let ambiguousStatement = Doubts(rawValue: 1 << 17)
    /// The route says which protocol it carries (`portcullis.protocol`), and this is another.
    public static let foreignProtocol = Doubts(rawValue: 1 << 18)

    /// A header asks the upstream to take another path than the request's.
    public static let pathOverride = Doubts(rawValue: 1 << 19)

    /// Why no JSON was seen although there may be some.
    static let unreadBody: Doubts = [
        .truncated, .bodyMissing, .contentEncoding, .malformedBody, .textEncoding,
    ]

    /// Doubts with which no honest client is expected: denied unless configured otherwise.
    public static let deniedByDefault: Doubts = [
        .duplicateKeys, .ambiguousKeys, .mismatch, .contentEncoding, .batch, .malformedBody,
        .malformedMessage, .repeatedHeader, .textEncoding, .methodOverride, .ambiguousStatement,
        .foreignProtocol, .pathOverride,
    ]

    /// Every doubt with its word in policies and records, in the order of its bit.
    public static let words: [StaticString] = [
        "duplicate_keys", "ambiguous_keys", "truncated", "body_missing", "mismatch",
        "content_type", "content_encoding", "batch", "malformed_body", "malformed_message",
        "ambiguous_path", "malformed_host", "repeated_header", "altered_body", "no_request",
        "text_encoding", "method_override", "ambiguous_statement", "foreign_protocol",
        "path_override",
    ]
}
