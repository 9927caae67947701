// SPDX-License-Identifier: Apache-2.0

/// Results of function calls of one decision. A small table in which a newer call takes the place
/// of an older one, so that it costs the same whatever a policy calls.
struct CallMemory {
    struct Entry {
        /// Of the decision, as in `Scope`; 0 is none.
        var epoch: UInt64
        var function: Int
        var operands: (Value, Value, Value)
        var result: Value
    }

    /// Operands of a call that can be remembered.
    static let operands = 3
    /// Bytes of a string operand that can be remembered: longer ones take too long to compare.
    private static let stringBytes = 256
    private static let slots = 256

    private let entries: UnsafeMutablePointer<Entry>

    init() {
        entries = .allocate(capacity: Self.slots)
        let none = (Value.undefined, Value.undefined, Value.undefined)
        entries.initialize(
            repeating: Entry(epoch: 0, function: 0, operands: none, result: .undefined),
            count: Self.slots)
    }

    func deallocate() { entries.deallocate() }

    /// Where the result of a call belongs; nil when it cannot be remembered.
    func entry(
        _ function: Int, _ operands: (Value, Value, Value)
    ) -> UnsafeMutablePointer<Entry>? {
        guard let first = Self.name(operands.0), let second = Self.name(operands.1),
            let third = Self.name(operands.2)
        else { return nil }
        let hash = mix(mix(mix(UInt64(function) ^ first) ^ second) ^ third)
        return entries + Int(truncatingIfNeeded: hash & UInt64(Self.slots - 1))
    }

    /// The same for equal scalars; collections are named by their place, since nothing that a value
    /// points to ever changes in a decision.
    private static func name(_ value: Value) -> UInt64? {
        if value.isString { return value.count <= stringBytes ? value.hash : nil }
        if value.kind == .decimal { return nil }
        return mix(value.bits ^ UInt64(value.kind.rawValue) << 56 ^ UInt64(value.length))
    }

    static func isSame(_ left: Value, _ right: Value) -> Bool {
        if left.isString { return left.isEqual(to: right) }
        return left.kind == right.kind && left.bits == right.bits && left.length == right.length
    }
}

extension Machine {
    /// A call whose result is taken from an earlier one with the same operands. Under a `with`
    /// nothing is remembered: what the function sees may be another view.
    func callRemembered(
        _ index: Int, _ operands: UnsafePointer<Value>
    ) throws(EvaluationError) -> Value {
        let count = tables.functions[index].parameterCount
        guard count <= CallMemory.operands, scope.pointee.outer == nil else {
            return try call(index, operands)
        }
        let named = (
            count > 0 ? operands[0] : .undefined, count > 1 ? operands[1] : .undefined,
            count > 2 ? operands[2] : .undefined
        )
        guard let entry = callMemory.entry(index, named) else { return try call(index, operands) }
        let epoch = scope.pointee.epoch
        if entry.pointee.epoch == epoch, entry.pointee.function == index,
            CallMemory.isSame(entry.pointee.operands.0, named.0),
            CallMemory.isSame(entry.pointee.operands.1, named.1),
            CallMemory.isSame(entry.pointee.operands.2, named.2)
        {
            return entry.pointee.result
        }
        let result = try call(index, operands)
        entry.pointee = .init(epoch: epoch, function: index, operands: named, result: result)
        return result
    }
}
