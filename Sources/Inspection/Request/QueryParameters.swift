// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// The parameters of a query (`a=1&b=2`), decoded: percent-encoding, and `+` for a space.
struct QueryParameters {
    private let query: Bytes
    private let arena: Arena
    private var position = 0

    init(_ query: Bytes, _ arena: Arena) {
        self.query = query
        self.arena = arena
    }

    /// - Returns: the next parameter; nil when there is none left.
    mutating func next() -> (name: Bytes, value: Bytes)? {
        while position < query.count {
            let end = query.firstIndex(of: UInt8(ascii: "&"), from: position) ?? query.count
            let pair = query[position..<end]
            position = end + 1
            guard !pair.isEmpty else { continue }
            let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.count
            let value = equals < pair.count ? pair[equals + 1..<pair.count] : .empty
            return (decoded(pair[0..<equals]), decoded(value))
        }
        return nil
    }

    /// What does not decode stays as it is.
    private func decoded(_ text: Bytes) -> Bytes {
        guard
            text.firstIndex(of: UInt8(ascii: "%")) != nil
                || text.firstIndex(of: UInt8(ascii: "+")) != nil
        else { return text }
        let memory = arena.allocate(UInt8.self, count: text.count)
        var written = 0
        var index = 0
        while index < text.count {
            var byte = text[index]
            if byte == UInt8(ascii: "+") {
                byte = UInt8(ascii: " ")
            } else if byte == UInt8(ascii: "%"), index + 2 < text.count,
                let high = ASCII.hexadecimal(text[index + 1]),
                let low = ASCII.hexadecimal(text[index + 2])
            {
                byte = high << 4 | low
                index += 2
            }
            memory[written] = byte
            written += 1
            index += 1
        }
        return Bytes(start: memory, count: written)
    }

    /// All parameters as an object of lists, at most `Limits.queryParameters`.
    static func object(_ query: Bytes, in arena: Arena) -> Value {
        let builder = CollectionBuilder.object(in: arena, capacity: 8)
        var names = QueryParameters(query, arena)
        var left = Limits.queryParameters
        while left > 0, let parameter = names.next() {
            left -= 1
            let name = Value.text(parameter.name, arena)
            if builder[name].isDefined { continue }
            builder.insert(name, list(of: parameter.name, query, arena))
        }
        return builder.finish()
    }

    private static func list(of name: Bytes, _ query: Bytes, _ arena: Arena) -> Value {
        var parameters = QueryParameters(query, arena)
        var list = ValueList(arena)
        while let parameter = parameters.next(), list.count < Limits.queryParameters {
            if parameter.name == name { list.append(.text(parameter.value, arena)) }
        }
        return list.value
    }
}

/// Values that become an array.
struct ValueList {
    private let arena: Arena
    private var memory: UnsafeMutablePointer<Value>
    private var capacity = 8
    private(set) var count = 0

    init(_ arena: Arena) {
        self.arena = arena
        memory = arena.values(capacity)
    }

    mutating func append(_ value: Value) {
        if count == capacity {
            let larger = arena.values(capacity * 2)
            larger.update(from: memory, count: count)
            memory = larger
            capacity *= 2
        }
        memory[count] = value
        count += 1
    }

    var value: Value { count == 0 ? .emptyArray : .array(sharing: memory, count: count) }
}
