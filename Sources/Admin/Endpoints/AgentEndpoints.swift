// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Platform

/// `/v1/agents`: who is known, what was taken from them, and giving it back.
enum AgentEndpoints {
    static func list(_ request: Request, _ services: AdminServices) throws(Problem) -> Response {
        let query = try request.query(["contains", "restricted", "limit"])
        var filter = AgentFilter()
        filter.contains = try QueryValue.text("contains", query["contains"], Limits.agentBytes)
        filter.isRestrictedOnly = try QueryValue.flag("restricted", query["restricted"])
        filter.limit = try QueryValue.limit(query["limit"]) ?? filter.limit
        let agents = try services.requireOperations().agents(filter)
        return Response(.object([("agents", .array(agents.map(\.document)))]))
    }

    static func show(_ request: Request, _ services: AdminServices) throws(Problem) -> Response {
        try request.noQuery()
        let id = try agent(request)
        guard let context = try services.requireOperations().agent(id) else {
            throw Problem(OperationFailure(.unknownAgent, "no agent `\(id)` is known"))
        }
        return Response(.object([("id", .text(id)), ("context", .document(context))]))
    }

    static func restrict(_ request: Request, _ services: AdminServices) throws(Problem) -> Response
    {
        try request.noQuery()
        let operations = try services.requireOperations()
        let id = try agent(request)
        let (name, seconds, reason) = try BodyFields.read(request.body) { fields in
            (
                fields.text("name", Limits.nameBytes),
                fields.integer("seconds", 1...Limits.seconds),
                fields.optionalText("reason", Limits.reasonBytes) ?? ""
            )
        }
        let origin = Origin(operatorName: request.operatorName, reason: reason)
        do throws(OperationFailure) {
            let receipt = try operations.restrict(id, name, seconds: seconds, origin)
            return Response(receipt.document, status: 201)
        } catch {
            throw Problem(error)
        }
    }

    /// One restriction, or all of them when the path names none.
    static func release(_ request: Request, _ services: AdminServices) throws(Problem) -> Response {
        let reason = try QueryValue.text(
            "reason", request.query(["reason"])["reason"], Limits.reasonBytes)
        let operations = try services.requireOperations()
        let id = try agent(request)
        let restriction = request.parameters.count > 1 ? request.parameters[1] : nil
        if let restriction, restriction.utf8.count > Limits.nameBytes {
            throw .notFound("no restriction has so long a name")
        }
        let origin = Origin(operatorName: request.operatorName, reason: reason)
        do throws(OperationFailure) {
            return Response(try operations.release(id, restriction, origin).document)
        } catch {
            throw Problem(error)
        }
    }

    private static func agent(_ request: Request) throws(Problem) -> String {
        let id = request.parameters.first ?? ""
        guard id.utf8.count <= Limits.agentBytes else {
            throw Problem(OperationFailure(.unknownAgent, "no agent has so long an id"))
        }
        return id
    }
}

extension AgentSummary {
    var document: JSON {
        .members([
            ("id", .text(id)),
            ("last_seen", lastSeen > 0 ? .text(Timestamp.text(lastSeen)) : nil),
            ("requests", .integer(Int64(clamping: requests))),
            ("restrictions", .array(restrictions.map(\.document))),
            ("labels", .array(labels.map(\.document))),
        ])
    }
}

extension AgentSummary.Mark {
    var document: JSON {
        .object([("name", .text(name)), ("expires", .text(Timestamp.text(expires)))])
    }
}

/// Values of query parameters that several paths have.
enum QueryValue {
    /// A text of at most `limit` bytes; empty when there is none.
    static func text(_ name: String, _ text: String?, _ limit: Int) throws(Problem) -> String {
        guard let text else { return "" }
        guard text.utf8.count <= limit else {
            throw .invalid("invalid_parameter", "`\(name)`: expected at most \(limit) bytes")
        }
        return text
    }

    static func flag(_ name: String, _ text: String?) throws(Problem) -> Bool {
        switch text {
        case nil, "false": return false
        case "true": return true
        default:
            throw .invalid(
                "invalid_parameter",
                "`\(name)`: expected `true` or `false`, got `\(text ?? "")`")
        }
    }

    static func limit(_ text: String?) throws(Problem) -> Int? {
        guard let text else { return nil }
        guard let limit = Int(text), (1...Limits.listed).contains(limit) else {
            throw .invalid(
                "invalid_parameter", "`limit`: expected 1 to \(Limits.listed), got `\(text)`")
        }
        return limit
    }
}
