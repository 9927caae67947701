// SPDX-License-Identifier: Apache-2.0

/// How the program is, for probes, scrapers and clients.
enum StatusEndpoints {
    /// 200 when checks are answered as they should be, 503 when not. That there is an answer says
    /// that the program lives.
    static func health(_ request: Request, _ services: AdminServices) throws(Problem) -> Response {
        try request.noQuery()
        let report = services.health()
        let components = report.components.map { component in
            JSON.members([
                ("name", .text(component.name)), ("ok", .boolean(component.fault == nil)),
                ("fault", component.fault.map { .text($0) }),
            ])
        }
        return Response(
            .object([
                ("live", true), ("ready", .boolean(report.isReady)),
                ("components", .array(components)),
            ]), status: report.isReady ? 200 : 503)
    }

    /// Prometheus' text format, version 0.0.4.
    static func metrics(_ request: Request, _ services: AdminServices) throws(Problem) -> Response {
        try request.noQuery()
        return Response(
            contentType: "text/plain; version=0.0.4; charset=utf-8",
            body: services.metrics.exposition())
    }

    static func document(_ request: Request, _ services: AdminServices) throws(Problem) -> Response
    {
        try request.noQuery()
        return Response(contentType: "application/json", body: PackageResources.openapi_json)
    }
}
