// SPDX-License-Identifier: Apache-2.0

/// `json.verify_schema` and `json.match_schema`
enum JSONSchemaBuiltins {
    private static let document = "any<string, object[any: any]>"

    static let all: [Builtin] = [
        Builtin("json.verify_schema", "\(document) -> array<boolean, any<null, string>>") {
            evaluation, operands throws(BuiltinError) in
            do throws(BuiltinError) {
                _ = try JSONSchemaCompiler.compile(load(operands[0], evaluation), evaluation)
                return evaluation.array(.true, .null)
            } catch {
                if error.code == .limit { throw error }
                return evaluation.array(.false, evaluation.string("jsonschema: \(error.message)"))
            }
        },
        Builtin(
            "json.match_schema",
            "\(document), \(document) -> array<boolean, "
                + "array[object<desc: string, error: string, field: string, type: string>]>"
        ) { evaluation, operands throws(BuiltinError) in
            let document = try load(operands[0], evaluation)
            let schema = try JSONSchemaCompiler.compile(load(operands[1], evaluation), evaluation)
            let result = try JSONSchemaValidator.validate(document, schema, evaluation)
            return evaluation.array(.boolean(result.isValid), result.describe(evaluation))
        },
    ]

    /// JSON text, or an object or array as it would be written as JSON.
    private static func load(_ operand: Value, _ evaluation: Evaluation) throws(BuiltinError)
        -> Value
    {
        switch operand.kind {
        case .string:
            guard let value = try? JSONReader.read(operand.bytes, into: evaluation.arena) else {
                throw .failed("invalid JSON string")
            }
            return value
        case .object, .array:
            if isJSON(operand) { return operand }
            // Sets become arrays, and keys that are no strings become strings.
            var text = ByteBuilder(evaluation.arena)
            JSONWriter.append(operand, to: &text)
            guard let value = try? JSONReader.read(text.bytes, into: evaluation.arena) else {
                throw .failed("invalid JSON string")
            }
            return value
        default: throw .failed("wrong type, expected string or object")
        }
    }

    private static func isJSON(_ value: Value) -> Bool {
        switch value.kind {
        case .array: value.elements.allSatisfy(isJSON)
        case .object: value.keys.allSatisfy(\.isString) && value.values.allSatisfy(isJSON)
        case .set: false
        default: true
        }
    }
}
