// SPDX-License-Identifier: Apache-2.0

/// `net.*`
enum NetworkBuiltins {
    private static let selection =
        "any<string, array[any<string, array[any]>], object[string: any<string, array[any]>], "
        + "set[any<string, array[any]>]>"

    static let all: [Builtin] = [
        Builtin("net.cidr_contains", "string, string -> boolean") {
            _, operands throws(BuiltinError) in
            .boolean(try contains(operands[0], operands[1]))
        },
        Builtin("net.cidr_overlap", "string, string -> boolean", .deprecated) {
            _, operands throws(BuiltinError) in
            .boolean(try contains(operands[0], operands[1]))
        },
        Builtin("net.cidr_intersects", "string, string -> boolean") {
            _, operands throws(BuiltinError) in
            let left = try network(operands[0])
            let right = try network(operands[1])
            return .boolean(left.contains(right.first) || right.contains(left.first))
        },
        Builtin("net.cidr_is_valid", "string -> boolean") { _, operands in
            .boolean(operands[0].isString && (try? IPNetwork(operands[0].bytes)) != nil)
        },
        Builtin("net.cidr_contains_matches", "\(selection), \(selection) -> set[array<any, any>]") {
            evaluation, operands throws(BuiltinError) in
            try containsMatches(evaluation, operands)
        },
        Builtin("net.cidr_expand", "string -> set[string]") {
            evaluation, operands throws(BuiltinError) in
            try expand(evaluation, operands.string(0))
        },
        Builtin("net.cidr_merge", "any<array[any<string>], set[string]> -> set[string]") {
            evaluation, operands throws(BuiltinError) in
            try NetworkMerge.merge(operands[0], evaluation)
        },
        Builtin("net.lookup_ip_addr", "string -> set[string]", [.nondeterministic, .mayWait]) {
            evaluation, operands throws(BuiltinError) in
            try AddressLookup.addresses(of: operands.string(0), evaluation)
        },
    ]

    private static func network(_ operand: Value) throws(BuiltinError) -> IPNetwork {
        guard operand.isString else { throw .operand(1, mustBe: "string", got: operand) }
        return try IPNetwork(operand.bytes)
    }

    private static func contains(_ outer: Value, _ inner: Value) throws(BuiltinError) -> Bool {
        let network = try network(outer)
        guard inner.isString else { throw .operand(1, mustBe: "string", got: inner) }
        if let address = IPAddress(inner.bytes) { return network.contains(address.bits) }
        guard let other = try? IPNetwork(inner.bytes) else {
            throw .failed(
                "not a valid textual representation of an IP address or CIDR: "
                    + (inner.asString ?? ""))
        }
        return network.contains(other.first) && network.contains(other.last)
    }

    // MARK: Matches

    private static func containsMatches(
        _ evaluation: Evaluation, _ operands: Operands
    ) throws(BuiltinError) -> Value {
        let outer = try candidates(operands[0], 1)
        let inner = outer.isEmpty ? [] : try candidates(operands[1], 2)
        let result = CollectionBuilder.set(in: evaluation.arena)
        guard
            outer.count.multipliedReportingOverflow(by: inner.count).partialValue
                <= Limits.collectionEntries
        else { throw BuiltinError(.limit, "too many pairs of networks to compare") }
        for (network, index) in outer {
            for (member, memberIndex) in inner where try contains(network, member) {
                let pair = try evaluation.values(2)
                pair[0] = index
                pair[1] = memberIndex
                result.insert(.array(sharing: pair, count: 2))
            }
        }
        return result.finish()
    }

    /// Networks of an operand, each with what identifies it in results.
    private static func candidates(
        _ operand: Value, _ position: Int
    ) throws(BuiltinError) -> [(network: Value, index: Value)] {
        var result: [(network: Value, index: Value)] = []
        switch operand.kind {
        case .string: result.append((operand, operand))
        case .array:
            for (index, element) in operand.elements.enumerated() {
                result.append((try text(element, position), .integer(index)))
            }
        case .set:
            for element in operand.elements {
                result.append((try text(element, position), element))
            }
        case .object:
            for (key, value) in zip(operand.keys, operand.values) {
                result.append((try text(value, position), key))
            }
        default: break
        }
        return result
    }

    /// A string, or the first element of an array.
    private static func text(_ element: Value, _ position: Int) throws(BuiltinError) -> Value {
        if element.isString { return element }
        guard element.kind == .array, element.count > 0 else {
            throw .failed("operand \(position): element must be string or non-empty array")
        }
        return element.elements[0]
    }

    // MARK: Expansion

    private static func expand(
        _ evaluation: Evaluation, _ operand: Value
    ) throws(BuiltinError) -> Value {
        let network = try network(operand)
        guard network.last - network.first < UInt128(Limits.collectionEntries) else {
            throw BuiltinError(.limit, "network \(operand.asString ?? "") has too many addresses")
        }
        let count = Int(network.last - network.first) + 1
        let members = try evaluation.values(count)
        for index in 0..<count {
            let bits = network.first + UInt128(index)
            guard evaluation.arena.available > 0 else {
                throw BuiltinError(
                    .limit, "network \(operand.asString ?? "") has too many addresses")
            }
            members[index] = evaluation.string(IPAddress(bits: bits, isVersion4: false).text)
        }
        return .set(in: evaluation.arena, unique: members, count: count)
    }
}
