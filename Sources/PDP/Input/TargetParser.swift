// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// `input.parsed_path` and `input.parsed_query`, as OPA-Envoy makes them: the target is cut at the
/// first "?", the path decoded, leading slashes taken off, and split at each slash.
///
/// It is decoded before it is split, so `/a%2fb` has two segments, and `//admin` is `admin` to a
/// rule that guards it. Dot segments stay: normalising them is the proxy's part.
enum TargetParser {
    static func path(_ target: Bytes, in arena: Arena) throws(InputFailure) -> Value {
        let raw = target[0..<(target.firstIndex(of: UInt8(ascii: "?")) ?? target.count)]
        let decoded = try PercentDecoding.decode(raw, plusIsSpace: false, in: arena, or: .path)
        var start = 0
        while start < decoded.count, decoded[start] == slash { start += 1 }
        let path = decoded[start..<decoded.count]

        let count = path.buffer.reduce(into: 1) { count, byte in if byte == slash { count += 1 } }
        guard count <= Limits.pathSegments else { throw InputFailure(.path, at: path.count) }
        let segments = arena.values(count)
        var from = 0
        for index in 0..<count {
            let end = path.firstIndex(of: slash, from: from) ?? path.count
            segments[index] = .text(path[from..<end], in: arena)
            from = end + 1
        }
        return .array(sharing: segments, count: count)
    }

    static func query(_ target: Bytes, in arena: Arena) throws(InputFailure) -> Value {
        guard let mark = target.firstIndex(of: UInt8(ascii: "?")) else { return .emptyObject }
        return try FormParser.parse(target[mark + 1..<target.count], in: arena, or: .query)
    }

    private static let slash = UInt8(ascii: "/")
}

/// `application/x-www-form-urlencoded`, as queries and bodies have it: an object of lists.
enum FormParser {
    static func parse(
        _ text: Bytes, in arena: Arena, or failure: InputFailure.Code
    ) throws(InputFailure) -> Value {
        var lists = ListsByName(arena)
        var from = 0
        var parameters = 0
        while from < text.count {
            let end = text.firstIndex(of: UInt8(ascii: "&"), from: from) ?? text.count
            let pair = text[from..<end]
            if !pair.isEmpty {
                parameters += 1
                guard parameters <= Limits.queryParameters, !pair.contains(";") else {
                    throw InputFailure(failure, at: from)
                }
                let (name, value) = try split(pair, in: arena, or: failure)
                lists.append(value, under: name)
            }
            from = end + 1
        }
        return lists.finish()
    }

    private static func split(
        _ pair: Bytes, in arena: Arena, or failure: InputFailure.Code
    ) throws(InputFailure) -> (Value, Value) {
        let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.count
        let name = try PercentDecoding.decode(
            pair[0..<equals], plusIsSpace: true, in: arena, or: failure)
        let rest = pair[min(equals + 1, pair.count)..<pair.count]
        let value = try PercentDecoding.decode(rest, plusIsSpace: true, in: arena, or: failure)
        return (.text(name, in: arena), .text(value, in: arena))
    }
}

/// An object of lists that grow while it is filled.
struct ListsByName {
    private struct Node {
        let value: Value
        /// The entry before it in the same list.
        let previous: Int
    }

    private let arena: Arena
    /// Name to the last entry of its list, an index into `nodes`.
    private let lasts: CollectionBuilder
    private var names: [Value] = []
    private var nodes: [Node] = []

    init(_ arena: Arena) {
        self.arena = arena
        lasts = .object(in: arena)
    }

    mutating func append(_ value: Value, under name: Value) {
        let previous = lasts[name].asInteger.map(Int.init)
        if previous == nil { names.append(name) }
        lasts.update(name, .integer(nodes.count))
        nodes.append(Node(value: value, previous: previous ?? -1))
    }

    func finish() -> Value {
        let result = CollectionBuilder.object(in: arena, capacity: names.count)
        for name in names {
            guard let last = lasts[name].asInteger else { continue }
            result.insert(name, list(endingAt: Int(last)))
        }
        return result.finish()
    }

    private func list(endingAt last: Int) -> Value {
        let count = sequence(first: last) { nodes[$0].previous < 0 ? nil : nodes[$0].previous }
            .reduce(into: 0) { count, _ in count += 1 }
        let values = arena.values(count)
        var index = last
        for place in stride(from: count - 1, through: 0, by: -1) {
            values[place] = nodes[index].value
            index = nodes[index].previous
        }
        return .array(sharing: values, count: count)
    }
}
