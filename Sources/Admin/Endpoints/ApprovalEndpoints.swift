// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Platform

/// `/v1/approvals`: what waits for a person, and what became of it.
enum ApprovalEndpoints {
    static func list(_ request: Request, _ services: AdminServices) throws(Problem) -> Response {
        let query = try request.query(["state", "agent", "limit"])
        var filter = ApprovalFilter()
        if let word = query["state"] {
            guard let state = Approval.State(rawValue: word) else {
                let words = Approval.State.allCases.map { "`\($0.rawValue)`" }
                throw .invalid(
                    "invalid_parameter",
                    "`state`: expected one of \(words.joined(separator: ", ")), got `\(word)`")
            }
            filter.state = state
        }
        filter.agent = try QueryValue.text("agent", query["agent"], Limits.agentBytes)
        filter.limit = try QueryValue.limit(query["limit"]) ?? filter.limit
        let approvals = try services.requireOperations().approvals(filter)
        return Response(.object([("approvals", .array(approvals.map(\.document)))]))
    }

    static func show(_ request: Request, _ services: AdminServices) throws(Problem) -> Response {
        try request.noQuery()
        let id = try identifier(request)
        guard let approval = try services.requireOperations().approval(id) else {
            throw Problem(OperationFailure(.unknownApproval, "no approval `\(id)` is known"))
        }
        return Response(approval.document)
    }

    static func grant(_ request: Request, _ services: AdminServices) throws(Problem) -> Response {
        try decide(request, services) { (operations, id, origin) throws(OperationFailure) in
            try operations.grant(id, origin)
        }
    }

    static func deny(_ request: Request, _ services: AdminServices) throws(Problem) -> Response {
        try decide(request, services) { (operations, id, origin) throws(OperationFailure) in
            try operations.deny(id, origin)
        }
    }

    private static func decide(
        _ request: Request, _ services: AdminServices,
        _ say: (any AgentOperations, String, Origin) throws(OperationFailure) -> Approval
    ) throws(Problem) -> Response {
        try request.noQuery()
        let operations = try services.requireOperations()
        let id = try identifier(request)
        let reason = try BodyFields.readOptional(request.body) { fields in
            fields.optionalText("reason", Limits.reasonBytes) ?? ""
        }
        let origin = Origin(operatorName: request.operatorName, reason: reason)
        do throws(OperationFailure) {
            return Response(try say(operations, id, origin).document)
        } catch {
            throw Problem(error)
        }
    }

    private static func identifier(_ request: Request) throws(Problem) -> String {
        let id = request.parameters.first ?? ""
        guard id.utf8.count <= Limits.identifierBytes else {
            throw Problem(OperationFailure(.unknownApproval, "no approval has so long an id"))
        }
        return id
    }
}

extension Approval {
    var document: JSON {
        .members([
            ("id", .text(id)), ("state", .text(state.rawValue)), ("agent", .text(agent)),
            ("session", .text(session)), ("summary", .text(summary)),
            ("arguments", .text(arguments)), ("digest", .text(digest)),
            ("policy_revision", .text(policyRevision)),
            ("requested", .text(Timestamp.text(requested))),
            ("expires", .text(Timestamp.text(expires))),
            ("decided_by", decidedBy.map { .text($0.operatorName) }),
            ("reason", decidedBy.map { .text($0.reason) }),
        ])
    }
}
