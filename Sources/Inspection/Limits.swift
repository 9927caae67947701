// SPDX-License-Identifier: Apache-2.0

/// Bounds of inspection, each with its unit.
public enum Limits {
    /// Bytes of a SPIFFE ID (SPIFFE-ID section 2.4: implementations support 2048 and no more).
    public static let spiffeIDBytes = 2048
    /// Bytes of a SPIFFE trust domain.
    public static let trustDomainBytes = 255
    /// Bytes of a host name (RFC 1035 section 2.3.4, without the final dot).
    public static let hostBytes = 253
    /// Scopes that are told apart in one request; a request with more is uncertain.
    public static let scopes = 256
    /// Bytes of an `Mcp-Name` header that are decoded.
    public static let encodedNameBytes = 8192
    /// Texts, documents and calls of tools that are told apart in one prompt.
    public static let promptTexts = 4096
    public static let promptDocuments = 64
    static let promptCalls = 256
    /// Bytes of a document's arguments that are read as JSON.
    static let callArgumentBytes = 64 << 10
    /// Bytes of a claimed confidence: `0.` and six digits.
    static let confidenceBytes = 8
}
