// SPDX-License-Identifier: Apache-2.0
import Authorization
import CText
import RegoVM

extension Destination {
    /// Takes an authority apart (RFC 3986 section 3.2, without user information).
    ///
    /// - Returns: nil when it is no host with an optional port, so that nothing can be said about
    ///   where the request goes.
    init?(authority: Bytes, arena: Arena) {
        self.init()
        var host = authority
        var port = Bytes.empty
        if authority[0] == UInt8(ascii: "[") {
            guard let end = authority.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            host = authority[1..<end]
            let rest = authority[end + 1..<authority.count]
            guard rest.isEmpty || rest[0] == UInt8(ascii: ":") else { return nil }
            port = rest.isEmpty ? rest : rest[1..<rest.count]
            guard IPAddress(host)?.isVersion6 == true else { return nil }
        } else if let colon = authority.firstIndex(of: UInt8(ascii: ":")) {
            host = authority[0..<colon]
            port = authority[colon + 1..<authority.count]
        }
        if host.hasSuffix(".") { host = host[0..<host.count - 1] }
        guard let number = Self.number(port) else { return nil }
        self.port = number
        if Self.isPlainHost(host) {
            self.host = host
        } else {
            guard Self.isHost(host) else { return nil }
            self.host = host.lowercased(in: arena)
        }
    }

    /// True for most hosts that are in lower case.
    private static func isPlainHost(_ host: Bytes) -> Bool {
        guard let start = host.start, host.count <= Limits.hostBytes else { return false }
        return text_is_plain_domain(start, host.count)
    }

    private static func isHost(_ host: Bytes) -> Bool {
        guard !host.isEmpty, host.count <= Limits.hostBytes else { return false }
        for byte in host.buffer {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "."), UInt8(ascii: ":"):
                continue
            default: return false
            }
        }
        return true
    }

    private static func number(_ text: Bytes) -> UInt16? {
        guard text.count <= 5 else { return nil }
        var result: UInt32 = 0
        for byte in text.buffer {
            guard ASCII.isDigit(byte) else { return nil }
            result = result * 10 + UInt32(byte - UInt8(ascii: "0"))
        }
        return UInt16(exactly: result)
    }
}
