// SPDX-License-Identifier: Apache-2.0

import RegoVM

/// What annotations say of the shape of documents, by the rules for which they say it.
final class SchemaAnnotations {
    struct Override {
        /// From `input` or `data` on.
        let path: [String]
        let type: RegoType
    }

    private let compilation: Compilation
    private let reader = AnnotationReader()
    /// Annotations with schemas, by scope and what they stand above.
    private var byTarget: [String: [[String]: [Annotations]]] = [:]
    private var read: [Location: [Override]] = [:]
    private(set) var diagnostics: [Diagnostic] = []

    /// nil when no annotation speaks of schemas, which is the common case.
    init?(_ compilation: Compilation) {
        self.compilation = compilation
        for annotations in compilation.modules.flatMap(\.annotations)
        where annotations.yaml.contains("schemas") {
            byTarget[annotations.scope, default: [:]][annotations.target, default: []]
                .append(annotations)
        }
        if byTarget.isEmpty { return nil }
    }

    /// For one clause, the nearest last.
    func overrides(_ clause: Clause, _ path: [String]) -> [Override] {
        let package = clause.module.package
        var all: [Annotations] = []
        for length in 0...package.count {
            all += byTarget["subpackages"]?[Array(package[..<length])] ?? []
        }
        all += byTarget["package"]?[package] ?? []
        all += byTarget["document"]?[path] ?? []
        all += clause.rule.annotations.filter { $0.scope == "rule" }
        return all.flatMap { overrides($0, clause.rule.location) }
    }

    private func overrides(_ annotations: Annotations, _ place: Location) -> [Override] {
        if let known = read[annotations.location] { return known }
        var result: [Override] = []
        for entry in reader.value(annotations.yaml)["schemas"].elements where entry.count == 1 {
            guard entry.kind == .object, let path = entry.keys[0].asString else { continue }
            guard let type = type(entry.values[0], place) else { continue }
            result.append(Override(path: path.split(separator: ".").map(String.init), type: type))
        }
        read[annotations.location] = result
        return result
    }

    /// A schema's name, or the schema itself.
    private func type(_ schema: Value, _ place: Location) -> RegoType? {
        guard let name = schema.asString else { return SchemaReader.type(schema) }
        let schemas = compilation.options.schemas
        guard !schemas.isEmpty else { return nil }
        guard let text = schemas[name] else {
            diagnostics.append(Diagnostic(.type, "undefined schema: \(name)", at: place))
            return nil
        }
        // JSON is YAML.
        return SchemaReader.type(reader.value(text))
    }
}
