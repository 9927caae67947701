// SPDX-License-Identifier: Apache-2.0
import Yams

/// YAML as `sigs.k8s.io/yaml` reads and writes it: YAML 1.1's scalars, JSON's types.
enum YAMLBuiltins {
    static let all: [Builtin] = [
        Builtin("yaml.marshal", "any -> string") { evaluation, operands throws(BuiltinError) in
            try YAMLWriter.text(of: operands[0], evaluation)
        },
        Builtin("yaml.unmarshal", "string -> any") { evaluation, operands throws(BuiltinError) in
            try YAMLReader.read(operands.string(0).bytes, evaluation)
        },
        Builtin("yaml.is_valid", "string -> boolean") { evaluation, operands throws(BuiltinError) in
            guard operands[0].isString else { return .false }
            do throws(BuiltinError) {
                _ = try YAMLReader.read(operands[0].bytes, evaluation)
                return .true
            } catch {
                if error.code == .limit { throw error }
                return .false
            }
        },
    ]
}

struct YAMLReader {
    private let evaluation: Evaluation
    /// Nodes made so far; an alias counts as often as it is used.
    private var nodes = 0

    static func read(
        _ text: UnsafeBufferPointer<UInt8>, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        try YAMLBounds.check(text)
        guard UTF8Text.isValid(text) else { throw .failed("yaml: invalid leading UTF-8 octet") }
        let root: Node?
        do {
            // Yams resolves the tags of keys as it goes; this leaves all of them as written.
            let untouched = try Resolver.basic.appending(.implicit, "(?s).*")
            root = try Parser(yaml: String(decoding: text, as: UTF8.self), resolver: untouched)
                .nextRoot()
        } catch {
            throw .failed("yaml: " + describe(error))
        }
        guard let root else { return .null }
        var reader = YAMLReader(evaluation: evaluation)
        return try reader.value(root)
    }

    /// go-yaml's wording, with its way of counting lines.
    private static func describe(_ error: any Error) -> String {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _):
            return mark.line > 1 ? "line \(mark.line): \(problem)" : problem
        case .parser(let context, let problem, let mark, _):
            if mark.line > 1 { return "line \(mark.line - 1): \(problem)" }
            if let context, context.mark.line > 1 {
                return "line \(context.mark.line - 1): \(problem)"
            }
            return problem
        case .composer(_, let problem, _, _): return problem
        case .reader(let problem, _, _, _): return problem
        case .duplicatedKeysInMapping(let keys, _):
            return "mapping key \"\(keys.first ?? "")\" already defined"
        default: return "unknown problem parsing YAML content"
        }
    }

    private mutating func value(_ node: Node) throws(BuiltinError) -> Value {
        nodes += 1
        guard nodes <= Limits.yamlNodes, !evaluation.arena.isExhausted else {
            throw BuiltinError(.limit, "yaml document of more than \(Limits.yamlNodes) nodes")
        }
        switch node {
        case .scalar(let scalar): return try self.scalar(scalar)
        case .sequence(let sequence):
            let elements = try evaluation.values(sequence.count)
            for (index, element) in sequence.enumerated() { elements[index] = try value(element) }
            return .array(sharing: elements, count: sequence.count)
        case .mapping(let mapping):
            let builder = CollectionBuilder.object(in: evaluation.arena, capacity: mapping.count)
            try fill(builder, from: mapping)
            return builder.finish()
        case .alias:
            throw .failed("yaml: unknown anchor")
        }
    }

    private mutating func fill(
        _ builder: CollectionBuilder, from mapping: Node.Mapping
    ) throws(BuiltinError) {
        for (key, element) in mapping {
            if case .scalar(let scalar) = key, scalar.string == "<<", YAMLScalar.isPlain(scalar) {
                try merge(element, into: builder)
            } else {
                let name = try self.key(key)
                builder.update(name, try value(element))
            }
        }
    }

    /// `<<`: the entries of a mapping, or of several, the first of which wins.
    private mutating func merge(_ node: Node, into builder: CollectionBuilder) throws(BuiltinError)
    {
        nodes += 1
        guard nodes <= Limits.yamlNodes else {
            throw BuiltinError(.limit, "yaml document of more than \(Limits.yamlNodes) nodes")
        }
        switch node {
        case .mapping(let mapping): try fill(builder, from: mapping)
        case .sequence(let sequence):
            for element in sequence.reversed() {
                guard case .mapping(let mapping) = element else {
                    throw .failed("yaml: map merge requires map or sequence of maps as the value")
                }
                try fill(builder, from: mapping)
            }
        default: throw .failed("yaml: map merge requires map or sequence of maps as the value")
        }
    }

    /// A key as JSON's text for it.
    private func key(_ node: Node) throws(BuiltinError) -> Value {
        guard case .scalar(let scalar) = node else {
            throw .failed("unsupported map key of a collection")
        }
        switch try YAMLScalar.resolve(scalar) {
        case .string(let text): return evaluation.string(text)
        case .boolean(let flag): return .string(flag ? "true" : "false")
        case .integer(let integer): return evaluation.string(String(integer))
        case .unsigned(let integer): return evaluation.string(String(integer))
        case .float(let double): return evaluation.string(Self.keyText(double))
        case .null: throw .failed("unsupported map key of type: null")
        }
    }

    private static func keyText(_ double: Double) -> String {
        if double.isNaN { return ".nan" }
        if double.isInfinite { return double < 0 ? "-.inf" : ".inf" }
        return YAMLScalar.text(of: Double("\(Float(double))") ?? double)
    }

    private func scalar(_ scalar: Node.Scalar) throws(BuiltinError) -> Value {
        switch try YAMLScalar.resolve(scalar) {
        case .string(let text): return evaluation.string(text)
        case .boolean(let flag): return .boolean(flag)
        case .null: return .null
        case .integer(let integer): return .integer(integer)
        case .unsigned(let integer):
            return Number.decimal(evaluation.string(String(integer)))
        case .float(let double):
            guard double.isFinite else { throw .failed("json: unsupported value: \(double)") }
            return evaluation.arena.number(double)
        }
    }
}
