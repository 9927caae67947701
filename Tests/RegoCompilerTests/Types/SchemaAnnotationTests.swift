// SPDX-License-Identifier: Apache-2.0

import RegoCompiler
import Testing

@Suite struct SchemaAnnotationTests {
    private let policy = """
        # METADATA
        # schemas:
        # - input: schema.request
        # - data.acl: {type: object, additionalProperties: {type: array, items: {type: string}}}
        p if {
          "read" in data.acl[input.user]
          input.roles[0].name == "x"
        }
        """

    private let schema = """
        {"type": "object", "properties": {"user": {"type": "string"},
        "roles": {"type": "array", "items": {"$ref": "#/definitions/role"}}},
        "definitions": {"role": {"type": "object", "properties": {"name": {"type": "string"},
        "parent": {"$ref": "#/definitions/role"}}}}}
        """

    private func errors(_ rules: String) -> [String] {
        Compiling.errors(in: rules) { $0.schemas = ["schema.request": schema] }
    }

    @Test func whatFitsIsAccepted() {
        #expect(errors(policy) == [])
        // Another rule does not see it.
        #expect(errors(policy + "\nq if input.usr == 1") == [])
    }

    @Test(arguments: [
        ("input.user", "input.usr", "undefined ref: input.usr (hint: did you mean `user`?)"),
        ("name", "nmae", "undefined ref: input.roles[0].nmae (hint: did you mean `name`?)"),
        ("name == \"x\"", "parent.parent.name == 1", "match error"),
        ("\"read\" in data.acl[input.user]", "data.acl.bob[0] == 1", "match error"),
    ])
    func whatDoesNotFitIsRefused(_ old: String, _ new: String, _ message: String) {
        let errors = errors(policy.replacing(old, with: new))
        #expect(errors.count == 1 && errors[0].hasSuffix("rego_type_error: \(message)"), "\(errors)")
    }

    @Test func namesOfSchemasMustBeKnown() {
        let other = policy.replacing("schema.request", with: "schema.other")
        #expect(errors(other) == ["6:1 rego_type_error: undefined schema: schema.other"])
        // Without any schemas they are passed over.
        #expect(Compiling.errors(in: other) == [])
    }
}
