// SPDX-License-Identifier: Apache-2.0
import Testing

@Suite struct JSONSchemaBuiltinTests {
    private func match(_ document: String, _ schema: String) -> String {
        BuiltinProbe().call("json.match_schema", document, schema)
    }

    private func failure(_ field: String, _ type: String, _ description: String) -> String {
        #"[false,[{"desc":"\#(description)","error":"\#(field): \#(description)","#
            + #""field":"\#(field)","#
            + #""type":"\#(type)"}]]"#
    }

    @Test(arguments: [
        (#"{"type":"object"}"#, "[true,null]"),
        (#""{\"type\":\"boolean\"}""#, "[true,null]"),
        (
            #"{"type":"unknown_type"}"#,
            #"[false,"jsonschema: has a primitive type that is NOT VALID -- given: /unknown_type/ "#
                + #"Expected valid values are:[array boolean integer number null object string]"]"#
        ),
        (#""{""#, #"[false,"jsonschema: invalid JSON string"]"#),
        ("1", #"[false,"jsonschema: wrong type, expected string or object"]"#),
        ("[]", #"[false,"jsonschema: schema is invalid"]"#),
        (
            #"{"minLength":-1}"#,
            #"[false,"jsonschema: minLength must be greater than or equal to 0"]"#
        ),
        (#"{"pattern":"("}"#, #"[false,"jsonschema: pattern must be a valid regex"]"#),
        (
            #"{"$ref":"http://example.com/a"}"#,
            #"[false,"jsonschema: remote reference loading disabled: http://example.com/a"]"#
        ),
        (#"{"properties":1}"#, #"[false,"jsonschema: Properties must be of type object"]"#),
        (#"{"enum":[1,1.0]}"#, #"[false,"jsonschema: enum items must be unique"]"#),
    ])
    func verifiesSchemas(_ schema: String, _ expected: String) {
        #expect(BuiltinProbe().call("json.verify_schema", schema) == expected)
    }

    @Test(arguments: [
        (#"{"id":5}"#, #"{"properties":{"id":{"type":"integer"}}}"#),
        (#""{\"id\":5.0}""#, #"{"properties":{"id":{"type":"integer"}}}"#),
        (#"{"a":{"a":{}}}"#, ##"{"properties":{"a":{"$ref":"#"}}}"##),
        (
            #"{"a":"x"}"#,
            ##"{"definitions":{"n/m":{"type":"string"}},"##
                + ##""properties":{"a":{"$ref":"#/definitions/n~1m"}}}"##
        ),
        (
            #"{"a":1}"#,
            #"{"$id":"http://x/y/root","definitions":{"n":{"$id":"n.json","type":"number"}},"#
                + #""properties":{"a":{"$ref":"n.json"}}}"#
        ),
        (#"{"a":0.3}"#, #"{"properties":{"a":{"multipleOf":0.1}}}"#),
        (#"{"a":"2020-01-01"}"#, #"{"properties":{"a":{"format":"date"}}}"#),
        (#"{"a":"Joe <joe@example.com>"}"#, #"{"properties":{"a":{"format":"email"}}}"#),
        (#"{"a":1}"#, #"{"if":{"required":["a"]},"then":{"required":["a"]},"else":false}"#),
        (#"["x",1]"#, #"{"items":[{"type":"string"}],"additionalItems":{"type":"number"}}"#),
    ])
    func accepts(_ document: String, _ schema: String) {
        #expect(match(document, schema) == "[true,[]]")
    }

    @Test(arguments: [
        (
            #"{"id":"a"}"#, #"{"properties":{"id":{"type":"integer"}}}"#, "id", "invalid_type",
            "Invalid type. Expected: integer, given: string"
        ),
        ("{}", #"{"required":["id"]}"#, "(Root)", "required", "id is required"),
        (
            #"{"a":1}"#, #"{"additionalProperties":false}"#, "(Root)",
            "additional_property_not_allowed", "Additional property a is not allowed"
        ),
        (
            #"{"a":[1]}"#, #"{"properties":{"a":{"items":{"minimum":1000000}}}}"#, "a.0",
            "number_gte",
            "Must be greater than or equal to 1e+06"
        ),
        (
            "[1,1.0]", #"{"uniqueItems":true}"#, "(Root)", "unique",
            "array items[0,1] must be unique"
        ),
        (
            #"{"a":"é"}"#, #"{"properties":{"a":{"minLength":2}}}"#, "a", "string_gte",
            "String length must be greater than or equal to 2"
        ),
        (
            #"{"a":"x"}"#, #"{"properties":{"a":{"pattern":"^y"}}}"#, "a", "pattern",
            "Does not match pattern '^y'"
        ),
        (
            #"{"a":2}"#, #"{"properties":{"a":{"enum":[1]}}}"#, "a", "enum",
            "a must be one of the following: 1"
        ),
        (
            #"{"a":1}"#, #"{"not":{"required":["a"]}}"#, "(Root)", "number_not",
            "Must not validate the schema (not)"
        ),
        (
            #"{"a":1}"#, #"{"dependencies":{"a":["b"]}}"#, "(Root)", "missing_dependency",
            "Has a dependency on b"
        ),
        (
            #"{"a":5}"#, #"{"properties":{"a":{"maximum":5,"exclusiveMaximum":true}}}"#, "a",
            "number_lt",
            "Must be less than 5"
        ),
    ])
    func reports(
        _ document: String, _ schema: String, _ field: String, _ type: String, _ text: String
    ) {
        #expect(match(document, schema) == failure(field, type, text))
    }

    @Test func endlessSchemasAreStopped() {
        let schema = ##"{"$ref":"#"}"##
        #expect(match("{}", schema) == "eval_limit_error: schema needs too many steps to validate")
    }

    @Test func theNearestAlternativeExplainsAFailure() {
        let schema = #"{"anyOf":[{"type":"string"},{"required":["a"],"minProperties":0}]}"#
        let shown = match("{}", schema)
        #expect(shown.contains("Must validate at least one schema (anyOf)"))
        #expect(shown.contains("a is required"))
    }
}
