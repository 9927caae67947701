// SPDX-License-Identifier: Apache-2.0

/// Validates documents against a compiled schema, in the order and with the messages of Go's
/// gojsonschema.
struct JSONSchemaValidator {
    let evaluation: Evaluation
    private var steps = 0
    private var depth = 0

    static func validate(
        _ document: Value, _ schema: JSONSchemaNode, _ evaluation: Evaluation
    ) throws(BuiltinError) -> JSONSchemaResult {
        var validator = JSONSchemaValidator(evaluation: evaluation)
        return try validator.result(schema, document, .root)
    }

    private init(evaluation: Evaluation) { self.evaluation = evaluation }

    private mutating func result(
        _ schema: JSONSchemaNode, _ value: Value, _ path: JSONSchemaPath
    ) throws(BuiltinError) -> JSONSchemaResult {
        var result = JSONSchemaResult()
        try validate(schema, value, path, &result)
        return result
    }

    private mutating func validate(
        _ schema: JSONSchemaNode, _ value: Value, _ path: JSONSchemaPath,
        _ result: inout JSONSchemaResult
    ) throws(BuiltinError) {
        depth += 1
        steps += 1
        defer { depth -= 1 }
        guard depth <= Limits.schemaDepth, steps <= Limits.schemaSteps else {
            throw BuiltinError(.limit, "schema needs too many steps to validate")
        }
        if let verdict = schema.verdict {
            if !verdict { result.fail("false", path, "False always fails validation") }
            return
        }
        if let reference = schema.reference {
            try validate(reference, value, path, &result)
            return
        }
        let given = Self.type(value)
        if !schema.types.isEmpty, !schema.types.contains(given),
            !(given == "integer" && schema.types.contains("number"))
        {
            result.fail(
                "invalid_type", path,
                "Invalid type. Expected: \(schema.shownTypes), given: \(given)")
            return
        }
        try validateCombinations(schema, value, path, &result)
        switch value.kind {
        case .array: try validateArray(schema, value, path, &result)
        case .object: try validateObject(schema, value, path, &result)
        case .integer, .decimal: try validateNumber(schema, value, path, &result)
        default: break
        }
        try validateValue(schema, value, path, &result)
        if value.isString { validateString(schema, value, path, &result) }
        if value.kind == .object {
            for (name, property) in schema.properties {
                let member = value[name]
                if member.isDefined {
                    try validate(property, member, .member(name, of: path), &result)
                }
            }
        }
        result.advance()
    }

    private static func type(_ value: Value) -> String {
        switch value.kind {
        case .integer: "integer"
        case .decimal: DecimalText(value.bytes).isIntegral ? "integer" : "number"
        default: String(describing: value.typeName)
        }
    }

    // MARK: Combinations

    private mutating func validateCombinations(
        _ schema: JSONSchemaNode, _ value: Value, _ path: JSONSchemaPath,
        _ result: inout JSONSchemaResult
    ) throws(BuiltinError) {
        try validateAny(schema.anyOf, value, path, &result)
        try validateOne(schema.oneOf, value, path, &result)
        var areAllValid = true
        for part in schema.allOf {
            let outcome = try self.result(part, value, path)
            areAllValid = areAllValid && outcome.isValid
            result.merge(outcome)
        }
        if !areAllValid {
            result.fail("number_all_of", path, "Must validate all the schemas (allOf)")
        }
        if let not = schema.not, try self.result(not, value, path).isValid {
            result.fail("number_not", path, "Must not validate the schema (not)")
        }
        try validateDependencies(schema, value, path, &result)
        try validateCondition(schema, value, path, &result)
        result.advance()
    }

    private mutating func validateAny(
        _ parts: [JSONSchemaNode], _ value: Value, _ path: JSONSchemaPath,
        _ result: inout JSONSchemaResult
    ) throws(BuiltinError) {
        var best: JSONSchemaResult?
        for part in parts {
            let outcome = try self.result(part, value, path)
            if outcome.isValid { return }
            if best.map({ outcome.score > $0.score }) ?? true { best = outcome }
        }
        guard let best else { return }
        result.fail("number_any_of", path, "Must validate at least one schema (anyOf)")
        result.merge(best)
    }

    private mutating func validateOne(
        _ parts: [JSONSchemaNode], _ value: Value, _ path: JSONSchemaPath,
        _ result: inout JSONSchemaResult
    ) throws(BuiltinError) {
        guard !parts.isEmpty else { return }
        var best: JSONSchemaResult?
        var valid = 0
        for part in parts {
            let outcome = try self.result(part, value, path)
            if outcome.isValid {
                valid += 1
            } else if valid == 0, best.map({ outcome.score > $0.score }) ?? true {
                best = outcome
            }
        }
        guard valid != 1 else { return }
        result.fail("number_one_of", path, "Must validate one and only one schema (oneOf)")
        if valid == 0, let best { result.merge(best) }
    }

    private mutating func validateDependencies(
        _ schema: JSONSchemaNode, _ value: Value, _ path: JSONSchemaPath,
        _ result: inout JSONSchemaResult
    ) throws(BuiltinError) {
        guard value.kind == .object else { return }
        for (name, dependency) in schema.dependencies where value[name].isDefined {
            switch dependency {
            case .schema(let part): try validate(part, value, path, &result)
            case .properties(let names):
                for wanted in names where value[evaluation.string(wanted)].isUndefined {
                    result.fail("missing_dependency", path, "Has a dependency on \(wanted)")
                }
            }
        }
    }

    private mutating func validateCondition(
        _ schema: JSONSchemaNode, _ value: Value, _ path: JSONSchemaPath,
        _ result: inout JSONSchemaResult
    ) throws(BuiltinError) {
        guard let condition = schema.condition else { return }
        let holds = try self.result(condition, value, path).isValid
        guard let part = holds ? schema.consequence : schema.alternative else { return }
        let outcome = try self.result(part, value, path)
        guard !outcome.isValid else { return }
        if holds {
            result.fail("condition_then", path, "Must validate \"then\" as \"if\" was valid")
        } else {
            result.fail("condition_else", path, "Must validate \"else\" as \"if\" was not valid")
        }
        result.merge(outcome)
    }

    // MARK: Arrays

    private mutating func validateArray(
        _ schema: JSONSchemaNode, _ value: Value, _ path: JSONSchemaPath,
        _ result: inout JSONSchemaResult
    ) throws(BuiltinError) {
        switch schema.items {
        case .every(let part):
            for (index, element) in value.elements.enumerated() {
                result.merge(try self.result(part, element, .element(index, of: path)))
            }
        case .each(let parts) where !parts.isEmpty:
            for (index, element) in value.elements.enumerated() {
                if index < parts.count {
                    result.merge(try self.result(parts[index], element, .element(index, of: path)))
                } else if case .schema(let part) = schema.additionalItems {
                    result.merge(try self.result(part, element, .element(index, of: path)))
                }
            }
            if value.count > parts.count, case .boolean(false) = schema.additionalItems {
                result.fail(
                    "array_no_additional_items", path, "No additional items allowed on array")
            }
        default: break
        }
        if let least = schema.minItems, value.count < least {
            result.fail("array_min_items", path, "Array must have at least \(least) items")
        }
        if let most = schema.maxItems, value.count > most {
            result.fail("array_max_items", path, "Array must have at most \(most) items")
        }
        if schema.hasUniqueItems { checkUnique(value, path, &result) }
        try validateContains(schema, value, path, &result)
        result.advance()
    }

    private func checkUnique(
        _ value: Value, _ path: JSONSchemaPath, _ result: inout JSONSchemaResult
    ) {
        var seen: [Value: Int] = [:]
        for (index, element) in value.elements.enumerated() {
            if let first = seen[element] {
                result.fail("unique", path, "array items[\(first),\(index)] must be unique")
            }
            seen[element] = index
        }
    }

    private mutating func validateContains(
        _ schema: JSONSchemaNode, _ value: Value, _ path: JSONSchemaPath,
        _ result: inout JSONSchemaResult
    ) throws(BuiltinError) {
        guard let part = schema.contains else { return }
        var best: JSONSchemaResult?
        for (index, element) in value.elements.enumerated() {
            let outcome = try self.result(part, element, .element(index, of: path))
            if outcome.isValid { return }
            if best.map({ outcome.score > $0.score }) ?? true { best = outcome }
        }
        result.fail("contains", path, "At least one of the items must match")
        if let best { result.merge(best) }
    }

    // MARK: Objects

    private mutating func validateObject(
        _ schema: JSONSchemaNode, _ value: Value, _ path: JSONSchemaPath,
        _ result: inout JSONSchemaResult
    ) throws(BuiltinError) {
        if let least = schema.minProperties, value.count < least {
            result.fail("array_min_properties", path, "Must have at least \(least) properties")
        }
        if let most = schema.maxProperties, value.count > most {
            result.fail("array_max_properties", path, "Must have at most \(most) properties")
        }
        for name in schema.required {
            if value[evaluation.string(name)].isDefined {
                result.advance()
            } else {
                result.fail("required", path, "\(name) is required")
            }
        }
        let known = Set(schema.properties.map(\.name))
        for (key, member) in zip(value.keys, value.values) {
            try validateMember(schema, key, member, isKnown: known.contains(key), path, &result)
        }
        if let names = schema.propertyNames {
            for key in value.keys {
                let outcome = try self.result(names, key, path)
                guard !outcome.isValid else { continue }
                result.fail(
                    "invalid_property_name", path,
                    "Property name of \"\(key.asString ?? "")\" does not match")
                result.merge(outcome)
            }
        }
        result.advance()
    }

    private mutating func validateMember(
        _ schema: JSONSchemaNode, _ key: Value, _ member: Value, isKnown: Bool,
        _ path: JSONSchemaPath,
        _ result: inout JSONSchemaResult
    ) throws(BuiltinError) {
        var isDescribed = isKnown
        for (pattern, part) in schema.patternProperties where pattern.matches(key.bytes) {
            isDescribed = true
            result.merge(try self.result(part, member, .member(key, of: path)))
        }
        guard !isDescribed else { return }
        switch schema.additionalProperties {
        case .boolean(false):
            result.fail(
                "additional_property_not_allowed", path,
                "Additional property \(key.asString ?? "") is not allowed")
        case .schema(let part):
            result.merge(try self.result(part, member, .member(key, of: path)))
        default: break
        }
    }

    // MARK: Scalars

    private func validateValue(
        _ schema: JSONSchemaNode, _ value: Value, _ path: JSONSchemaPath,
        _ result: inout JSONSchemaResult
    ) throws(BuiltinError) {
        if let constant = schema.constant, !constant.isEqual(to: value) {
            result.fail("const", path, "\(path.text) does not match: \(constant.description)")
        }
        if let allowed = schema.enumeration, !allowed.contains(where: { $0.isEqual(to: value) }) {
            let shown =
                allowed.isEmpty ? "(none)" : allowed.map(\.description).joined(separator: ", ")
            result.fail("enum", path, "\(path.text) must be one of the following: \(shown)")
        }
        if let format = schema.format, value.isString,
            try !JSONSchemaFormat.matches(value, format, evaluation)
        {
            result.fail("format", path, "Does not match format '\(format)'")
        }
        result.advance()
    }

    private func validateString(
        _ schema: JSONSchemaNode, _ value: Value, _ path: JSONSchemaPath,
        _ result: inout JSONSchemaResult
    ) {
        if schema.minLength != nil || schema.maxLength != nil {
            // Bytes that do not continue a character.
            let length = value.bytes.count { $0 & 0xC0 != 0x80 }
            if let least = schema.minLength, length < least {
                result.fail(
                    "string_gte", path, "String length must be greater than or equal to \(least)")
            }
            if let most = schema.maxLength, length > most {
                result.fail(
                    "string_lte", path, "String length must be less than or equal to \(most)")
            }
        }
        if let pattern = schema.pattern, !pattern.compiled.matches(value.bytes) {
            result.fail("pattern", path, "Does not match pattern '\(pattern.text)'")
        }
        result.advance()
    }

    private mutating func validateNumber(
        _ schema: JSONSchemaNode, _ value: Value, _ path: JSONSchemaPath,
        _ result: inout JSONSchemaResult
    ) throws(BuiltinError) {
        func shown(_ bound: Value) -> String { JSONSchemaNumber.text(bound) }
        if let multiple = schema.multipleOf {
            steps += JSONSchemaNumber.steps(value, multiple)
        }
        if let multiple = schema.multipleOf, try !JSONSchemaNumber.isMultiple(value, of: multiple) {
            result.fail("multiple_of", path, "Must be a multiple of \(shown(multiple))")
        }
        if let bound = schema.maximum, value.compare(bound) > 0 {
            result.fail("number_lte", path, "Must be less than or equal to \(shown(bound))")
        }
        if let bound = schema.exclusiveMaximum, value.compare(bound) >= 0 {
            result.fail("number_lt", path, "Must be less than \(shown(bound))")
        }
        if let bound = schema.minimum, value.compare(bound) < 0 {
            result.fail("number_gte", path, "Must be greater than or equal to \(shown(bound))")
        }
        if let bound = schema.exclusiveMinimum, value.compare(bound) <= 0 {
            result.fail("number_gt", path, "Must be greater than \(shown(bound))")
        }
        result.advance()
    }
}
