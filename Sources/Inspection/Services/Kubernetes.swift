// SPDX-License-Identifier: Apache-2.0
import Authorization

/// The Kubernetes API: `/api/v1/...` and `/apis/<group>/<version>/...`.
///
/// Verbs follow the API server's request info: what the method means depends on whether the path
/// names one object or a collection.
extension Inspection {
    /// - Returns: false when the path is none of Kubernetes'.
    mutating func inspectKubernetes() -> Bool {
        guard let request = KubernetesRequest(path.text) else { return false }
        facts.trafficProtocol = .kubernetes
        facts.operation = request.verb(HTTPMethod(http.method), isWatch: isWatch) ?? http.method
        facts.effect = request.effect(HTTPMethod(http.method))
        return true
    }

    private var isWatch: Bool { hasQueryFlag("watch=1") || hasQueryFlag("watch=true") }
}

/// The parts of an API path that decide about it.
struct KubernetesRequest {
    private var resource = Bytes.empty
    private var subresource = Bytes.empty
    private var hasName = false

    init?(_ path: Bytes) {
        var segments = PathSegments(path)
        guard let root = segments.next() else { return nil }
        if root.equals("api") {
            guard let version = segments.next(), version.equals("v1") else { return nil }
        } else if root.equals("apis") {
            guard segments.next() != nil, segments.next() != nil else { return nil }
        } else {
            return nil
        }
        guard var segment = segments.next() else { return nil }
        var isNamespaced = false
        if segment.equals("namespaces"), segments.next() != nil, let inside = segments.next() {
            segment = inside
            isNamespaced = true
        } else if segment.equals("namespaces") {
            segments = PathSegments(path)
            for _ in 0..<3 { _ = segments.next() }
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

    private var runsCommand: Bool {
        subresource.equals("exec") || subresource.equals("attach")
            || subresource.equals("portforward")
            || subresource.equals("proxy")
    }

    func verb(_ method: HTTPMethod, isWatch: Bool) -> Bytes? {
        if runsCommand { return subresource }
        switch method {
        case .get, .head: return isWatch ? Bytes("watch") : hasName ? Bytes("get") : Bytes("list")
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
        if resource.equals("secrets") && method.effect == .read { return .secret }
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
