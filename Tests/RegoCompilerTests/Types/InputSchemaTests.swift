// SPDX-License-Identifier: Apache-2.0

import Foundation
import RegoCompiler
import TestSupport
import Testing

@Suite struct InputSchemaTests {
    private func errors(_ rules: String) -> [String] {
        Compiling.errors(in: rules) { $0.inputSchema = .check }
    }

    @Test(arguments: [
        (
            "input.attributes.request.http.methd == \"GET\"", "input.attributes.request.http.methd",
            "method"
        ),
        ("input.atributes.request", "input.atributes.request", "attributes"),
        ("input.action.toll == \"x\"", "input.action.toll", "tool"),
        ("input.agent.spiffe.trust_domian", "input.agent.spiffe.trust_domian", "trust_domain"),
        (
            "input.attributes.context_extensions.x", "input.attributes.context_extensions.x",
            "contextExtensions"
        ),
    ])
    func suggests(_ expression: String, _ ref: String, _ name: String) {
        let message = "2:6 rego_type_error: undefined ref: \(ref) (hint: did you mean `\(name)`?)"
        #expect(errors("p if \(expression)") == [message])
    }

    @Test(arguments: [
        "input.attributes.request.http.headers[\"x-anything\"] == \"1\"",
        "input.attributes.metadataContext.filterMetadata[\"envoy.filters.jwt\"].claims.sub",
        "input.attributes.contextExtensions.virtual_host",
        "input.parsed_path[0] == \"api\"", "input.parsed_query.id[0] == \"7\"",
        "input.parsed_body.a.b.c[3].d", "input.action.arguments.path.x", "input.custom.thing",
        "input.context.labels[input.action.tool]", "input.context.events[_].tool",
        "input.context.counts[\"1m\"] > 5",
        "input.attributes.source.address.socketAddress.portValue > 1",
        "count(input.agent.scopes) > 0", "input.methd with input as {\"methd\": 1}",
        "input.attributes[x].y = \"v\"", "input.version.ext_authz == \"v3\"",
    ])
    func accepts(_ expression: String) {
        #expect(errors("p if \(expression)") == [])
    }

    /// The policies that the project brings along, and those of OPA-Envoy's documentation.
    @Test(arguments: [
        "policies", "Tests/EndToEnd/opa/result", "Tests/EndToEnd/opa/basic_auth",
        "Tests/EndToEnd/opa/quickstart",
    ])
    func policiesFit(_ folder: String) throws {
        let root = SharedFolder.projectRoot + "/" + folder
        let files = try FileManager.default.subpathsOfDirectory(atPath: root).sorted()
            .filter { $0.hasSuffix(".rego") && !$0.hasSuffix("_test.rego") }
        #expect(!files.isEmpty)
        let texts = try files.map { try String(contentsOfFile: root + "/" + $0, encoding: .utf8) }
        #expect(Compiling.errors(texts) { $0.inputSchema = .check } == [])
    }
}
