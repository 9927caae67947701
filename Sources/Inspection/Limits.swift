// SPDX-License-Identifier: Apache-2.0

/// Bounds of inspection, each with its unit.
public enum Limits {
    /// Bytes of a host name (RFC 1035 section 2.3.4, without the final dot).
    public static let hostBytes = 253
    /// Scopes that are told apart in one request; a request with more is uncertain.
    public static let scopes = 256
    /// Bytes of an `Mcp-Name` header that are decoded.
    public static let encodedNameBytes = 8192
    /// Texts that are found in one request to a language model.
    public static let promptParts = 4096
    /// Parts within parts of a prompt.
    public static let promptDepth = 16
    /// Bytes of a body that are looked at to tell whether it may be JSON.
    public static let shapeBytes = 64 * 1024
    /// Messages of a JSON-RPC batch that are judged; a longer one is unknown.
    public static let batchMessages = 64
    /// Bytes of SQL that are read; a longer statement is unknown.
    public static let statementBytes = 256 * 1024
    /// Quotes that begin with a dollar whose ends are looked for in one statement; one with more is
    /// ambiguous.
    static let heredocSearches = 64
    /// Values of a tool call's arguments that are looked through for destinations.
    public static let argumentValues = 4096
    /// Arguments within arguments that are looked through.
    public static let argumentDepth = 16
    /// Destinations that are named in `input.action.destinations`.
    public static let destinations = 64
    /// Actors in a delegation chain.
    public static let actors = 8
    /// Bytes of a token whose claims are read.
    public static let tokenBytes = 16 * 1024
    /// Bytes of a certificate's text, and of all certificates that one thread remembers.
    public static let certificateBytes = 16 * 1024
    /// Certificates that one thread remembers.
    public static let certificates = 32
    /// Bytes of an `x-forwarded-client-cert` header.
    public static let forwardedCertificateBytes = 16 * 1024
    /// Parameters of a query that become arguments.
    public static let queryParameters = 256
    /// Documents and calls of tools that are told apart in one prompt.
    public static let promptDocuments = 64
    static let promptCalls = 256
    /// Bytes of a document's arguments that are read as JSON.
    static let callArgumentBytes = 64 << 10
    /// Bytes of a claimed confidence: `0.` and six digits.
    static let confidenceBytes = 8
}
