// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// HashiCorp Vault's HTTP API: `/v1/<mount>/...`.
extension Inspection {
    /// - Returns: false when nothing says that this is Vault. Without one of its headers, its name
    ///   as the host's first label, or the route's word, `/v1/` could be any API.
    mutating func inspectVault(_ content: Value) -> Bool {
        guard path.text.hasPrefix("/v1/") || expected == .vault,
            headers.hasVaultHeader || isVaultHost || expected == .vault
        else { return false }
        facts.trafficProtocol = .vault
        let isPath = path.text.hasPrefix("/v1/")
        let request = VaultPath(isPath ? path.text[4..<path.text.count] : path.text)
        facts.resource = resource(request.path)
        if content.kind == .object { facts.arguments = content }
        switch HTTPMethod(http.method) {
        case .get, .head:
            let isList = hasQueryFlag("list=true")
            facts.operation = isList ? Bytes("list") : Bytes("read")
            facts.effect = isList || request.isMetadata ? .read : .secret
        case .post, .put: write(request, Bytes("write"))
        case .patch: write(request, Bytes("patch"))
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

    private mutating func write(_ request: VaultPath, _ operation: Bytes) {
        facts.operation = operation
        facts.effect = request.writeGivesSecret ? .secret : .write
    }

    /// A namespace is a prefix of the path, whether it comes in the path or in its header.
    private func resource(_ path: Bytes) -> Bytes {
        var namespace = headers.vaultNamespace
        while namespace.first == UInt8(ascii: "/") { namespace = namespace[1..<namespace.count] }
        while namespace.last == UInt8(ascii: "/") { namespace = namespace[0..<namespace.count - 1] }
        guard !namespace.isEmpty else { return path }
        let memory = arena.allocate(UInt8.self, count: namespace.count + 1 + path.count)
        for index in 0..<namespace.count { memory[index] = namespace[index] }
        memory[namespace.count] = UInt8(ascii: "/")
        for index in 0..<path.count { memory[namespace.count + 1 + index] = path[index] }
        return Bytes(start: memory, count: namespace.count + 1 + path.count)
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

/// What the first parts of a path below `/v1/` say. Which engine a mount has, only Vault knows, so
/// what is not known to be harmless is taken for a secret.
struct VaultPath {
    let path: Bytes
    private let mount: Bytes
    private let second: Bytes
    private let last: Bytes

    init(_ path: Bytes) {
        self.path = path
        var segments = PathSegments(path)
        mount = segments.next() ?? .empty
        second = segments.next() ?? .empty
        var last = second
        while let segment = segments.next() { last = segment }
        self.last = last
    }

    /// KV version 2 keeps versions and custom metadata apart from the secret itself; `sys/` and
    /// `auth/` hold settings. (Of a KV version 1 mount, `metadata/` would be a secret's name.)
    var isMetadata: Bool {
        if mount.equals("sys") { return !second.equals("raw") && !second.equals("storage") }
        if mount.equals("auth") { return !last.equals("secret-id") }
        return second.equals("metadata") || second.equals("subkeys") || second.equals("config")
    }

    /// Writes whose answer is a credential or plain text: logins, tokens, issued certificates,
    /// decryption, unwrapping.
    var writeGivesSecret: Bool {
        if mount.equals("auth") {
            return last.equals("login") || last.equals("secret-id") || second.equals("token")
                || contains("login")
        }
        if mount.equals("sys") { return second.equals("wrapping") || second.equals("raw") }
        return second.equals("issue") || second.equals("creds") || second.equals("sts")
            || second.equals("decrypt") || second.equals("export") || second.equals("sign")
            || second.equals("datakey")
    }

    private func contains(_ segment: StaticString) -> Bool {
        var segments = PathSegments(path)
        while let candidate = segments.next() {
            if candidate.equals(segment) { return true }
        }
        return false
    }
}
