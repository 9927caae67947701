// SPDX-License-Identifier: Apache-2.0
import Authorization

/// HashiCorp Vault's HTTP API: `/v1/<mount>/...`.
extension Inspection {
    /// - Returns: false when nothing says that this is Vault. Without one of its headers or its
    ///   name as the host's first label, `/v1/` could be any API.
    mutating func inspectVault() -> Bool {
        guard path.text.hasPrefix("/v1/"), headers.hasVaultHeader || isVaultHost else {
            return false
        }
        facts.trafficProtocol = .vault
        facts.resource = path.text[4..<path.text.count]
        switch HTTPMethod(http.method) {
        case .get, .head:
            let isList = hasQueryFlag("list=true")
            facts.operation = isList ? Bytes("list") : Bytes("read")
            facts.effect = isList ? .read : .secret
        case .post, .put, .patch:
            facts.operation = Bytes("write")
            facts.effect = .write
        case .delete:
            facts.operation = Bytes("delete")
            facts.effect = .write
        default:
            let isList = http.method.equals("LIST")
            facts.operation = isList ? Bytes("list") : http.method
            facts.effect = isList ? .read : .unknown
        }
        return true
    }

    private var isVaultHost: Bool {
        let host = facts.destination.host
        return host.equals("vault") || host.hasPrefix("vault.")
    }

    /// True when the query has exactly this parameter, spelled like this.
    func hasQueryFlag(_ flag: StaticString) -> Bool {
        var start = 0
        let query = path.query
        while start <= query.count {
            let end = query.firstIndex(of: UInt8(ascii: "&"), from: start) ?? query.count
            if query[start..<end].equals(flag) { return true }
            start = end + 1
        }
        return false
    }
}
