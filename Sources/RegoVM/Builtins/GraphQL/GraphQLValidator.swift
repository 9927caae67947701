// SPDX-License-Identifier: Apache-2.0

/// Validates queries against a schema (specification section 5). Like gqlparser, it walks the
/// document once and reports in that order.
final class GraphQLValidator {
    let schema: GraphQLSchema
    let document: GraphQLQueryDocument
    private(set) var errors: [GraphQLError] = []
    /// The first fragment of each name.
    private let fragments: [String: GraphQLFragment]

    // State of the walk.
    private(set) var operation: GraphQLOperation?
    private var usedVariables: Set<String> = []
    private var walkedFragments: Set<String> = []
    private var usedFragments: Set<String> = []
    private var isInFragments = false
    private var misplacedDirectives: Set<String> = []
    private var merging = GraphQLFieldMerging()

    private init(_ document: GraphQLQueryDocument, _ schema: GraphQLSchema) {
        self.document = document
        self.schema = schema
        fragments = Dictionary(document.fragments.map { ($0.name, $0) }) { first, _ in first }
    }

    /// What is wrong with a query; nothing when it is valid.
    static func validate(
        _ document: GraphQLQueryDocument, _ schema: GraphQLSchema
    ) throws(BuiltinError) -> [GraphQLError] {
        guard document.fragments.count <= Limits.graphQLFragments else {
            throw BuiltinError(.limit, "GraphQL query has too many fragments")
        }
        let validator = GraphQLValidator(document, schema)
        validator.walk()
        if validator.merging.isExhausted {
            throw BuiltinError(.limit, "GraphQL query needs too many comparisons of fields")
        }
        return validator.errors
    }

    /// - Parameter message: made only when there is room for it: suggestions cost time.
    func report(_ message: @autoclosure () -> String, _ position: GraphQLPosition) {
        guard errors.count < Limits.graphQLErrors else { return }
        errors.append(GraphQLError(message(), position))
    }

    func fragment(_ name: String) -> GraphQLFragment? { fragments[name] }

    // MARK: Walk

    private func walk() {
        var names: Set<String> = []
        for operation in document.operations {
            walkedFragments = []
            usedVariables = []
            walk(operation)
            check(operation, &names)
            self.operation = nil
        }
        isInFragments = true
        var fragmentNames: Set<String> = []
        for fragment in document.fragments {
            walkedFragments = []
            walk(fragment, &fragmentNames)
        }
    }

    private func walk(_ operation: GraphQLOperation) {
        self.operation = operation
        let root = schema.root(operation.kind)
        walk(operation.directives, operation.kind.uppercased())
        for variable in operation.variables {
            guard let value = variable.defaultValue else { continue }
            value.expectedType = variable.type
            value.definition = schema.types[variable.type.baseName]
            walk(value)
        }
        for selection in operation.selections { walk(selection, root) }
    }

    private func walk(_ fragment: GraphQLFragment, _ names: inout Set<String>) {
        walk(fragment.directives, "FRAGMENT_DEFINITION")
        let type = schema.types[fragment.typeCondition]
        for selection in fragment.selections { walk(selection, type) }
        checkComposite(
            fragment.typeCondition, "Fragment \"\(fragment.name)\"", fragment.position)
        checkKnown(fragment.typeCondition, fragment.position)
        GraphQLFragmentCycles(self).check(fragment)
        if !usedFragments.contains(fragment.name) {
            report("Fragment \"\(fragment.name)\" is never used.", fragment.position)
        }
        merge(fragment.selections)
        if !names.insert(fragment.name).inserted {
            report("There can be only one fragment named \"\(fragment.name)\".", fragment.position)
        }
    }

    private func walk(_ selection: GraphQLSelection, _ parent: GraphQLDefinition?) {
        switch selection {
        case .field(let field): walk(field, parent)
        case .inlineFragment(let fragment): walk(fragment, parent)
        case .spread(let spread): walk(spread, parent)
        }
    }

    private func walk(_ field: GraphQLField, _ parent: GraphQLDefinition?) {
        let definition =
            field.name == "__typename"
            ? GraphQLFieldDefinition(name: "__typename", type: GraphQLType(name: "String"))
            : parent?.field(field.name)
        field.definition = definition
        field.parent = parent
        for argument in field.arguments {
            walk(argument, definition?.arguments.first { $0.name == argument.name })
        }
        let type = definition.flatMap { schema.types[$0.type.baseName] }
        for selection in field.selections { walk(selection, type) }
        walk(field.directives, "FIELD")
        check(field)
    }

    private func walk(_ fragment: GraphQLInlineFragment, _ parent: GraphQLDefinition?) {
        let type = fragment.typeCondition.isEmpty ? parent : schema.types[fragment.typeCondition]
        walk(fragment.directives, "INLINE_FRAGMENT")
        for selection in fragment.selections { walk(selection, type) }
        if !fragment.typeCondition.isEmpty {
            checkComposite(fragment.typeCondition, "Fragment", fragment.position)
            checkKnown(fragment.typeCondition, fragment.position)
        }
        merge(fragment.selections)
        checkSpread("Fragment cannot be spread here as", type, parent, fragment.position)
    }

    private func walk(_ spread: GraphQLSpread, _ parent: GraphQLDefinition?) {
        let found = fragment(spread.name)
        let type = found.flatMap { schema.types[$0.typeCondition] }
        walk(spread.directives, "FRAGMENT_SPREAD")
        if let found, walkedFragments.insert(found.name).inserted {
            for selection in found.selections { walk(selection, type) }
        }
        if found == nil { report("Unknown fragment \"\(spread.name)\".", spread.position) }
        if !isInFragments { usedFragments.insert(spread.name) }
        checkSpread(
            "Fragment \"\(spread.name)\" cannot be spread here as", type, parent, spread.position)
    }

    private func walk(_ directives: [GraphQLDirective], _ location: String) {
        var names: Set<String> = []
        for directive in directives {
            let definition = schema.directives[directive.name]
            check(directive, definition, location)
            for argument in directive.arguments {
                walk(argument, definition?.arguments.first { $0.name == argument.name })
            }
        }
        for directive in directives {
            let isRepeatable = schema.directives[directive.name]?.isRepeatable ?? false
            if !isRepeatable && !names.insert(directive.name).inserted {
                report(
                    "The directive \"@\(directive.name)\" can only be used once at this location.",
                    directive.position)
            }
        }
    }

    private func walk(_ argument: GraphQLArgument, _ definition: GraphQLFieldDefinition?) {
        if let definition {
            argument.value.expectedType = definition.type
            argument.value.definition = schema.types[definition.type.baseName]
        }
        walk(argument.value)
    }

    private func walk(_ value: GraphQLValue) {
        if value.kind == .variable,
            operation?.variables.contains(where: { $0.name == value.raw }) == true
        {
            usedVariables.insert(value.raw)
        }
        if value.kind == .object {
            for child in value.children {
                guard let field = value.definition?.field(child.name) else { continue }
                child.value.expectedType = field.type
                child.value.definition = schema.types[field.type.baseName]
            }
        }
        if value.kind == .list, let element = value.expectedType?.element {
            for child in value.children {
                child.value.expectedType = element
                child.value.definition = value.definition
            }
        }
        for child in value.children { walk(child.value) }
        check(value)
    }

    private func merge(_ selections: [GraphQLSelection]) {
        for conflict in merging.conflicts(within: selections, self) {
            report(conflict.message, conflict.position)
        }
    }

    // MARK: Checks that need the walk's state

    private func check(_ operation: GraphQLOperation, _ names: inout Set<String>) {
        if schema.root(operation.kind) == nil {
            report(
                "Schema does not support operation type \"\(operation.kind)\"", operation.position)
        }
        if operation.name.isEmpty && document.operations.count > 1 {
            report(
                "This anonymous operation must be the only defined operation.", operation.position)
        }
        for variable in operation.variables where !usedVariables.contains(variable.name) {
            let place = operation.name.isEmpty ? "" : " in operation \"\(operation.name)\""
            report("Variable \"$\(variable.name)\" is never used\(place).", variable.position)
        }
        merge(operation.selections)
        checkSubscription(operation)
        if !operation.name.isEmpty && !names.insert(operation.name).inserted {
            report(
                "There can be only one operation named \"\(operation.name)\".", operation.position)
        }
        var variables: Set<String> = []
        for variable in operation.variables where !variables.insert(variable.name).inserted {
            report("There can be only one variable named \"$\(variable.name)\".", variable.position)
        }
        for variable in operation.variables {
            checkKnown(variable.type.baseName, variable.type.position, suggests: false)
            if let type = schema.types[variable.type.baseName], !type.isInput {
                report(
                    "Variable \"$\(variable.name)\" cannot be non-input type "
                        + "\"\(variable.type.text)\".",
                    variable.position)
            }
        }
    }

    private func checkSubscription(_ operation: GraphQLOperation) {
        guard operation.kind == "subscription" else { return }
        var names: Set<String> = []
        var seen: Set<String> = []
        collectTopFields(operation.selections, &names, &seen)
        if names.count > 1 {
            let name =
                operation.name.isEmpty
                ? "Anonymous Subscription" : "Subscription \"\(operation.name)\""
            report("\(name) must select only one top level field.", operation.position)
        }
        if names.contains(where: { $0.hasPrefix("__") }) {
            let name =
                operation.name.isEmpty
                ? "Anonymous Subscription" : "Subscription \"\(operation.name)\""
            report("\(name) must not select an introspection top level field.", operation.position)
        }
    }

    private func collectTopFields(
        _ selections: [GraphQLSelection], _ names: inout Set<String>, _ seen: inout Set<String>
    ) {
        for selection in selections {
            switch selection {
            case .field(let field): names.insert(field.alias)
            case .inlineFragment(let inner): collectTopFields(inner.selections, &names, &seen)
            case .spread(let spread):
                guard seen.insert(spread.name).inserted, let inner = fragment(spread.name) else {
                    continue
                }
                collectTopFields(inner.selections, &names, &seen)
            }
        }
    }

    private func check(
        _ directive: GraphQLDirective, _ definition: GraphQLDirectiveDefinition?, _ location: String
    ) {
        if let definition {
            checkArguments(
                directive.arguments, definition.arguments, "directive \"@\(directive.name)\"")
        }
        if let definition, !definition.locations.contains(location) {
            let place = "\(directive.name):\(directive.position.line):\(directive.position.column)"
            if misplacedDirectives.insert(place).inserted {
                report(
                    "Directive \"@\(directive.name)\" may not be used on \(location).",
                    directive.position)
            }
        } else if definition == nil {
            report("Unknown directive \"@\(directive.name)\".", directive.position)
        }
        checkRequired(
            directive.arguments, definition?.arguments ?? [], "Directive \"@\(directive.name)\"",
            directive.position)
        checkUnique(directive.arguments)
    }

    private func check(_ field: GraphQLField) {
        checkFieldIsKnown(field)
        if let definition = field.definition {
            let owner = field.parent.map { "\($0.name)." } ?? ""
            checkArguments(field.arguments, definition.arguments, "field \"\(owner)\(field.name)\"")
        }
        // Both an operation and its fragments would report the same conflicts.
        if operation != nil { merge(field.selections) }
        checkRequired(
            field.arguments, field.definition?.arguments ?? [], "Field \"\(field.name)\"",
            field.position)
        checkLeaf(field)
        checkUnique(field.arguments)
    }
}
