// SPDX-License-Identifier: Apache-2.0

// Short forms to put results of builtins together.

extension CollectionBuilder {
    @discardableResult
    func insert(_ key: StaticString, _ value: Value) -> Insertion { insert(.string(key), value) }
}

extension Evaluation {
    func object(_ entries: [(StaticString, Value)]) -> Value {
        let builder = CollectionBuilder.object(in: arena, capacity: entries.count)
        for (key, value) in entries { builder.insert(key, value) }
        return builder.finish()
    }

    func array(_ elements: Value...) -> Value { arena.array(elements) }

    func array(_ elements: [Value]) -> Value { arena.array(elements) }
}
