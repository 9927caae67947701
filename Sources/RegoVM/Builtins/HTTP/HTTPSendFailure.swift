// SPDX-License-Identifier: Apache-2.0

/// Why `http.send` has no response.
enum HTTPSendFailure: Error, Equatable {
    /// A request of the wrong form: `raise_error` decides whether a policy sees it.
    case operand(String)
    /// A parameter that cannot be used.
    case parameter(String)
    /// The network, or the other side: `Get "http://a.example": ...`.
    case network(String)
    /// The request's own time is over.
    case timedOut(method: String, url: String)
    /// The decision's time is over, or nobody wants it any more.
    case ended

    /// The error that ends the expression.
    var error: BuiltinError {
        switch self {
        case .operand(let message): BuiltinError(.type, message)
        case .parameter(let message), .network(let message): .failed(message)
        case .timedOut(let method, let url):
            .failed("\(Self.verb(method)) \(url): request timed out")
        case .ended: BuiltinError(.cancelled, "timed out (context deadline exceeded)")
        }
    }

    /// What a policy that sets `raise_error: false` gets in the place of a response.
    func object(_ evaluation: Evaluation) -> Value {
        let code: StaticString
        let text: String
        switch self {
        case .network(let message):
            code = "eval_http_send_network_error"
            text = message
        case .timedOut(let method, let url):
            code = "eval_http_send_network_error"
            text = "\(Self.verb(method)) \"\(url)\": context deadline exceeded"
        case .operand, .parameter, .ended:
            code = "eval_http_send_internal_error"
            text = error.message
        }
        return evaluation.object([
            ("status_code", .integer(0)),
            (
                "error",
                evaluation.object([
                    ("code", .string(code)), ("message", evaluation.string(text)),
                ])
            ),
        ])
    }

    init(_ failure: NetworkFailure, _ request: HTTPRequest, _ decision: Patience) {
        let place = "\(Self.verb(request.method)) \"\(request.url)\""
        switch failure {
        case .disallowed(let host): self = .parameter("disallowed host: \(host)")
        case .invalid(let message): self = .parameter(message)
        case .failed(let message): self = .network("\(place): \(message)")
        case .timedOut:
            self =
                decision.left == 0
                ? .ended : .timedOut(method: request.method, url: request.url)
        }
    }

    /// `Get`, as Go's messages have it.
    private static func verb(_ method: String) -> String {
        String(method.prefix(1)) + method.dropFirst().lowercased()
    }
}
