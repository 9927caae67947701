// SPDX-License-Identifier: Apache-2.0
import RegoVM
import Yams

/// Reads YAML as the JSON value that it stands for.
///
/// Plain scalars are resolved as in YAML 1.1 (`yes` is true), as OPA does; keys become strings.
/// Numbers that JSON can write keep their digits. Infinities and NaN have no JSON form and are
/// refused; anchors are expanded, but not without bound.
public struct YAMLDocument {
    public struct Failure: Error, Equatable {
        public let message: String
        /// Counted from 1; 0 when unknown.
        public let row: Int
        public let column: Int
    }

    private let arena: Arena
    private let interner: StringInterner
    private var values = 0

    /// - Returns: `null` for an empty text.
    public static func read(
        _ text: String, into arena: Arena, interner: StringInterner
    ) throws(Failure) -> Value {
        var nodes: [Node] = []
        do {
            // The sequence ends at an error and keeps it for whoever asks.
            var documents = try Yams.compose_all(yaml: text)
            while nodes.count < 2, let node = documents.next() { nodes.append(node) }
            if let error = documents.error { throw error }
        } catch let error as YamlError {
            throw failure(error)
        } catch {
            throw Failure(message: "\(error)", row: 0, column: 0)
        }
        guard nodes.count <= 1 else {
            throw Failure(message: "expected one document, got more", row: 0, column: 0)
        }
        guard let node = nodes.first else { return .null }
        var document = YAMLDocument(arena: arena, interner: interner)
        return try document.value(node, depth: 0)
    }

    private init(arena: Arena, interner: StringInterner) {
        self.arena = arena
        self.interner = interner
    }

    private static func failure(_ error: YamlError) -> Failure {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return Failure(message: problem, row: mark.line, column: mark.column)
        case .duplicatedKeysInMapping(let keys, let context):
            return Failure(
                message: "key `\(keys.first ?? "")` occurs twice", row: context.mark.line,
                column: context.mark.column)
        default:
            return Failure(message: "\(error)".lowercased(), row: 0, column: 0)
        }
    }

    private func failure(_ message: String, _ node: Node) -> Failure {
        Failure(message: message, row: node.mark?.line ?? 0, column: node.mark?.column ?? 0)
    }

    private mutating func value(_ node: Node, depth: Int) throws(Failure) -> Value {
        values += 1
        guard values <= Limits.yamlValues else {
            throw failure("expected at most \(Limits.yamlValues) values, got more", node)
        }
        guard depth <= Limits.yamlDepth else {
            throw failure("nested deeper than \(Limits.yamlDepth)", node)
        }
        switch node {
        case .scalar(let scalar): return try self.scalar(scalar, node)
        case .sequence(let sequence):
            var elements: [Value] = []
            for element in sequence { elements.append(try value(element, depth: depth + 1)) }
            return arena.array(elements)
        case .mapping(let mapping):
            let builder = CollectionBuilder.object(in: arena, capacity: mapping.count)
            try add(mapping, to: builder, depth: depth, overwrites: true)
            return builder.finish()
        case .alias:
            throw failure("unknown anchor", node)
        }
    }

    /// A merge key (`<<`) adds what the mapping does not have itself.
    private mutating func add(
        _ mapping: Node.Mapping, to builder: CollectionBuilder, depth: Int, overwrites: Bool
    ) throws(Failure) {
        var merged: [Node] = []
        for (key, element) in mapping {
            if key.tag.description == Tag.Name.merge.rawValue {
                merged.append(element)
                continue
            }
            guard case .scalar(let scalar) = key else {
                throw failure("expected a string as key, got a collection", key)
            }
            let name = interner.string(scalar.string)
            let value = try value(element, depth: depth + 1)
            if overwrites { builder.update(name, value) } else { builder.insert(name, value) }
        }
        for node in merged { try merge(node, into: builder, depth: depth + 1) }
    }

    private mutating func merge(
        _ node: Node, into builder: CollectionBuilder, depth: Int
    ) throws(Failure) {
        guard depth <= Limits.yamlDepth else {
            throw failure("nested deeper than \(Limits.yamlDepth)", node)
        }
        switch node {
        case .mapping(let mapping): try add(mapping, to: builder, depth: depth, overwrites: false)
        case .sequence(let sequence):
            for element in sequence { try merge(element, into: builder, depth: depth + 1) }
        default: throw failure("expected a mapping after `<<`", node)
        }
    }

    private func scalar(_ scalar: Node.Scalar, _ node: Node) throws(Failure) -> Value {
        switch node.tag.description {
        case Tag.Name.null.rawValue: return .null
        case Tag.Name.bool.rawValue:
            guard let flag = Bool.construct(from: scalar) else { break }
            return .boolean(flag)
        case Tag.Name.int.rawValue, Tag.Name.float.rawValue:
            return try number(scalar, node)
        default: break
        }
        return interner.string(scalar.string)
    }

    private func number(_ scalar: Node.Scalar, _ node: Node) throws(Failure) -> Value {
        var text = scalar.string
        let exact = text.withUTF8 { JSONNumber.isValid($0) ? arena.number($0) : .undefined }
        if exact.isDefined { return exact }
        if let integer = Int.construct(from: scalar) { return .integer(integer) }
        guard let double = Double.construct(from: scalar) else { return interner.string(text) }
        guard double.isFinite else { throw failure("`\(text)` is no JSON number", node) }
        return arena.number(double)
    }
}
