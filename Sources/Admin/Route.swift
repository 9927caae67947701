// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Telemetry

/// One path and method of the API.
struct Route: Sendable {
    enum Body: Sendable { case none, optional, required }

    let method: String
    /// As the OpenAPI document has it: `/v1/agents/{agent}`.
    let pattern: String
    /// nil: for every operator.
    let permission: Permission?
    let body: Body
    let answer: @Sendable (Request, AdminServices) throws(Problem) -> Response
    private let segments: [String]

    init(
        _ method: String, _ pattern: String, _ permission: Permission?, body: Body = .none,
        _ answer: @escaping @Sendable (Request, AdminServices) throws(Problem) -> Response
    ) {
        self.method = method
        self.pattern = pattern
        self.permission = permission
        self.body = body
        self.answer = answer
        segments = pattern.dropFirst().split(separator: "/").map(String.init)
    }

    /// What stands in the place of `{...}`; nil when it is another path.
    func match(_ path: RequestPath) -> [String]? {
        guard path.segments.count == segments.count else { return nil }
        var parameters: [String] = []
        for (wanted, got) in zip(segments, path.segments) {
            if wanted.hasPrefix("{") {
                parameters.append(got)
            } else if wanted != got {
                return nil
            }
        }
        return parameters
    }

    /// The route of a request, with its parameters.
    static func find(
        _ method: String, _ path: String
    ) throws(Problem) -> (route: Route, parameters: [String]) {
        guard let path = RequestPath(path) else {
            throw .notFound("the path is malformed, or none that this API has")
        }
        var allowed: [String] = []
        for route in all {
            guard let parameters = route.match(path) else { continue }
            if route.method == method || (method == "HEAD" && route.method == "GET") {
                return (route, parameters)
            }
            allowed.append(route.method)
            if route.method == "GET" { allowed.append("HEAD") }
        }
        guard allowed.isEmpty else { throw .methodNotAllowed(method, allowed) }
        throw .notFound("see `/v1/openapi.json` for what there is")
    }
}

extension Route {
    static let all: [Route] = [
        Route("POST", "/v1/signals", .signal, body: .required, SignalEndpoints.send),

        Route("GET", "/v1/agents", .observe, AgentEndpoints.list),
        Route("GET", "/v1/agents/{agent}", .observe, AgentEndpoints.show),
        Route(
            "POST", "/v1/agents/{agent}/restrictions", .operate, body: .required,
            AgentEndpoints.restrict),
        Route("DELETE", "/v1/agents/{agent}/restrictions", .operate, AgentEndpoints.release),
        Route(
            "DELETE", "/v1/agents/{agent}/restrictions/{restriction}", .operate,
            AgentEndpoints.release),

        Route("GET", "/v1/approvals", .observe, ApprovalEndpoints.list),
        Route("GET", "/v1/approvals/{approval}", .observe, ApprovalEndpoints.show),
        Route(
            "POST", "/v1/approvals/{approval}/grant", .operate, body: .optional,
            ApprovalEndpoints.grant),
        Route(
            "POST", "/v1/approvals/{approval}/deny", .operate, body: .optional,
            ApprovalEndpoints.deny),

        Route("GET", "/v1/policy", .observe, PolicyEndpoints.show),
        Route("POST", "/v1/policy/reload", .operate, PolicyEndpoints.reload),

        Route("GET", "/v1/health", .observe, StatusEndpoints.health),
        Route("GET", "/metrics", .observe, StatusEndpoints.metrics),
        Route("GET", "/v1/openapi.json", nil, StatusEndpoints.document),
    ]
}
