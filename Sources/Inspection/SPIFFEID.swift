// SPDX-License-Identifier: Apache-2.0
import Authorization

/// A SPIFFE ID (SPIFFE-ID standard, section 2), strictly parsed.
///
/// No port, user information, query, fragment, percent-encoding, empty or dot segment is accepted:
/// whatever could be spelled in two ways could name two agents.
public struct SPIFFEID {
    /// The whole URI.
    public let text: Bytes
    public let trustDomain: Bytes
    /// With its leading slash; empty for the trust domain's own ID.
    public let path: Bytes

    private static let scheme: StaticString = "spiffe://"

    public init?(_ text: Bytes) {
        guard text.count <= Limits.spiffeIDBytes, text.hasPrefix(Self.scheme) else { return nil }
        let start = Self.scheme.utf8CodeUnitCount
        let slash = text.firstIndex(of: UInt8(ascii: "/"), from: start) ?? text.count
        let domain = text[start..<slash]
        let path = text[slash..<text.count]
        guard Self.isTrustDomain(domain), Self.isPath(path) else { return nil }
        self.text = text
        trustDomain = domain
        self.path = path
    }

    public static func isTrustDomain(_ domain: Bytes) -> Bool {
        guard !domain.isEmpty, domain.count <= Limits.trustDomainBytes else { return false }
        for byte in domain.buffer {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                continue
            default: return false
            }
        }
        return true
    }

    private static func isPath(_ path: Bytes) -> Bool {
        guard !path.isEmpty else { return true }
        var start = 1
        while start <= path.count {
            let end = path.firstIndex(of: UInt8(ascii: "/"), from: start) ?? path.count
            let segment = path[start..<end]
            if segment.isEmpty || segment.equals(".") || segment.equals("..") { return false }
            for byte in segment.buffer where !isSegmentByte(byte) { return false }
            start = end + 1
        }
        return true
    }

    private static func isSegmentByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
