// SPDX-License-Identifier: Apache-2.0

import RegoVM

/// Reads a METADATA block's YAML as the object that OPA makes of it.
///
/// Keys that OPA does not know are left out. YAML that cannot be read gives the scope alone.
final class AnnotationReader {
    private let evaluation = Evaluation()
    private var read: [Location: Term] = [:]

    func object(_ annotations: Annotations) -> Term {
        if let known = read[annotations.location] { return known }
        let result = make(annotations)
        read[annotations.location] = result
        return result
    }

    private func make(_ annotations: Annotations) -> Term {
        let place = annotations.location
        let yaml = value(annotations.yaml)
        func text(_ string: String) -> Term { Term(location: place, kind: .string(string)) }
        var entries = [("scope", text(annotations.scope))]
        for (key, value) in [("title", yaml["title"]), ("description", yaml["description"])] {
            if let string = value.asString, !string.isEmpty { entries.append((key, text(string))) }
        }
        if yaml["entrypoint"].isTrue {
            entries.append(("entrypoint", Term(location: place, kind: .boolean(true))))
        }
        if yaml["organizations"].count > 0 {
            entries.append(("organizations", term(yaml["organizations"], place)))
        }
        let schemas = yaml["schemas"].elements.compactMap { schema($0, place) }
        if !schemas.isEmpty {
            entries.append(("schemas", Term(location: place, kind: .array(schemas))))
        }
        for (key, value) in [("custom", yaml["custom"]), ("labels", yaml["labels"])]
        where value.kind == .object && value.count > 0 {
            entries.append((key, term(value, place)))
        }
        let authors = yaml["authors"].elements.map { author($0, place) }
        if !authors.isEmpty {
            entries.append(("authors", Term(location: place, kind: .array(authors))))
        }
        let resources = yaml["related_resources"].elements.map { resource($0, place) }
        if !resources.isEmpty {
            entries.append(("related_resources", Term(location: place, kind: .array(resources))))
        }
        return AnnotationSet.object(entries.sorted { $0.0 < $1.0 }, place)
    }

    /// The block as a value; `.undefined` when it is no YAML.
    func value(_ yaml: String) -> Value {
        guard let index = BuiltinTable.index(of: "yaml.unmarshal") else { return .undefined }
        var operand = evaluation.arena.string(yaml)
        return withUnsafePointer(to: &operand) { base in
            (try? BuiltinTable.all[index].function(evaluation, Operands(base, count: 1)))
                ?? .undefined
        }
    }

    /// `name <email>`, or an object with both.
    private func author(_ value: Value, _ place: Location) -> Term {
        guard let text = value.asString else { return term(value, place) }
        var words = text.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
        var entries: [(String, Term)] = []
        if let last = words.last, last.hasPrefix("<"), last.hasSuffix(">") {
            words.removeLast()
            let email = String(last.dropFirst().dropLast())
            entries.append(("email", Term(location: place, kind: .string(email))))
        }
        if !words.isEmpty {
            entries.append(
                ("name", Term(location: place, kind: .string(words.joined(separator: " ")))))
        }
        return AnnotationSet.object(entries, place)
    }

    /// A reference, or an object with it and a description.
    private func resource(_ value: Value, _ place: Location) -> Term {
        guard value.isString else { return term(value, place) }
        return AnnotationSet.object([("ref", term(value, place))], place)
    }

    /// `path: schema.name`, or `path:` and a JSON schema.
    private func schema(_ value: Value, _ place: Location) -> Term? {
        guard value.kind == .object, value.count == 1, let path = value.keys[0].asString else {
            return nil
        }
        func parts(_ text: String) -> Term {
            let names = text.split(separator: ".").map {
                Term(location: place, kind: .string(String($0)))
            }
            return Term(location: place, kind: .array(names))
        }
        let definition = value.values[0]
        let entry =
            definition.asString.map { ("schema", parts($0)) } ?? (
                "definition", term(definition, place)
            )
        return AnnotationSet.object([("path", parts(path)), entry].sorted { $0.0 < $1.0 }, place)
    }

    private func term(_ value: Value, _ place: Location) -> Term {
        let kind: Term.Kind
        switch value.kind {
        case .array: kind = .array(value.elements.map { term($0, place) })
        case .object:
            kind = .object(
                value.keys.indices.map {
                    (term(value.keys[$0], place), term(value.values[$0], place))
                })
        default:
            if let text = value.asString {
                kind = .string(text)
            } else if let flag = value.asBoolean {
                kind = .boolean(flag)
            } else {
                kind = value.isNumber ? .number(value.description) : .null
            }
        }
        return Term(location: place, kind: kind)
    }
}
