// SPDX-License-Identifier: Apache-2.0
import Yams

/// One mapping of a configuration file while it is read.
///
/// Each setting is asked for by name; what was never asked for is unknown. Errors are collected, so
/// that a person sees all of them at once.
final class Section {
    private let file: String
    /// The path of keys to here, for messages.
    let path: String
    private let entries: [(key: Node, value: Node)]
    private(set) var asked: [String] = []
    private(set) var sections: [Section] = []
    private(set) var errors: [ConfigurationError] = []

    init(_ node: Node?, file: String, path: String = "") {
        self.file = file
        self.path = path
        switch node {
        case .mapping(let mapping)?: entries = mapping.map { (key: $0.key, value: $0.value) }
        default: entries = []
        }
        if let node, node.mapping == nil, !Self.isNull(node) {
            complain(node, "expected a mapping, got \(Self.kind(node))\(place())")
        }
    }

    // MARK: Asking

    func section(_ name: String) -> Section {
        let node = node(name)
        let section = Section(node, file: file, path: path.isEmpty ? name : "\(path).\(name)")
        sections.append(section)
        return section
    }

    /// A list of mappings; none when it is absent.
    func sections(_ name: String) -> [Section] {
        guard let node = node(name) else { return [] }
        guard case .sequence(let sequence) = node else {
            complain(node, "expected a list, got \(Self.kind(node))\(place(name))")
            return []
        }
        let above = path.isEmpty ? name : "\(path).\(name)"
        let found = sequence.enumerated().map { index, element in
            Section(element, file: file, path: "\(above)[\(index)]")
        }
        sections += found
        return found
    }

    /// The texts of a mapping with any keys, in their order.
    func texts(_ name: String) -> [(String, String)] {
        let section = section(name)
        return section.entries.compactMap { key, _ in
            guard let key = key.scalar?.string else { return nil }
            return section.optionalText(key).map { (key, $0) }
        }
    }

    /// Anything, as it stands there; nil when it is absent.
    func document(_ name: String) -> Node? {
        asked.append(name)
        return entry(name)?.value
    }

    func text(_ name: String, _ fallback: String) -> String { optionalText(name) ?? fallback }

    func optionalText(_ name: String) -> String? {
        guard let node = node(name) else { return nil }
        return text(node, name)
    }

    /// A text that `parse` understands; `expected` describes one.
    func text<Result>(
        _ name: String, _ fallback: Result, expected: String, _ parse: (String) -> Result?
    ) -> Result {
        guard let node = node(name), let text = text(node, name) else { return fallback }
        if let result = parse(text) { return result }
        complain(node, "expected \(expected), got `\(text)`\(place(name))")
        return fallback
    }

    func flag(_ name: String, _ fallback: Bool) -> Bool {
        guard let node = node(name) else { return fallback }
        if node.tag.description == Tag.Name.bool.rawValue, let scalar = node.scalar,
            let flag = Bool.construct(from: scalar)
        {
            return flag
        }
        complain(node, "expected true or false, got \(Self.kind(node))\(place(name))")
        return fallback
    }

    func integer(_ name: String, _ fallback: Int, in range: ClosedRange<Int>) -> Int {
        guard let node = node(name) else { return fallback }
        guard node.tag.description == Tag.Name.int.rawValue, let scalar = node.scalar,
            let number = Int.construct(from: scalar)
        else {
            complain(node, "expected an integer, got \(Self.kind(node))\(place(name))")
            return fallback
        }
        guard range.contains(number) else {
            complain(
                node,
                "expected \(range.lowerBound) to \(range.upperBound), got \(number)\(place(name))")
            return fallback
        }
        return number
    }

    /// Nanoseconds.
    func duration(_ name: String, _ fallback: Int64, in range: ClosedRange<Int64>) -> Int64 {
        quantity(
            name, fallback, in: range, kind: "a duration", example: "`200ms`, `5s`, `1h`",
            Units.duration, Units.text(nanoseconds:))
    }

    /// Bytes.
    func size(_ name: String, _ fallback: Int64, in range: ClosedRange<Int64>) -> Int64 {
        quantity(
            name, fallback, in: range, kind: "a size", example: "`64KiB`, `4MiB`, `65536`",
            Units.size, Units.text(bytes:))
    }

    private func quantity(
        _ name: String, _ fallback: Int64, in range: ClosedRange<Int64>, kind: String,
        example: String,
        _ parse: (String) -> Int64?, _ write: (Int64) -> String
    ) -> Int64 {
        guard let node = node(name) else { return fallback }
        guard let text = node.scalar?.string, let number = parse(text) else {
            complain(
                node, "expected \(kind), got \(Self.kind(node))\(place(name))",
                hint: "such as \(example)")
            return fallback
        }
        guard range.contains(number) else {
            complain(
                node,
                "expected \(write(range.lowerBound)) to \(write(range.upperBound)), "
                    + "got `\(text)`\(place(name))")
            return fallback
        }
        return number
    }

    /// A list of texts; a single text is a list of one.
    func list(_ name: String, _ fallback: [String]) -> [String] {
        list(name, fallback, expected: "a string") { $0 }
    }

    func list<Element>(
        _ name: String, _ fallback: [Element], expected: String, _ parse: (String) -> Element?
    ) -> [Element] {
        guard let node = node(name) else { return fallback }
        let nodes: [Node]
        if case .sequence(let sequence) = node { nodes = Array(sequence) } else { nodes = [node] }
        return nodes.compactMap { element in
            guard let text = text(element, name) else { return nil }
            if let result = parse(text) { return result }
            complain(element, "expected \(expected), got `\(text)`\(place(name))")
            return nil
        }
    }

    /// A list whose elements are mappings, or texts that stand for one with `shorthand` alone.
    func sections(_ name: String, shorthand: String) -> [Section] {
        guard let node = node(name) else { return [] }
        let nodes: [Node]
        if case .sequence(let sequence) = node { nodes = Array(sequence) } else { nodes = [node] }
        return nodes.enumerated().map { index, element in
            var element = element
            if element.scalar != nil {
                element = .mapping(Node.Mapping([(Node(shorthand), element)]))
            }
            let prefix = path.isEmpty ? name : "\(path).\(name)"
            let section = Section(element, file: file, path: "\(prefix)[\(index)]")
            sections.append(section)
            return section
        }
    }

    /// One of a few words.
    func choice<Choice>(_ name: String, _ fallback: Choice, _ choices: [(String, Choice)]) -> Choice
    {
        guard let node = node(name), let text = text(node, name) else { return fallback }
        if let choice = choices.first(where: { $0.0 == text }) { return choice.1 }
        let words = choices.map(\.0)
        complain(
            node,
            "expected one of \(words.map { "`\($0)`" }.joined(separator: ", ")), "
                + "got `\(text)`\(place(name))",
            hint: Suggestion.closest(to: text, among: words).map { "did you mean `\($0)`?" })
        return fallback
    }

    /// Says that a setting does not fit the others.
    func reject(_ name: String, _ message: String, hint: String? = nil) {
        complain(entry(name)?.value, message + place(name), hint: hint)
    }

    func has(_ name: String) -> Bool { entry(name) != nil }

    /// All errors of this section and those below, with those for keys that nobody asked for.
    func finish() -> [ConfigurationError] {
        for (key, _) in entries {
            let name = key.scalar?.string ?? ""
            guard !asked.contains(name) else { continue }
            complain(
                key, "unknown key `\(name)`" + (path.isEmpty ? "" : " in `\(path)`"),
                hint: hint(unknown: name))
        }
        return (errors + sections.flatMap { $0.finish() }).sorted {
            ($0.row, $0.column) < ($1.row, $1.column)
        }
    }

    private func hint(unknown name: String) -> String {
        if let near = Suggestion.closest(to: name, among: asked) {
            return "did you mean `\(near)`?"
        }
        return "known are " + asked.sorted().map { "`\($0)`" }.joined(separator: ", ")
    }

    // MARK: Nodes

    private func entry(_ name: String) -> (key: Node, value: Node)? {
        entries.first { $0.key.scalar?.string == name }
    }

    /// The value; nil when the key is absent or has none (`key:`).
    private func node(_ name: String) -> Node? {
        asked.append(name)
        guard let value = entry(name)?.value, !Self.isNull(value) else { return nil }
        return value
    }

    private func text(_ node: Node, _ name: String) -> String? {
        guard let scalar = node.scalar else {
            complain(node, "expected a string, got \(Self.kind(node))\(place(name))")
            return nil
        }
        return scalar.string
    }

    private func complain(_ node: Node?, _ message: String, hint: String? = nil) {
        errors.append(
            ConfigurationError(
                file: file, row: node?.mark?.line ?? 0, column: node?.mark?.column ?? 0,
                message: message, hint: hint))
    }

    private func place(_ name: String? = nil) -> String {
        let parts = [path, name ?? ""].filter { !$0.isEmpty }
        return parts.isEmpty ? "" : " for `\(parts.joined(separator: "."))`"
    }

    private static func isNull(_ node: Node) -> Bool {
        node.tag.description == Tag.Name.null.rawValue
    }

    private static func kind(_ node: Node) -> String {
        switch node {
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .scalar(let scalar): "`\(scalar.string)`"
        case .alias: "an alias"
        }
    }
}
