// SPDX-License-Identifier: Apache-2.0

/// The rules that a schema's types and directives keep (specification sections 3.3 to 3.13).
struct GraphQLSchemaChecker {
    let schema: GraphQLSchema

    func check() throws(GraphQLError) {
        for (_, definition) in schema.types.sorted(by: { $0.key < $1.key }) {
            try check(definition)
        }
        for (_, definition) in schema.directives.sorted(by: { $0.key < $1.key }) {
            try checkName(definition.name, definition.position)
            try checkArguments(definition.arguments, of: definition)
        }
    }

    private func check(_ definition: GraphQLDefinition) throws(GraphQLError) {
        let location =
            definition.kind == .inputObject ? "INPUT_FIELD_DEFINITION" : "FIELD_DEFINITION"
        for field in definition.fields {
            try checkName(field.name, field.position)
            try checkDefined(field.type)
            try checkArguments(field.arguments, of: nil)
            try checkDirectives(field.directives, location, of: nil)
        }
        for member in definition.types { try checkMember(member, definition) }
        for interface in definition.interfaces { try checkImplements(definition, interface) }
        switch definition.kind {
        case .object, .interface: try checkFields(definition)
        case .enum: try checkEnum(definition)
        case .inputObject: try checkInputFields(definition)
        case .scalar, .union: break
        }
        var names: Set<String> = []
        for field in definition.fields where !names.insert(field.name).inserted {
            throw GraphQLError(
                "Field \(definition.name).\(field.name) can only be defined once.", field.position)
        }
        if !definition.isBuiltIn { try checkName(definition.name, definition.position) }
        try checkDirectives(definition.directives, definition.kind.rawValue, of: nil)
    }

    private func checkMember(_ name: String, _ union: GraphQLDefinition) throws(GraphQLError) {
        guard let member = schema.types[name] else {
            throw GraphQLError("Undefined type \(GoText.quoted(name)).", union.position)
        }
        guard member.kind == .object else {
            throw GraphQLError(
                "\(union.kind.rawValue) type \(GoText.quoted(name)) must be OBJECT.", union.position
            )
        }
    }

    private func checkFields(_ definition: GraphQLDefinition) throws(GraphQLError) {
        let kind = definition.kind.rawValue
        guard !definition.fields.isEmpty else {
            throw GraphQLError(
                "\(kind) \(definition.name): must define one or more fields.", definition.position)
        }
        for field in definition.fields where schema.types[field.type.baseName]?.kind == .inputObject
        {
            throw GraphQLError(
                "\(kind) \(definition.name): field must be one of "
                    + "SCALAR, OBJECT, INTERFACE, UNION, ENUM.", field.position)
        }
    }

    private func checkEnum(_ definition: GraphQLDefinition) throws(GraphQLError) {
        guard !definition.enumValues.isEmpty else {
            throw GraphQLError(
                "ENUM \(definition.name): must define one or more unique enum values.",
                definition.position)
        }
        for value in definition.enumValues where ["true", "false", "null"].contains(value.name) {
            throw GraphQLError(
                "ENUM \(definition.name): non-enum value \(value.name).", definition.position)
        }
    }

    private func checkInputFields(_ definition: GraphQLDefinition) throws(GraphQLError) {
        guard !definition.fields.isEmpty else {
            throw GraphQLError(
                "INPUT_OBJECT \(definition.name): must define one or more input fields.",
                definition.position)
        }
        for field in definition.fields {
            guard let type = schema.types[field.type.baseName], !type.isInput else { continue }
            throw GraphQLError(
                "\(type.kind.rawValue) \(field.name): field must be one of SCALAR, ENUM, "
                    + "INPUT_OBJECT.",
                field.position)
        }
    }

    private func checkDefined(_ type: GraphQLType) throws(GraphQLError) {
        guard schema.types[type.baseName] != nil else {
            throw GraphQLError("Undefined type \(type.baseName).", type.position)
        }
    }

    private func checkName(_ name: String, _ position: GraphQLPosition) throws(GraphQLError) {
        guard !name.hasPrefix("__") else {
            throw GraphQLError(
                "Name \"\(name)\" must not begin with \"__\", which is reserved by GraphQL "
                    + "introspection.",
                position)
        }
    }

    private func checkArguments(
        _ arguments: [GraphQLFieldDefinition], of directive: GraphQLDirectiveDefinition?
    ) throws(GraphQLError) {
        for argument in arguments {
            try checkName(argument.name, argument.position)
            try checkDefined(argument.type)
            if let type = schema.types[argument.type.baseName], !type.isInput {
                throw GraphQLError(
                    "cannot use \(argument.type.text) as argument \(argument.name) because "
                        + "\(type.kind.rawValue) is not a valid input type", argument.position)
            }
            try checkDirectives(argument.directives, "ARGUMENT_DEFINITION", of: directive)
        }
    }

    private func checkDirectives(
        _ directives: [GraphQLDirective], _ location: String,
        of current: GraphQLDirectiveDefinition?
    ) throws(GraphQLError) {
        for directive in directives {
            try checkName(directive.name, directive.position)
            if let current, current.name == directive.name {
                throw GraphQLError(
                    "Directive \(current.name) cannot refer to itself.", directive.position)
            }
            guard let definition = schema.directives[directive.name] else {
                throw GraphQLError("Undefined directive \(directive.name).", directive.position)
            }
            guard definition.locations.contains(location) else {
                throw GraphQLError(
                    "Directive \(directive.name) is not applicable on \(location).",
                    directive.position)
            }
        }
    }

    // MARK: Interfaces

    private func checkImplements(
        _ definition: GraphQLDefinition, _ name: String
    ) throws(GraphQLError) {
        guard let interface = schema.types[name] else {
            throw GraphQLError("Undefined type \(GoText.quoted(name)).", definition.position)
        }
        guard interface.kind == .interface else {
            throw GraphQLError(
                "\(GoText.quoted(name)) is a non interface type \(interface.kind.rawValue).",
                definition.position)
        }
        for required in interface.fields { try checkField(definition, interface, required) }
        for inherited in interface.interfaces where !definition.interfaces.contains(inherited) {
            throw GraphQLError(
                inherited == definition.name
                    ? "Type \(definition.name) cannot implement \(name) because it would create a "
                        + "circular reference."
                    : "Type \(definition.name) must implement \(inherited) because it is "
                        + "implemented by "
                        + "\(name).", definition.position)
        }
    }

    private func checkField(
        _ definition: GraphQLDefinition, _ interface: GraphQLDefinition,
        _ required: GraphQLFieldDefinition
    ) throws(GraphQLError) {
        let start = "For \(definition.name) to implement \(interface.name)"
        guard let found = definition.field(required.name) else {
            throw GraphQLError(
                "\(start) it must have a field called \(required.name).", definition.position)
        }
        guard isCovariant(required.type, found.type) else {
            throw GraphQLError(
                "\(start) the field \(required.name) must have type \(required.type.text).",
                found.position)
        }
        for wanted in required.arguments {
            let same = "\(start) the field \(required.name) must have the same arguments but"
            guard let argument = found.arguments.first(where: { $0.name == wanted.name }) else {
                throw GraphQLError("\(same) it is missing \(wanted.name).", found.position)
            }
            guard wanted.type.isCompatible(with: argument.type) else {
                throw GraphQLError("\(same) \(wanted.name) has the wrong type.", argument.position)
            }
        }
        for extra in found.arguments where extra.type.isNonNull && extra.defaultValue == nil {
            if required.arguments.contains(where: { $0.name == extra.name }) { continue }
            throw GraphQLError(
                "\(start) any additional arguments on \(found.name) must be optional or have a "
                    + "default "
                    + "value but \(extra.name) is required.", extra.position)
        }
    }

    private func isCovariant(_ required: GraphQLType, _ actual: GraphQLType) -> Bool {
        if required.isNonNull && !actual.isNonNull { return false }
        guard let element = required.element else {
            return required.name == actual.name
                || schema.possibleTypes(named: required.name).contains(actual.name)
        }
        return actual.element.map { isCovariant(element, $0) } ?? false
    }
}
