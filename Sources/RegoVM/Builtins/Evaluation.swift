// SPDX-License-Identifier: Apache-2.0

/// What one thread needs to evaluate policies, kept from decision to decision: memory, the time,
/// and what builtins cache. It belongs to that thread.
public final class Evaluation {
    /// Memory of the decision that is being made.
    public let arena: Arena
    /// `time.now_ns()`: nanoseconds since 1970, the same throughout one decision.
    public var now: Int64 = 0
    /// When the decision must be there: monotonic nanoseconds; `.max` for never.
    public var deadline: UInt64 = .max
    /// What `http.send` and the like reach; nil makes them fail.
    public var network: Network?
    /// A builtin asked for a network, and there was none.
    public var missedNetwork = false
    /// What `rego.parse_module` reads policies with: the machine takes it from its program.
    public var moduleParser: (any ModuleParsing)?
    /// Ends the decision when somebody cancels it; nil when nobody can.
    public var cancellation: Cancellation?
    /// Builtin errors end the evaluation instead of making an expression undefined.
    public var isStrict = false
    /// Seeds `rand.intn` and `uuid.rfc4122`: equal operands give equal results within a decision.
    public var seed: UInt64 = 0
    /// What builtin families keep between decisions (compiled patterns, parsed keys), by family.
    public var caches: [ObjectIdentifier: AnyObject] = [:]
    /// What builtin families keep for one decision only.
    public var decisionCaches: [ObjectIdentifier: AnyObject] = [:]
    /// What `print` writes to; nil throws the text away.
    public var printer: ((String) -> Void)?
    /// What `trace` hands its notes to; nil throws them away.
    public var noteTaker: ((String) -> Void)?
    /// `opa.runtime()`: an object.
    public var runtime: Value = .emptyObject

    /// Work units of builtins that the machine has not spent yet.
    var owed: Int64 = 0

    public init(arena: Arena = Arena()) {
        self.arena = arena
    }

    deinit { arena.destroy() }

    /// Starts a decision: forgets all values of the last one.
    public func begin(now: Int64, deadline: UInt64 = .max, seed: UInt64 = 0) {
        arena.reset()
        self.now = now
        self.deadline = deadline
        self.seed = seed
        owed = 0
        if !decisionCaches.isEmpty { decisionCaches.removeAll(keepingCapacity: true) }
    }

    /// A cache of class `Cache` that lives as long as this thread's evaluations.
    public func cache<Cache: AnyObject>(_ type: Cache.Type, _ make: () -> Cache) -> Cache {
        if let cache = caches[ObjectIdentifier(type)] as? Cache { return cache }
        let cache = make()
        caches[ObjectIdentifier(type)] = cache
        return cache
    }

    /// Room for `count` values, or the error that ends the decision.
    public func values(_ count: Int) throws(BuiltinError) -> UnsafeMutablePointer<Value> {
        guard count <= Limits.collectionEntries, count * 16 <= arena.available else {
            throw BuiltinError(.limit, "collection of \(count) entries exceeds the limit")
        }
        return arena.values(count)
    }

    /// Room for `count` bytes of a string, or the error that ends the decision.
    public func bytes(_ count: Int) throws(BuiltinError) -> UnsafeMutablePointer<UInt8> {
        guard count <= Limits.stringBytes, count <= arena.available else {
            throw BuiltinError(.limit, "string of \(count) bytes exceeds the limit")
        }
        return arena.allocate(UInt8.self, count: count)
    }

    /// Pays for arithmetic on a number of so many decimal digits, or for reading or writing it:
    /// that takes time in proportion to their square.
    func charge(digits: Int) throws(BuiltinError) {
        guard digits > Limits.freeDigits else { return }
        let digits = Int64(min(digits, Limits.numberDigits * 2))
        owed += digits * digits / Limits.squaredDigitsPerUnit
        guard owed <= Limits.arithmeticWork else {
            throw BuiltinError(.limit, "arithmetic on too many and too long numbers")
        }
    }

    public func string(_ text: String) -> Value { arena.string(text) }
}
