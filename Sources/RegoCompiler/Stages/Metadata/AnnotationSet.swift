// SPDX-License-Identifier: Apache-2.0

import RegoVM

/// The annotations of all modules, as the values that `rego.metadata.rule()` and
/// `rego.metadata.chain()` give.
final class AnnotationSet {
    private var documents: [[String]: Annotations] = [:]
    private var packages: [[String]: Annotations] = [:]
    private var subpackages: [[String]: Annotations] = [:]
    private lazy var reader = AnnotationReader()
    private(set) var diagnostics: [Diagnostic] = []

    init(_ compilation: Compilation) {
        for annotations in compilation.modules.flatMap(\.annotations) {
            switch annotations.scope {
            case "document": add(annotations, to: &documents, compilation)
            case "package": add(annotations, to: &packages, compilation)
            case "subpackages": add(annotations, to: &subpackages, compilation)
            default: break
            }
        }
    }

    private func add(
        _ annotations: Annotations, to table: inout [[String]: Annotations],
        _ compilation: Compilation
    ) {
        guard let other = table[annotations.target] else {
            table[annotations.target] = annotations
            return
        }
        let place = compilation.describe(other.location)
        diagnostics.append(
            Diagnostic(
                .type, "\(annotations.scope) annotation redeclared: \(place)",
                at: annotations.location))
    }

    /// What stands directly above the rule; an empty object when nothing does.
    func rule(_ clause: Clause) -> Term {
        own(clause).first.map { reader.object($0) } ?? Self.object([], clause.rule.location)
    }

    /// From the rule outwards: rule, document, package, packages around it.
    func chain(_ clause: Clause, _ path: [String]) -> Term {
        let place = clause.rule.location
        let own = own(clause)
        var links = own.map { link(path, $0, place) }
        // The rule itself is always there.
        if links.isEmpty { links = [link(path, nil, place)] }
        if let document = documents[path] { links.append(link(path, document, place)) }
        let package = clause.module.package
        if let annotations = packages[package] { links.append(link(package, annotations, place)) }
        for length in stride(from: package.count, through: 0, by: -1) {
            let around = Array(package[..<length])
            if let annotations = subpackages[around] {
                links.append(link(around, annotations, place))
            }
        }
        return Term(location: place, kind: .array(links))
    }

    /// Of several blocks the nearest is first.
    private func own(_ clause: Clause) -> [Annotations] {
        clause.rule.annotations.filter { $0.scope == "rule" }
            .sorted { $0.location.start > $1.location.start }
    }

    private func link(_ path: [String], _ annotations: Annotations?, _ place: Location) -> Term {
        let names = path.map { Term(location: place, kind: .string($0)) }
        var entries = [("path", Term(location: place, kind: .array(names)))]
        if let annotations { entries.insert(("annotations", reader.object(annotations)), at: 0) }
        return Self.object(entries, place)
    }

    static func object(_ entries: [(String, Term)], _ place: Location) -> Term {
        Term(
            location: place,
            kind: .object(
                entries.map { (key: Term(location: place, kind: .string($0.0)), value: $0.1) }))
    }
}
