// SPDX-License-Identifier: Apache-2.0

/// A value while a template runs: data, or what the template itself made.
enum TemplateDatum {
    /// A key that is not there; it prints as `<undefined>`.
    case missing
    case data(Value)
    case text(String)
    case integer(Int64)
    case float(Double)
    case boolean(Bool)
}

/// `strings.render_template`: Go's `text/template` over the object's entries.
struct TextTemplate {
    private enum Flow {
        case normal
        case stop
        case next
    }

    let evaluation: Evaluation
    private let definitions: [String: [TemplateNode]]
    private var output: ByteBuilder
    private var variables: [(name: String, value: TemplateDatum)]
    private var steps = 0
    private var depth = 0

    static func render(
        _ template: Value, _ object: Value, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        guard template.count <= Limits.patternBytes else {
            throw BuiltinError(.limit, "template of \(template.count) bytes exceeds the limit")
        }
        let (nodes, definitions) = try TemplateParser.parse(template.asString ?? "")
        var renderer = TextTemplate(
            evaluation: evaluation, definitions: definitions, output: ByteBuilder(evaluation.arena),
            variables: [("", .data(object))])
        _ = try renderer.run(nodes, .data(object))
        return renderer.output.string
    }

    private init(
        evaluation: Evaluation, definitions: [String: [TemplateNode]], output: ByteBuilder,
        variables: [(name: String, value: TemplateDatum)]
    ) {
        self.evaluation = evaluation
        self.definitions = definitions
        self.output = output
        self.variables = variables
    }

    static func failure(_ message: String) -> BuiltinError {
        .failed("template: template:1: executing \"template\": \(message)")
    }

    private mutating func run(_ nodes: [TemplateNode], _ dot: TemplateDatum) throws(BuiltinError)
        -> Flow
    {
        depth += 1
        let outer = variables.count
        defer {
            depth -= 1
            variables.removeLast(variables.count - outer)
        }
        guard depth <= Limits.templateDepth * 2 else {
            throw Self.failure("exceeded maximum template depth")
        }
        for node in nodes {
            try count()
            let flow = try run(node, dot)
            if flow != .normal { return flow }
        }
        return .normal
    }

    private mutating func count() throws(BuiltinError) {
        steps += 1
        guard steps <= Limits.templateSteps, output.count <= Limits.stringBytes,
            !evaluation.arena.isExhausted
        else {
            throw BuiltinError(.limit, "template takes more than \(Limits.templateSteps) steps")
        }
    }

    private mutating func run(_ node: TemplateNode, _ dot: TemplateDatum) throws(BuiltinError)
        -> Flow
    {
        switch node {
        case .text(let text): output.append(evaluation.string(text).bytes)
        case .action(let pipeline):
            let value = try self.value(of: pipeline, dot)
            if pipeline.variables.isEmpty { TemplateFunctions.append(value, to: &output) }
        case .conditional(let pipeline, let then, let otherwise):
            let outer = variables.count
            defer { variables.removeLast(variables.count - outer) }
            let value = try self.value(of: pipeline, dot)
            return try run(TemplateFunctions.isTrue(value) ? then : otherwise, dot)
        case .with(let pipeline, let body, let otherwise):
            let outer = variables.count
            defer { variables.removeLast(variables.count - outer) }
            let value = try self.value(of: pipeline, dot)
            return TemplateFunctions.isTrue(value) ? try run(body, value) : try run(otherwise, dot)
        case .range(let pipeline, let body, let otherwise):
            return try range(pipeline, body, otherwise, dot)
        case .template(let name, let pipeline):
            guard let nodes = definitions[name] else {
                throw Self.failure("template \"\(name)\" not defined")
            }
            let value =
                try pipeline.map { pipeline throws(BuiltinError) in
                    try self.value(of: pipeline, dot)
                } ?? .missing
            // A template sees only its own variables.
            let saved = variables
            variables = [("", value)]
            defer { variables = saved }
            _ = try run(nodes, value)
        case .stop: return .stop
        case .next: return .next
        }
        return .normal
    }

    private mutating func range(
        _ pipeline: TemplatePipeline, _ body: [TemplateNode], _ otherwise: [TemplateNode],
        _ dot: TemplateDatum
    ) throws(BuiltinError) -> Flow {
        var plain = pipeline
        plain.variables = []
        let value = try self.value(of: plain, dot)
        let entries = try TemplateFunctions.entries(of: value)
        guard entries.count > 0 else { return try run(otherwise, dot) }
        let outer = variables.count
        defer { variables.removeLast(variables.count - outer) }
        for index in 0..<entries.count {
            try count()
            let element = entries.element(index)
            if pipeline.variables.count == 1 {
                set(pipeline.variables[0], element, pipeline.isAssignment)
            }
            if pipeline.variables.count == 2 {
                set(pipeline.variables[0], entries.key(index), pipeline.isAssignment)
                set(pipeline.variables[1], element, pipeline.isAssignment)
            }
            let flow = try run(body, element)
            if !pipeline.isAssignment { variables.removeLast(variables.count - outer) }
            if flow == .stop { break }
        }
        return .normal
    }

    private mutating func set(_ name: String, _ value: TemplateDatum, _ isAssignment: Bool) {
        if isAssignment, let index = variables.lastIndex(where: { $0.name == name }) {
            variables[index].value = value
        } else {
            variables.append((name, value))
        }
    }
}

// MARK: Pipelines

extension TextTemplate {
    private mutating func value(
        of pipeline: TemplatePipeline, _ dot: TemplateDatum
    ) throws(BuiltinError) -> TemplateDatum {
        var result: TemplateDatum?
        for command in pipeline.commands { result = try value(of: command, dot, last: result) }
        let value = result ?? .missing
        for name in pipeline.variables {
            if pipeline.isAssignment, !variables.contains(where: { $0.name == name }) {
                throw Self.failure("undefined variable \"$\(name)\"")
            }
            set(name, value, pipeline.isAssignment)
        }
        return value
    }

    /// - Parameter last: the value of the command before, which becomes the last argument.
    private mutating func value(
        of command: [TemplateOperand], _ dot: TemplateDatum, last: TemplateDatum?
    ) throws(BuiltinError) -> TemplateDatum {
        try count()
        guard let first = command.first else { throw Self.failure("empty command") }
        guard case .function(let name) = first else {
            guard command.count == 1, last == nil else {
                throw Self.failure("can't give argument to non-function")
            }
            return try value(of: first, dot)
        }
        let arguments = command.dropFirst()
        if name == "and" || name == "or" {
            return try shortCircuit(name == "or", arguments, dot, last)
        }
        var values: [TemplateDatum] = []
        for argument in arguments { values.append(try value(of: argument, dot)) }
        if let last { values.append(last) }
        return try TemplateFunctions.call(name, values, evaluation)
    }

    /// The first argument that decides, else the last one.
    private mutating func shortCircuit(
        _ isOr: Bool, _ arguments: ArraySlice<TemplateOperand>, _ dot: TemplateDatum,
        _ last: TemplateDatum?
    ) throws(BuiltinError) -> TemplateDatum {
        var result: TemplateDatum?
        for argument in arguments {
            let value = try self.value(of: argument, dot)
            if TemplateFunctions.isTrue(value) == isOr { return value }
            result = value
        }
        guard let value = last ?? result else {
            throw Self.failure("wrong number of args: want at least 1 got 0")
        }
        return value
    }

    private mutating func value(
        of operand: TemplateOperand, _ dot: TemplateDatum
    ) throws(BuiltinError) -> TemplateDatum {
        switch operand {
        case .dot: return dot
        case .null: throw Self.failure("nil is not a command")
        case .literal(let literal): return literal
        case .variable(let name):
            guard let index = variables.lastIndex(where: { $0.name == name }) else {
                throw Self.failure("undefined variable \"$\(name)\"")
            }
            return variables[index].value
        case .function(let name): return try TemplateFunctions.call(name, [], evaluation)
        case .pipeline(let pipeline): return try value(of: pipeline, dot)
        case .fields(let base, let names):
            var current = try value(of: base, dot)
            for name in names { current = try field(name, of: current) }
            return current
        }
    }

    private func field(_ name: String, of datum: TemplateDatum) throws(BuiltinError)
        -> TemplateDatum
    {
        guard case .data(let object) = datum else {
            if case .missing = datum {
                throw Self.failure("nil pointer evaluating interface {}.\(name)")
            }
            throw Self.failure("can't evaluate field \(name)")
        }
        if object.kind == .null {
            throw Self.failure("nil pointer evaluating interface {}.\(name)")
        }
        guard object.kind == .object else {
            throw Self.failure("can't evaluate field \(name) in type \(object.typeName)")
        }
        let value = object[evaluation.string(name)]
        return value.isDefined ? .data(value) : .missing
    }
}
