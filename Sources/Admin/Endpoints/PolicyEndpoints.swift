// SPDX-License-Identifier: Apache-2.0
import Platform

/// `/v1/policy`: what decides, and taking up a changed one.
enum PolicyEndpoints {
    static func show(_ request: Request, _ services: AdminServices) throws(Problem) -> Response {
        try request.noQuery()
        return Response(services.policy.state.document)
    }

    static func reload(_ request: Request, _ services: AdminServices) throws(Problem) -> Response {
        try request.noQuery()
        do throws(ReloadFailure) {
            return Response(try services.policy.reload().document)
        } catch {
            throw Problem(
                422, "invalid_policy", "the policy cannot decide; the one before still does",
                error.message)
        }
    }
}

extension PolicyState {
    var document: JSON {
        .object([
            ("revision", .text(revision)),
            ("entrypoints", .array(entrypoints.map { .text($0) })),
            ("loaded", .text(Timestamp.text(loaded))),
        ])
    }
}
