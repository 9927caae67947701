// SPDX-License-Identifier: Apache-2.0
import RegoVM

/// The document `data`, grown file by file, and the memory that it lives in.
///
/// Strings are stored once, whatever file they come from.
final class DataDocument {
    let memory = DataMemory()
    private let interner: StringInterner
    private(set) var root = Value.emptyObject
    /// Which file gave the value at a path, for the message about a conflict.
    private var origins: [[String]: String] = [:]

    init() {
        interner = StringInterner(memory.arena)
    }

    /// Adds the document of a file under `path`.
    func add(_ text: [UInt8], isYAML: Bool, at path: [String], file: String) throws(LoadError) {
        var document = isYAML ? try yaml(text, file) : try json(text, file)
        if path.isEmpty && document.kind != .object {
            // An empty YAML file says nothing.
            if isYAML && document.kind == .null { return }
            throw LoadError(
                .notAnObject, file,
                "expected an object at the root of `data`, got \(document.typeName)")
        }
        for key in path.reversed() {
            let builder = CollectionBuilder.object(in: memory.arena, capacity: 1)
            builder.insert(interner.string(key), document)
            document = builder.finish()
        }
        root = try merge(root, document, [], file)
    }

    /// Puts another document in the root's place, whose memory is this one's.
    /// - Returns: what was there.
    func replaceRoot(with other: Value) -> Value {
        defer { root = other }
        return root
    }

    /// Merges a document that was grown here under another root.
    func add(_ document: Value, from file: String) throws(LoadError) {
        root = try merge(root, document, [], file)
    }

    private func json(_ text: [UInt8], _ file: String) throws(LoadError) -> Value {
        var reader: JSONReader.Failure?
        // What reading needs besides the document is given back; only the copy stays.
        let scratch = Arena(limit: .max)
        defer { scratch.destroy() }
        let value = text.withUnsafeBufferPointer { buffer -> Value in
            do throws(JSONReader.Failure) {
                return try JSONReader.read(buffer, into: scratch)
                    .copied(into: memory.arena, interner: interner)
            } catch {
                reader = error
                return .undefined
            }
        }
        guard let reader else { return value }
        let (row, column) = Self.place(text, reader.offset)
        throw LoadError(
            .malformedJSON, file, "malformed JSON (\(reader.code.rawValue))", row: row,
            column: column)
    }

    private static func place(_ text: [UInt8], _ offset: Int) -> (row: Int, column: Int) {
        var row = 1
        var start = 0
        for index in 0..<min(offset, text.count) where text[index] == UInt8(ascii: "\n") {
            row += 1
            start = index + 1
        }
        return (row, offset - start + 1)
    }

    private func yaml(_ text: [UInt8], _ file: String) throws(LoadError) -> Value {
        guard let string = String(validating: text, as: UTF8.self) else {
            throw LoadError(.encoding, file, "expected UTF-8")
        }
        do throws(YAMLDocument.Failure) {
            return try YAMLDocument.read(string, into: memory.arena, interner: interner)
        } catch {
            throw LoadError(
                .malformedYAML, file, error.message, row: error.row, column: error.column)
        }
    }

    /// Objects are merged; two values at the same path are a conflict, even equal ones: which file
    /// counts must never depend on their order.
    private func merge(
        _ left: Value, _ right: Value, _ path: [String], _ file: String
    ) throws(LoadError) -> Value {
        guard left.kind == .object, right.kind == .object else {
            let place = (["data"] + path).joined(separator: ".")
            let other = origin(path).map { " and in `\($0)`" } ?? ""
            throw LoadError(.conflict, file, "`\(place)` has a value here\(other)")
        }
        let builder = CollectionBuilder.object(in: memory.arena, capacity: left.count + right.count)
        for (key, value) in zip(left.keys, left.values) { builder.insert(key, value) }
        for (key, value) in zip(right.keys, right.values) {
            let present = left[key]
            let below = path + [key.asString ?? ""]
            if present.isDefined {
                builder.update(key, try merge(present, value, below, file))
            } else {
                builder.insert(key, value)
                origins[below] = file
            }
        }
        return builder.finish()
    }

    /// The file that gave the value at `path`, or something above it.
    private func origin(_ path: [String]) -> String? {
        var path = path
        while !path.isEmpty {
            if let file = origins[path] { return file }
            path.removeLast()
        }
        return nil
    }
}

/// Keeps the memory of `data` as long as somebody reads it.
public final class DataMemory: @unchecked Sendable {
    let arena = Arena(chunk: 64 << 10, limit: .max)
    init() {}
    deinit { arena.destroy() }
}
