// SPDX-License-Identifier: Apache-2.0

/// Runs a policy's program for one thread.
///
/// The machine trusts the program (it was verified when it was loaded). It allocates only in the
/// evaluation's arena, counts work, and looks at the clock every so many units of it.
public final class Machine {
    public let policy: Policy
    public let evaluation: Evaluation
    /// Work units that one decision may spend.
    public var workLimit = Limits.workUnits

    /// What an instrumented program tells what it does. Programs without instruments never ask.
    public var observer: (any MachineObserver)?

    let arena: Arena
    /// Not counted: `held` keeps it alive, and every read of the input would count twice.
    var document: Unmanaged<InputDocument>
    private var held: InputDocument
    var scope: UnsafeMutablePointer<Scope>
    let baseScope: UnsafeMutablePointer<Scope>
    let registers: UnsafeMutablePointer<Value>
    private let registersEnd: UnsafeMutablePointer<Value>
    private var top: UnsafeMutablePointer<Value>
    private(set) var workLeft: Int64 = 0
    /// The clock is looked at when `workLeft` is below this.
    private var nextCheck: Int64 = 0
    private(set) var depth = 0
    /// Monotonic nanoseconds; tests replace it.
    var monotonic: () -> UInt64 = MonotonicClock.now
    /// Parts that one value may have: enough to hold all of the data several times.
    private let weightLimit: UInt64
    /// Scratch of index lookups.
    let clauseBits: ClauseBits
    let callMemory = CallMemory()

    /// What entrypoints answered in earlier decisions; nil when that is not remembered.
    let memory: AnswerMemory?
    var reads = InputReads()

    /// Those of `policy`.
    let tables: Policy.Tables
    let arithmetic: (plus: Int, minus: Int, multiply: Int, divide: Int, remainder: Int)

    static let registerStack = 128 * 1024

    /// - Parameter answerMemory: bytes of answers that `remember` keeps for `remembered`.
    public init(_ policy: Policy, evaluation: Evaluation, answerMemory bytes: Int = 0) {
        self.policy = policy
        memory = bytes > 0 ? AnswerMemory(bytes: bytes) : nil
        self.evaluation = evaluation
        if let parser = policy.program.moduleParser { evaluation.moduleParser = parser }
        arena = evaluation.arena
        weightLimit = Limits.valueParts + 4 * policy.data.weight
        held = TreeInput(.undefined)
        document = .passUnretained(held)
        tables = policy.tables
        registers = .allocate(capacity: Self.registerStack)
        registersEnd = registers + Self.registerStack
        top = registers
        baseScope = .allocate(capacity: 1)
        baseScope.initialize(to: Scope(program: policy.program))
        scope = baseScope
        clauseBits = ClauseBits(capacity: policy.program.indices.map(\.entries.count).max() ?? 0)
        func builtin(_ name: String) -> Int { BuiltinTable.index(of: name) ?? -1 }
        arithmetic = (
            builtin("plus"), builtin("minus"), builtin("mul"), builtin("div"), builtin("rem")
        )
    }

    deinit {
        baseScope.pointee.deallocateTables()
        baseScope.deallocate()
        clauseBits.deallocate()
        callMemory.deallocate()
        memory?.free()
        reads.free()
        registers.deallocate()
    }

    /// Starts a decision. `evaluation.begin` comes first.
    public func begin(_ input: InputDocument) {
        reads.reset()
        if held !== input {
            held = input
            document = .passUnretained(input)
        }
        scope = baseScope
        baseScope.pointee.nextDecision()
        top = registers
        depth = 0
        workLeft = workLimit
        nextCheck = max(0, workLimit - Self.workBetweenChecks)
    }

    /// The value of an entrypoint; `.undefined` when it has none.
    public func evaluate(_ entrypoint: Program.Entrypoint) throws(EvaluationError) -> Value {
        switch entrypoint {
        case .rule(let index): try rule(index)
        case .node(let index): try node(index)
        }
    }

    /// The result of a function without parameters, such as a query's.
    public func evaluate(function index: Int) throws(EvaluationError) -> Value {
        precondition(tables.functions[index].parameterCount == 0)
        return try call(index, registers)
    }

    /// Work units spent since `begin`.
    public var workSpent: Int64 { workLimit - workLeft }

    // MARK: Calls

    /// Calls a function with the operands at `operands`. Whatever it ends with, an error ends the
    /// decision, so depth and frames need not be given back then.
    func call(_ index: Int, _ operands: UnsafePointer<Value>) throws(EvaluationError) -> Value {
        let code = tables.functions[index]
        let frame = top
        let end = frame + code.registerCount
        guard depth < Limits.callDepth, end <= registersEnd else { throw overflow(end) }
        var parameter = 0
        while parameter < code.parameterCount {
            frame[parameter] = operands[parameter]
            parameter &+= 1
        }
        top = end
        depth &+= 1
        let result = try run(index, code.instructions, frame)
        depth &-= 1
        top = frame
        return result
    }

    /// - Parameter end: of the registers that the call wants.
    @inline(never)
    private func overflow(_ end: UnsafeMutablePointer<Value>) -> EvaluationError {
        guard depth < Limits.callDepth else {
            return EvaluationError(
                .limit, "call depth of \(depth + 1) exceeds the limit of \(Limits.callDepth)")
        }
        let wanted = end - registers
        return EvaluationError(
            .limit, "calls with \(wanted) registers exceed the limit of \(Self.registerStack)")
    }

    @inline(__always)
    func rule(_ index: Int) throws(EvaluationError) -> Value {
        let memo = scope.pointee.ruleMemo + index
        if memo.pointee.epoch == scope.pointee.epoch { return memo.pointee.value }
        return try newRule(index)
    }

    /// The value of a rule that was not asked for yet in its scope.
    @inline(never)
    private func newRule(_ index: Int) throws(EvaluationError) -> Value {
        let scope = scope
        let result = try call(tables.ruleFunctions[index], registers)
        scope.pointee.ruleMemo[index] = MemoEntry(value: result, epoch: scope.pointee.epoch)
        return result
    }

    /// Finds the rules that this decision asked for, outside of any `with`, and that held: their
    /// value is defined, and neither `false` nor an empty set or object.
    ///
    /// - Parameters:
    ///   - rules: of `policy`'s program.
    ///   - places: gets where in `rules` they are; has room for all.
    /// - Returns: how many there are.
    public func findHeld(
        _ rules: UnsafeBufferPointer<Int>, _ places: UnsafeMutablePointer<Int>
    ) -> Int {
        let memos = baseScope.pointee.ruleMemo
        let epoch = baseScope.pointee.epoch
        var count = 0
        for place in 0..<rules.count where memos[rules[place]].epoch == epoch {
            let value = memos[rules[place]].value
            let isEmpty = (value.kind == .set || value.kind == .object) && value.count == 0
            guard value.isTruthy, !isEmpty else { continue }
            places[count] = place
            count += 1
        }
        return count
    }

    // MARK: Limits

    @inline(__always)
    func spend(_ units: Int64) throws(EvaluationError) {
        workLeft &-= units
        if workLeft < nextCheck { try checkLimits() }
    }

    @inline(never)
    private func checkLimits() throws(EvaluationError) {
        if workLeft < 0 {
            throw EvaluationError(
                .limit, "work of \(workSpent) units exceeds the limit of \(workLimit)")
        }
        nextCheck = max(0, workLeft - Self.workBetweenChecks)
        try checkMemory()
        if let cancellation = evaluation.cancellation, cancellation.isCancelled {
            throw EvaluationError(.cancelled, "caller cancelled query execution")
        }
        if evaluation.deadline != .max {
            let now = monotonic()
            guard now >= evaluation.deadline else { return }
            let late = (now - evaluation.deadline) / 1_000
            throw EvaluationError(
                .cancelled,
                "caller cancelled query execution: deadline passed \(late) µs ago, "
                    + "\(workSpent) units of work spent")
        }
    }

    /// Stops a decision that holds too much memory: after whatever may ask for much at once.
    @inline(__always)
    func checkMemory() throws(EvaluationError) {
        if arena.isExhausted { throw memoryError() }
    }

    @inline(never)
    private func memoryError() -> EvaluationError {
        EvaluationError(
            .limit, "memory of \(arena.used) bytes exceeds the limit of \(arena.limit)")
    }

    /// Stops a value from nesting so deep that reading it would overflow the stack.
    @inline(__always)
    func bounded(_ value: Value) throws(EvaluationError) -> Value {
        if value.needsBound { try checkBounds(value) }
        return value
    }

    @inline(never)
    private func checkBounds(_ value: Value) throws(EvaluationError) {
        if value.nesting > Limits.valueDepth {
            throw EvaluationError(
                .limit, "value of \(value.nesting) levels exceeds the limit of \(Limits.valueDepth)"
            )
        }
        if value.weight > weightLimit {
            throw EvaluationError(
                .limit, "value of \(value.weight) parts exceeds the limit of \(weightLimit)")
        }
    }

    /// Pays for hashing a value.
    @inline(__always)
    func weigh(_ value: Value) throws(EvaluationError) {
        if value.isHeavy { try spend(Int64(value.weight >> Self.partsPerUnit)) }
    }

    /// Pays for what a builtin may do with an operand. Many do not walk it, so it is less.
    @inline(__always)
    func weigh(operand: Value) throws(EvaluationError) {
        if operand.isHeavy { try spend(Int64(operand.weight >> Self.operandPartsPerUnit)) }
    }

    /// Pays for a comparison: the lighter side bounds it.
    @inline(__always)
    func weigh(_ left: Value, _ right: Value) throws(EvaluationError) {
        if left.isHeavy && right.isHeavy {
            try spend(Int64(min(left.weight, right.weight) >> Self.partsPerUnit))
        }
    }

    /// Binary logarithms of the parts that one work unit walks.
    private static let partsPerUnit: UInt64 = 6
    private static let operandPartsPerUnit: UInt64 = 10

    /// Work units between two looks at the clock.
    private static let workBetweenChecks: Int64 = 1024
}
