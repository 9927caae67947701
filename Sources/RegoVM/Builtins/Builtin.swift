// SPDX-License-Identifier: Apache-2.0

/// A function that the engine brings along.
public struct Builtin: Sendable {
    /// The dotted name, e.g. `io.jwt.decode`.
    public let name: String
    /// Its type in the notation of `Signature`, e.g. `"string, any<string, set[string]> ->
    /// boolean"`.
    public let signature: String
    /// Operands it takes, counted from the signature.
    public let arity: Int
    public let traits: Traits
    public let function: Function

    /// Operands arrive defined. `.undefined` says that there is no result; an error makes the
    /// expression undefined too, unless builtin errors are strict.
    public typealias Function = @Sendable (Evaluation, Operands) throws(BuiltinError) -> Value

    public struct Traits: OptionSet, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        /// Two calls with equal operands may differ between decisions (never within one).
        public static let nondeterministic = Traits(rawValue: 1)
        /// It may wait for a network or a disk, so the policy runs on a worker.
        public static let mayWait = Traits(rawValue: 2)
        /// Its result is a set of tuples to unify with (`walk`).
        public static let relation = Traits(rawValue: 4)
        /// Refused in Rego v1 and strict mode.
        public static let deprecated = Traits(rawValue: 8)
        /// It looks at the clock, or somebody sees that it was called.
        public static let situated = Traits(rawValue: 16)
    }

    /// Equal operands give an equal result at any time, and nobody notices when it is not called.
    var isPure: Bool { traits.isDisjoint(with: [.nondeterministic, .mayWait, .situated]) }

    public init(
        _ name: String, _ signature: String, _ traits: Traits = [], _ function: @escaping Function
    ) {
        self.name = name
        self.signature = signature
        self.traits = traits
        self.function = function
        arity = Self.countOperands(signature)
    }

    /// Commas outside of brackets before the arrow, and one; 0 when nothing stands before it.
    private static func countOperands(_ signature: String) -> Int {
        var nesting = 0
        var count = 0
        var hasOperand = false
        var previous: UInt8 = 0
        for byte in signature.utf8 {
            if byte == UInt8(ascii: ">") && previous == UInt8(ascii: "-") { break }
            previous = byte
            switch byte {
            case UInt8(ascii: "["), UInt8(ascii: "<"), UInt8(ascii: "{"), UInt8(ascii: "("):
                nesting += 1
            case UInt8(ascii: "]"), UInt8(ascii: ">"), UInt8(ascii: "}"), UInt8(ascii: ")"):
                nesting -= 1
            case UInt8(ascii: ",") where nesting == 0: count += 1
            case UInt8(ascii: " "), UInt8(ascii: "-"): break
            default: hasOperand = true
            }
        }
        return hasOperand ? count + 1 : 0
    }
}

/// The operands of one builtin call.
@frozen
public struct Operands {
    @usableFromInline let base: UnsafePointer<Value>
    public let count: Int

    @inlinable
    public init(_ base: UnsafePointer<Value>, count: Int) {
        self.base = base
        self.count = count
    }

    @inlinable
    public subscript(index: Int) -> Value {
        precondition(index >= 0 && index < count)
        return base[index]
    }
}

/// Why a builtin has no result.
public struct BuiltinError: Error {
    public enum Code: String, Sendable {
        /// An operand of the wrong type.
        case type = "eval_type_error"
        case builtin = "eval_builtin_error"
        /// More memory, time or work than allowed: ends the decision, strict or not.
        case limit = "eval_limit_error"
        /// The deadline passed or the caller went away: ends the decision.
        case cancelled = "eval_cancel_error"
    }
    public let code: Code
    /// Without the builtin's name, which the machine puts before it.
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// `operand 1 must be string but got number`
    /// - Parameter position: counted from 1.
    public static func operand(_ position: Int, mustBe expected: String, got value: Value)
        -> BuiltinError
    {
        BuiltinError(.type, "operand \(position) must be \(expected) but got \(value.typeName)")
    }

    /// `operand 1 must be one of {array, object, set} but got number`
    public static func operand(_ position: Int, mustBeOneOf expected: String, got value: Value)
        -> BuiltinError
    {
        BuiltinError(
            .type, "operand \(position) must be one of {\(expected)} but got \(value.typeName)")
    }

    public static func failed(_ message: String) -> BuiltinError { BuiltinError(.builtin, message) }
}

extension Operands {
    /// Operand `index` as a string, or the type error that OPA gives.
    @inlinable
    public func string(_ index: Int) throws(BuiltinError) -> Value {
        guard self[index].isString else {
            throw .operand(index + 1, mustBe: "string", got: self[index])
        }
        return self[index]
    }

    @inlinable
    public func array(_ index: Int) throws(BuiltinError) -> Value {
        guard self[index].kind == .array else {
            throw .operand(index + 1, mustBe: "array", got: self[index])
        }
        return self[index]
    }

    @inlinable
    public func object(_ index: Int) throws(BuiltinError) -> Value {
        guard self[index].kind == .object else {
            throw .operand(index + 1, mustBe: "object", got: self[index])
        }
        return self[index]
    }

    @inlinable
    public func set(_ index: Int) throws(BuiltinError) -> Value {
        guard self[index].kind == .set else {
            throw .operand(index + 1, mustBe: "set", got: self[index])
        }
        return self[index]
    }

    @inlinable
    public func number(_ index: Int) throws(BuiltinError) -> Value {
        guard self[index].isNumber else {
            throw .operand(index + 1, mustBe: "number", got: self[index])
        }
        return self[index]
    }

    /// Operand `index` as an integer that fits 64 bits.
    public func integer(_ index: Int) throws(BuiltinError) -> Int {
        let value = try number(index)
        if let integer = Number.writtenInteger(value) { return Int(integer) }
        throw BuiltinError(
            .type, "operand \(index + 1) must be integer number but got floating-point number")
    }

    public func boolean(_ index: Int) throws(BuiltinError) -> Bool {
        guard let value = self[index].asBoolean else {
            throw .operand(index + 1, mustBe: "boolean", got: self[index])
        }
        return value
    }
}
