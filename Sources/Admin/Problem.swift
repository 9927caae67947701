// SPDX-License-Identifier: Apache-2.0
import AgentContext

/// Why a request was not done: problem details (RFC 9457), with a stable `code`.
public struct Problem: Error, Sendable {
    public let status: UInt32
    /// Stable; `type` is this code as a URN.
    public let code: String
    /// The same for every problem of the code.
    let title: String
    /// What is wrong with this request: lower case, no full stop.
    public let detail: String
    /// Members of the body that are wrong, each with what was expected.
    var errors: [(pointer: String, detail: String)] = []
    /// Headers that belong to the answer.
    var headers: [(name: String, value: String)] = []

    init(_ status: UInt32, _ code: String, _ title: String, _ detail: String) {
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
    }

    var document: JSON {
        .members([
            ("type", .text("urn:portcullis:problem:\(code)")), ("title", .text(title)),
            ("status", .integer(Int64(status))), ("code", .text(code)), ("detail", .text(detail)),
            (
                "errors",
                errors.isEmpty
                    ? nil
                    : .array(
                        errors.map {
                            .object([("pointer", .text($0.pointer)), ("detail", .text($0.detail))])
                        })
            ),
        ])
    }
}

extension Problem {
    static func notFound(_ detail: String) -> Problem {
        Problem(404, "not_found", "there is nothing at this path", detail)
    }

    static func methodNotAllowed(_ method: String, _ allowed: [String]) -> Problem {
        let list = allowed.joined(separator: ", ")
        var problem = Problem(
            405, "method_not_allowed", "the path does not know the method",
            "expected one of \(list), got `\(method)`")
        problem.headers = [("Allow", list)]
        return problem
    }

    static func invalid(_ code: String, _ detail: String) -> Problem {
        Problem(400, code, "the request is malformed", detail)
    }

    /// Nothing that follows on the connection can be trusted to be a request.
    static var ambiguousLength: Problem {
        var problem = invalid(
            "ambiguous_length", "expected one `Content-Length`, or `Transfer-Encoding: chunked`")
        problem.headers = [("Connection", "close")]
        return problem
    }

    static func unavailable(_ code: String, _ detail: String) -> Problem {
        var problem = Problem(503, code, "the service cannot do this now", detail)
        problem.headers = [("Retry-After", "1")]
        return problem
    }

    static let bodyTooLarge = Problem(
        413, "body_too_large", "the body is too large",
        "expected at most \(Limits.bodyBytes) bytes")

    static func mediaType(_ got: String?) -> Problem {
        Problem(
            415, "unsupported_media_type", "the body is of the wrong type",
            "expected `Content-Type: application/json`, got \(got.map { "`\($0)`" } ?? "none")")
    }

    static func unauthorized(_ detail: String, scheme: String?) -> Problem {
        var problem = Problem(
            401, "unauthorized", "the request does not say who asks", detail)
        problem.headers = scheme.map { [("WWW-Authenticate", $0)] } ?? []
        return problem
    }

    static func forbidden(_ detail: String) -> Problem {
        Problem(403, "forbidden", "this operator may not do this", detail)
    }

    /// What an operation says when it was not done.
    init(_ failure: OperationFailure) {
        switch failure.code {
        case .unknownAgent:
            self.init(404, failure.code.rawValue, "the agent is not known", failure.message)
        case .unknownApproval:
            self.init(404, failure.code.rawValue, "the approval is not known", failure.message)
        case .approvalDecided:
            self.init(
                409, failure.code.rawValue, "the approval is no longer pending", failure.message)
        case .invalidArgument:
            self.init(400, failure.code.rawValue, "the request is malformed", failure.message)
        case .full, .logUnavailable:
            self = .unavailable(failure.code.rawValue, failure.message)
        }
    }
}
