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
            let (isList, isClear) = listing
            facts.operation = isList ? Bytes("list") : Bytes("read")
            facts.effect = isClear && (isList || request.isMetadata) ? .read : .secret
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

    /// What `list` says, which Vault reads as Go does (`url.Values.Get`, `strconv.ParseBool`): the
    /// first one counts. One that occurs twice or is no boolean says nothing, and makes it unclear
    /// what the request does.
    private var listing: (isList: Bool, isClear: Bool) {
        guard !path.query.isEmpty else { return (false, true) }
        var parameters = QueryParameters(path.query, arena)
        var first: Bytes?
        while let parameter = parameters.next() {
            guard parameter.name.equals("list") else { continue }
            guard first == nil else { return (false, false) }
            first = parameter.value
        }
        guard let first else { return (false, true) }
        if Self.isTrue(first) { return (HTTPMethod(http.method) == .get, true) }
        return (false, Self.isFalse(first))
    }

    private static func isTrue(_ word: Bytes) -> Bool {
        word.equals("true") || word.equals("1") || word.equals("t") || word.equals("T")
            || word.equals("TRUE") || word.equals("True")
    }

    private static func isFalse(_ word: Bytes) -> Bool {
        word.equals("false") || word.equals("0") || word.equals("f") || word.equals("F")
            || word.equals("FALSE") || word.equals("False")
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
        if mount.equals("sys") {
            return !second.equals("raw") && !second.equals("storage") && !last.equals("generate")
        }
        if mount.equals("auth") { return !last.equals("secret-id") }
        return second.equals("metadata") || second.equals("subkeys") || second.equals("config")
    }

    /// False for writes that are known to answer with nothing secret. All others may answer with a
    /// credential or plain text: logins, tokens, issued certificates, decryption, unwrapping.
    ///
    /// Namespaces are prefixes of a path whose length nobody tells, so each segment is looked at.
    var writeGivesSecret: Bool {
        // Behind `<mount>/data/` are the names of KV secrets, which may be any word.
        if !mount.equals("sys"), !mount.equals("auth"), Self.isVersioned(second) { return false }
        var segments = PathSegments(path)
        var previous = Bytes.empty
        var isHarmless = false
        while let segment = segments.next() {
            if Self.gives(segment) { return true }
            if previous.equals("sys") {
                if Self.isSetting(segment) { isHarmless = true }
            } else if previous.equals("identity") {
                if Self.isIdentity(segment) { isHarmless = true }
            } else if previous.equals("role") {
                // `role/<name>`, but not what is below it.
                isHarmless = segment.start == last.start
            } else if !previous.isEmpty, Self.isHarmless(segment) {
                isHarmless = true
            }
            previous = segment
        }
        return !isHarmless
    }

    /// KV version 2: the part of the path between mount and secret.
    private static func isVersioned(_ segment: Bytes) -> Bool {
        segment.equals("data") || segment.equals("metadata") || segment.equals("delete")
            || segment.equals("undelete") || segment.equals("destroy")
    }

    private static func gives(_ segment: Bytes) -> Bool {
        isCredential(segment) || isPlainText(segment) || segment.hasPrefix("sign")
            || segment.hasPrefix("export") || segment.hasPrefix("rekey")
            || segment.hasPrefix("generate") || segment.hasSuffix("-generate")
    }

    private static func isCredential(_ segment: Bytes) -> Bool {
        segment.equals("login") || segment.equals("token") || segment.equals("secret-id")
            || segment.equals("issue") || segment.equals("creds") || segment.equals("sts")
            || segment.equals("key") || segment.equals("check-out") || segment.equals("init")
            || segment.equals("custom-secret-id")
    }

    private static func isPlainText(_ segment: Bytes) -> Bool {
        segment.equals("decrypt") || segment.equals("datakey") || segment.equals("decode")
            || segment.equals("detokenize") || segment.equals("wrapping") || segment.equals("raw")
    }

    /// Settings of engines and logins, and what transit gives that is no secret.
    private static func isHarmless(_ segment: Bytes) -> Bool {
        isVersioned(segment) || segment.equals("config") || segment.equals("roles")
            || segment.equals("static-roles") || segment.equals("users")
            || segment.equals("groups") || segment.equals("certs")
            || segment.equals("encrypt") || segment.equals("rewrap") || segment.equals("verify")
            || segment.equals("revoke") || segment.equals("tidy")
    }

    private static func isIdentity(_ segment: Bytes) -> Bool {
        segment.equals("entity") || segment.equals("group") || segment.equals("lookup")
            || segment.equals("entity-alias") || segment.equals("group-alias")
    }

    /// What of `sys/` answers with nothing secret when it is written.
    private static func isSetting(_ segment: Bytes) -> Bool {
        segment.equals("policies") || segment.equals("policy") || segment.equals("mounts")
            || segment.equals("auth") || segment.equals("audit") || segment.equals("remount")
            || segment.equals("leases") || segment.equals("renew") || segment.equals("revoke")
            || segment.equals("seal") || segment.equals("unseal") || segment.equals("quotas")
            || segment.equals("namespaces") || segment.equals("plugins")
            || segment.equals("config") || segment.equals("rotate")
            || segment.hasPrefix("capabilities") || segment.equals("step-down")
    }
}
