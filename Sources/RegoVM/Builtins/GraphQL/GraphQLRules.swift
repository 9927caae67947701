// SPDX-License-Identifier: Apache-2.0

// Rules that look at one place of a query.

extension GraphQLValidator {
    // MARK: Types and fragments (sections 5.5 and 5.8)

    func checkKnown(_ name: String, _ position: GraphQLPosition, suggests: Bool = true) {
        guard schema.types[name] == nil else { return }
        func suggestion() -> String {
            suggests
                ? GraphQLSuggestion.quoted("Did you mean", name, schema.types.keys.sorted()) : ""
        }
        report("Unknown type \"\(name)\".\(suggestion())", position)
    }

    func checkComposite(_ name: String, _ subject: String, _ position: GraphQLPosition) {
        guard let type = schema.types[name], !type.isComposite else { return }
        report("\(subject) cannot condition on non composite type \"\(name)\".", position)
    }

    /// A fragment fits where at least one object type can be both.
    func checkSpread(
        _ start: String, _ type: GraphQLDefinition?, _ parent: GraphQLDefinition?,
        _ position: GraphQLPosition
    ) {
        guard let type, let parent, type.isComposite, parent.isComposite else { return }
        let possible = Set(schema.possibleTypes(parent))
        guard possible.isDisjoint(with: schema.possibleTypes(type)) else { return }
        report(
            "\(start) objects of type \"\(parent.name)\" can never be of type \"\(type.name)\".",
            position)
    }

    // MARK: Fields and arguments (sections 5.3 and 5.4)

    func checkFieldIsKnown(_ field: GraphQLField) {
        guard let parent = field.parent, field.definition == nil else { return }
        report(
            "Cannot query field \"\(field.name)\" on type \"\(parent.name)\"."
                + fieldSuggestion(parent, field.name), field.position)
    }

    private func fieldSuggestion(_ parent: GraphQLDefinition, _ name: String) -> String {
        let types = suggestedTypes(parent, name)
        if !types.isEmpty {
            let list = GraphQLSuggestion.list(types.map { "\"\($0)\"" })
            return " Did you mean to use an inline fragment on \(list)?"
        }
        guard parent.kind == .object || parent.kind == .interface else { return "" }
        return GraphQLSuggestion.quoted("Did you mean", name, parent.fields.map(\.name))
    }

    /// Types that stand for `parent` and have the field: interfaces by use, then objects.
    private func suggestedTypes(_ parent: GraphQLDefinition, _ name: String) -> [String] {
        guard parent.isAbstract else { return [] }
        var objects: [String] = []
        var interfaces: [String] = []
        var uses: [String: Int] = [:]
        for possible in schema.possibleTypes(parent) {
            guard let type = schema.types[possible], type.field(name) != nil else { continue }
            objects.append(possible)
            for interface in type.interfaces where schema.types[interface]?.field(name) != nil {
                if uses[interface] == nil { interfaces.append(interface) }
                uses[interface, default: 0] += 1
            }
        }
        let ordered = interfaces.enumerated().sorted {
            let (left, right) = (uses[$0.element] ?? 0, uses[$1.element] ?? 0)
            return left == right ? $0.offset < $1.offset : left > right
        }
        return ordered.map(\.element) + objects
    }

    func checkArguments(
        _ arguments: [GraphQLArgument], _ definitions: [GraphQLFieldDefinition], _ subject: String
    ) {
        for argument in arguments where !definitions.contains(where: { $0.name == argument.name }) {
            report(
                "Unknown argument \"\(argument.name)\" on \(subject)."
                    + GraphQLSuggestion.quoted(
                        "Did you mean", argument.name, definitions.map(\.name)), argument.position)
        }
    }

    func checkRequired(
        _ arguments: [GraphQLArgument], _ definitions: [GraphQLFieldDefinition], _ subject: String,
        _ position: GraphQLPosition
    ) {
        for definition in definitions
        where definition.type.isNonNull && definition.defaultValue == nil {
            if arguments.contains(where: { $0.name == definition.name }) { continue }
            report(
                "\(subject) argument \"\(definition.name)\" of type \"\(definition.type.text)\" "
                    + "is required, "
                    + "but it was not provided.", position)
        }
    }

    func checkUnique(_ arguments: [GraphQLArgument]) {
        var names: Set<String> = []
        for argument in arguments where !names.insert(argument.name).inserted {
            report("There can be only one argument named \"\(argument.name)\".", argument.position)
        }
    }

    func checkLeaf(_ field: GraphQLField) {
        guard let definition = field.definition, let type = schema.types[definition.type.baseName]
        else { return }
        if type.isLeaf && !field.selections.isEmpty {
            report(
                "Field \"\(field.name)\" must not have a selection since type \"\(type.name)\" "
                    + "has no "
                    + "subfields.", field.position)
        }
        if !type.isLeaf && field.selections.isEmpty {
            report(
                "Field \"\(field.name)\" of type \"\(definition.type.text)\" must have a "
                    + "selection of "
                    + "subfields. Did you mean \"\(field.name) { ... }\"?", field.position)
        }
    }

    // MARK: Values (sections 5.6 and 5.8)

    func check(_ value: GraphQLValue) {
        checkVariableIsDefined(value)
        var names: Set<String> = []
        if value.kind == .object {
            for child in value.children where !names.insert(child.name).inserted {
                report("There can be only one input field named \"\(child.name)\".", value.position)
            }
        }
        checkType(value)
        checkVariablePosition(value)
    }

    private func checkVariableIsDefined(_ value: GraphQLValue) {
        guard let operation, value.kind == .variable,
            !operation.variables.contains(where: { $0.name == value.raw })
        else { return }
        let place = operation.name.isEmpty ? "" : " by operation \"\(operation.name)\""
        report("Variable \"\(value.text)\" is not defined\(place).", value.position)
    }

    private func checkVariablePosition(_ value: GraphQLValue) {
        guard value.kind == .variable, let expected = value.expectedType,
            let variable = operation?.variables.first(where: { $0.name == value.raw })
        else { return }
        var wanted = expected
        if let fallback = variable.defaultValue, fallback.kind != .null, wanted.isNonNull {
            wanted = GraphQLType(name: wanted.name, element: wanted.element)
        }
        guard !variable.type.isCompatible(with: wanted) else { return }
        report(
            "Variable \"\(value.text)\" of type \"\(variable.type.text)\" used in position "
                + "expecting type "
                + "\"\(wanted.text)\".", value.position)
    }

    private func checkType(_ value: GraphQLValue) {
        guard let type = value.definition, let expected = value.expectedType,
            value.kind != .variable
        else { return }
        let standard = ["Int", "Float", "String", "Boolean", "ID"]
        // The values of other scalars are their own affair.
        if type.kind == .scalar && !standard.contains(type.name) { return }
        let isRight: Bool
        switch value.kind {
        case .null: isRight = !expected.isNonNull
        case .list: isRight = expected.element != nil
        case .int:
            isRight =
                ["Int", "Float", "ID"].contains(type.name) && GoText.integer(value.raw.utf8) != nil
        case .float: isRight = type.name == "Float"
        case .string, .block: isRight = ["String", "ID"].contains(type.name)
        case .boolean: isRight = type.name == "Boolean"
        case .enum:
            isRight = type.kind == .enum && type.enumValues.contains { $0.name == value.raw }
        case .object:
            checkFields(value, type)
            return
        case .variable: return
        }
        guard !isRight else { return }
        report(
            "Expected type \(expected.text), found \(value.text)." + enumSuggestion(value, type),
            value.position)
    }

    private func enumSuggestion(_ value: GraphQLValue, _ type: GraphQLDefinition) -> String {
        guard type.kind == .enum, [.string, .block, .enum].contains(value.kind) else { return "" }
        return GraphQLSuggestion.plain(
            "Did you mean the enum value", value.raw, type.enumValues.map(\.name))
    }

    private func checkFields(_ value: GraphQLValue, _ type: GraphQLDefinition) {
        for field in type.fields where field.type.isNonNull && field.defaultValue == nil {
            if value.children.contains(where: { $0.name == field.name }) { continue }
            report(
                "Field \(type.name).\(field.name) of required type \(field.type.text) was not "
                    + "provided.",
                value.position)
        }
        for child in value.children where type.field(child.name) == nil {
            report(
                "Field \"\(child.name)\" is not defined by type \(type.name)."
                    + GraphQLSuggestion.plain("Did you mean", child.name, type.fields.map(\.name)),
                child.position)
        }
    }
}

/// Finds fragments that spread themselves (section 5.5.2.2).
struct GraphQLFragmentCycles {
    private let validator: GraphQLValidator

    init(_ validator: GraphQLValidator) { self.validator = validator }

    func check(_ fragment: GraphQLFragment) {
        var path: [String] = []
        var visited: Set<String> = []
        search(fragment, fragment.name, &path, &visited)
    }

    private func search(
        _ fragment: GraphQLFragment, _ origin: String, _ path: inout [String],
        _ visited: inout Set<String>
    ) {
        for spread in spreads(fragment.selections) {
            if spread.name == origin {
                let via =
                    path.isEmpty ? "" : " via " + path.map { "\"\($0)\"" }.joined(separator: ", ")
                validator.report(
                    "Cannot spread fragment \"\(origin)\" within itself\(via).", spread.position)
                continue
            }
            guard visited.insert(spread.name).inserted, let next = validator.fragment(spread.name),
                path.count < Limits.graphQLDepth
            else { continue }
            path.append(spread.name)
            search(next, origin, &path, &visited)
            path.removeLast()
        }
    }

    private func spreads(_ selections: [GraphQLSelection]) -> [GraphQLSpread] {
        selections.flatMap { selection in
            switch selection {
            case .spread(let spread): [spread]
            case .field(let field): spreads(field.selections)
            case .inlineFragment(let fragment): spreads(fragment.selections)
            }
        }
    }
}
