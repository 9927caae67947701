// SPDX-License-Identifier: Apache-2.0
import CText

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

    /// Bytes of an ID (section 2.4: implementations support 2048 and no more).
    @inlinable public static var maximumBytes: Int { 2048 }
    /// Bytes of a trust domain.
    private static let trustDomainBytes = 255
    private static let scheme: StaticString = "spiffe://"

    public init?(_ text: Bytes) {
        let start = Self.scheme.utf8CodeUnitCount
        guard text.count <= Self.maximumBytes, text.hasPrefix(Self.scheme), let bytes = text.start
        else { return nil }
        let end = UInt8(ascii: "/")
        let slash = start + text_find_either(bytes + start, text.count - start, end, end)
        let domain = text[start..<slash]
        let path = text[slash..<text.count]
        guard Self.isTrustDomain(domain), Self.isPath(path) else { return nil }
        self.text = text
        trustDomain = domain
        self.path = path
    }

    public static func isTrustDomain(_ domain: Bytes) -> Bool {
        guard let start = domain.start, !domain.isEmpty, domain.count <= trustDomainBytes else {
            return false
        }
        if text_is_plain_domain(start, domain.count) { return true }
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
        guard let start = path.start, !path.isEmpty else { return true }
        if text_is_plain_path(start, path.count) { return true }
        var length = 0
        var dots = 0
        for byte in path[1..<path.count].buffer {
            if byte == UInt8(ascii: "/") {
                guard isSegment(length, dots) else { return false }
                (length, dots) = (0, 0)
                continue
            }
            guard isSegmentByte(byte) else { return false }
            length &+= 1
            if byte == UInt8(ascii: ".") { dots &+= 1 }
        }
        return isSegment(length, dots)
    }

    /// Neither empty nor `.` nor `..`.
    private static func isSegment(_ length: Int, _ dots: Int) -> Bool {
        length > 0 && (dots < length || length > 2)
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
