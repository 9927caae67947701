// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// The Kubernetes API: `/api/v1/...` and `/apis/<group>/<version>/...`.
///
/// Verbs follow the API server's request info: what the method means depends on whether the path
/// names one object or a collection.
extension Inspection {
    /// - Returns: false when the path is none of Kubernetes'.
    mutating func inspectKubernetes(_ content: Value) -> Bool {
        let request = KubernetesRequest(path.text)
        guard let request else { return expected == .kubernetes && inspectDiscovery() }
        let method = HTTPMethod(http.method)
        facts.trafficProtocol = .kubernetes
        facts.operation = request.verb(method, isWatch: isWatch) ?? http.method
        facts.effect = request.effect(method)
        if request.runsCommand {
            // The command is in the query: the body is a stream.
            facts.arguments = QueryParameters.object(path.query, in: arena)
        } else if content.isCollection {
            facts.arguments = content
        } else if method.effect != .read, !isBodyUnread, !body.bytes.isEmpty {
            // YAML, CBOR or protobuf: what is written was not seen. Of the doubts that fit, those
            // of an unseen body are let through by default, so it is one that cannot be read.
            facts.doubts.insert(.malformedBody)
        }
        return true
    }

    private var isWatch: Bool { hasQueryFlag("watch=1") || hasQueryFlag("watch=true") }

    /// True when the query has exactly this parameter, spelled like this.
    private func hasQueryFlag(_ flag: StaticString) -> Bool {
        var start = 0
        let query = path.query
        while start <= query.count {
            let end = query.firstIndex(of: UInt8(ascii: "&"), from: start) ?? query.count
            if query[start..<end].equals(flag) { return true }
            start = end + 1
        }
        return false
    }

    /// `/api`, `/apis/<group>`, `/version`, `/healthz`, `/openapi`: what clients read to find out.
    /// What other paths lead to, a proxy before the API server knows: Rancher's
    /// `/k8s/clusters/<id>/api/v1/...` is one.
    private mutating func inspectDiscovery() -> Bool {
        let method = HTTPMethod(http.method)
        facts.trafficProtocol = .kubernetes
        facts.operation = method.word ?? http.method
        facts.effect = KubernetesRequest.isDiscovery(path.text) ? method.effect : .unknown
        return true
    }
}

/// The parts of an API path that decide about it.
struct KubernetesRequest {
    private var resource = Bytes.empty
    private var subresource = Bytes.empty
    private var group = Bytes.empty
    private var hasName = false
    private var isWatchPath = false

    init?(_ path: Bytes) {
        var segments = PathSegments(path)
        guard let root = segments.next() else { return nil }
        if root.equals("api") {
            guard let version = segments.next(), version.equals("v1") else { return nil }
        } else if root.equals("apis") {
            guard let group = segments.next(), segments.next() != nil else { return nil }
            self.group = group
        } else {
            return nil
        }
        guard var segment = segments.next() else { return nil }
        if segment.equals("watch") {
            // The old form of watching, before the query parameter.
            guard let watched = segments.next() else { return nil }
            segment = watched
            isWatchPath = true
        }
        var isNamespaced = false
        if segment.equals("namespaces") {
            var inside = segments
            if inside.next() != nil, let resource = inside.next() {
                // `status` and `finalize` are subresources of the namespace itself.
                if !resource.equals("status") && !resource.equals("finalize") {
                    segment = resource
                    segments = inside
                    isNamespaced = true
                }
            }
        }
        resource = segment
        hasName = segments.next() != nil
        subresource = segments.next() ?? .empty
        // Other APIs live under /api/v1 too; under /apis nothing else does.
        guard root.equals("apis") || isNamespaced || Self.isCore(resource) else { return nil }
    }

    private static let coreResources: [StaticString] = [
        "namespaces", "pods", "secrets", "configmaps", "services", "serviceaccounts", "nodes",
        "endpoints", "events", "persistentvolumes", "persistentvolumeclaims", "resourcequotas",
        "replicationcontrollers", "limitranges", "podtemplates", "bindings", "componentstatuses",
    ]

    private static func isCore(_ resource: Bytes) -> Bool {
        for name in coreResources where resource.equals(name) { return true }
        return false
    }

    /// The paths that name no object: the root, the groups with their versions, health and schemas.
    static func isDiscovery(_ path: Bytes) -> Bool {
        var segments = PathSegments(path)
        guard let root = segments.next() else { return true }
        var count = 0
        while segments.next() != nil { count += 1 }
        if root.equals("api") { return count <= 1 }
        if root.equals("apis") { return count <= 2 }
        if root.equals("version") || root.equals("metrics") { return count == 0 }
        if root.equals("openapi") { return count <= 6 }
        return root.equals("healthz") || root.equals("livez") || root.equals("readyz")
            || root.equals("openid") || root.equals(".well-known")
    }

    /// Subresources through which somebody's code runs, or traffic passes unseen.
    var runsCommand: Bool {
        isConsole || subresource.equals("exec") || subresource.equals("attach")
            || subresource.equals("portforward") || subresource.equals("proxy")
            || subresource.equals("ephemeralcontainers")
    }

    /// KubeVirt's ways into a virtual machine, of the group `subresources.kubevirt.io`.
    private var isConsole: Bool {
        guard group.equals("subresources.kubevirt.io") else { return false }
        return subresource.equals("console") || subresource.equals("vnc")
            || subresource.equals("ssh") || subresource.equals("usbredir")
            || subresource.equals("vsock") || subresource.equals("sev")
    }

    func verb(_ method: HTTPMethod, isWatch: Bool) -> Bytes? {
        if runsCommand { return subresource }
        switch method {
        case .get, .head:
            if isWatch || isWatchPath { return Bytes("watch") }
            return hasName ? Bytes("get") : Bytes("list")
        case .post: return Bytes("create")
        case .put: return Bytes("update")
        case .patch: return Bytes("patch")
        case .delete: return hasName ? Bytes("delete") : Bytes("deletecollection")
        default: return nil
        }
    }

    func effect(_ method: HTTPMethod) -> Effect {
        if runsCommand { return .execute }
        // Creating a token is how a service account's credentials are read.
        if resource.equals("serviceaccounts") && subresource.equals("token") { return .secret }
        // A write answers with the secret as it then is: a patch that changes nothing, or one with
        // `dryRun=All`, reads it. So does the deletion of one.
        if resource.equals("secrets"), method != .other, method != .connect { return .secret }
        return method.effect
    }
}

/// The parts of a path between slashes.
struct PathSegments {
    private let path: Bytes
    private var position = 0

    init(_ path: Bytes) { self.path = path }

    mutating func next() -> Bytes? {
        while position < path.count, path[position] == UInt8(ascii: "/") { position += 1 }
        guard position < path.count else { return nil }
        let end = path.firstIndex(of: UInt8(ascii: "/"), from: position) ?? path.count
        defer { position = end }
        return path[position..<end]
    }
}
