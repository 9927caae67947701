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
    /// Texts that are found in one request to a language model.
    public static let promptParts = 4096
    /// Parts within parts of a prompt.
    public static let promptDepth = 16
}
