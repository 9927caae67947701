// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// What `data.system.log.mask` says of one decision, by OPA's contract
/// (openpolicyagent.org/docs/management-decision-logs, "Masking Sensitive Data"): a set of JSON
/// pointers to remove, or of objects with `op` (`remove` or `upsert`), `path` and `value`.
public struct LogMask {
    public struct Operation {
        /// A JSON pointer below `/input` or `/result`.
        public var pointer: String
        /// What an upsert puts in the place; nil for a removal.
        public var value: Value?
    }

    /// The policy could not be evaluated, or answered something else: nobody knows what it would
    /// have masked.
    public struct Failure: Error {
        public init() {}
    }

    /// The name of the rule, below `data`.
    static let rule = "system.log.mask"

    static func read(_ answer: Value) throws(Failure) -> [Operation] {
        guard answer.isDefined else { return [] }
        guard answer.kind == .set || answer.kind == .array else { throw Failure() }
        var operations: [Operation] = []
        for element in answer.elements { operations.append(try operation(element)) }
        return operations
    }

    private static func operation(_ element: Value) throws(Failure) -> Operation {
        if let pointer = element.asString { return Operation(pointer: pointer, value: nil) }
        guard element.kind == .object, let pointer = element["path"].asString else {
            throw Failure()
        }
        if element["op"].equals("remove") { return Operation(pointer: pointer, value: nil) }
        guard element["op"].equals("upsert"), element["value"].isDefined else { throw Failure() }
        return Operation(pointer: pointer, value: element["value"])
    }
}

extension Value {
    /// The value with something else under a path, or without it; itself when the path leads
    /// nowhere.
    ///
    /// - Parameter replacement: nil removes.
    public func masked(
        at path: ArraySlice<String>, with replacement: Value?, in arena: Arena
    ) -> Value {
        guard let step = path.first else { return replacement ?? .undefined }
        switch kind {
        case .object:
            let copy = CollectionBuilder.object(in: arena, capacity: count)
            for (index, key) in keys.enumerated() {
                let isHere = key.asString == step
                let value =
                    isHere
                    ? values[index].masked(at: path.dropFirst(), with: replacement, in: arena)
                    : values[index]
                if value.isDefined { copy.update(key, value) }
            }
            return copy.finish()
        case .array:
            var copy: [Value] = []
            for (index, element) in elements.enumerated() {
                let value =
                    "\(index)" == step
                    ? element.masked(at: path.dropFirst(), with: replacement, in: arena) : element
                if value.isDefined { copy.append(value) }
            }
            return arena.array(copy)
        default: return self
        }
    }
}
