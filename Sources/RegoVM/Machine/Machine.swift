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

    let arena: Arena
    var document: any InputDocument
    var scope: UnsafeMutablePointer<Scope>
    private let baseScope: UnsafeMutablePointer<Scope>
    let registers: UnsafeMutablePointer<Value>
    private let registersEnd: UnsafeMutablePointer<Value>
    private var top: UnsafeMutablePointer<Value>
    var workLeft: Int64 = 0
    private var depth = 0
    /// Monotonic nanoseconds; tests replace it.
    var monotonic: () -> UInt64 = { 0 }

    let functions: UnsafeMutablePointer<Policy.FunctionCode>
    let constants: UnsafeMutablePointer<Value>
    let arithmetic: (plus: Int, minus: Int, multiply: Int, divide: Int, remainder: Int)

    static let registerStack = 128 * 1024

    public init(_ policy: Policy, evaluation: Evaluation) {
        self.policy = policy
        self.evaluation = evaluation
        arena = evaluation.arena
        document = TreeInput(.undefined)
        functions = policy.functions
        constants = policy.constants
        registers = .allocate(capacity: Self.registerStack)
        registersEnd = registers + Self.registerStack
        top = registers
        baseScope = .allocate(capacity: 1)
        baseScope.initialize(to: Scope(program: policy.program))
        scope = baseScope
        func builtin(_ name: String) -> Int { BuiltinTable.index(of: name) ?? -1 }
        arithmetic = (builtin("plus"), builtin("minus"), builtin("mul"), builtin("div"), builtin("rem"))
    }

    deinit {
        baseScope.pointee.deallocateTables()
        baseScope.deallocate()
        registers.deallocate()
    }

    /// Starts a decision. `evaluation.begin` comes first.
    public func begin(_ input: any InputDocument) {
        document = input
        scope = baseScope
        baseScope.pointee.nextDecision()
        top = registers
        depth = 0
        workLeft = workLimit
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
        try call(index, registers)
    }

    /// Work units spent since `begin`.
    public var workSpent: Int64 { workLimit - workLeft }

    // MARK: Calls

    /// Calls a function with the operands at `operands`.
    func call(_ index: Int, _ operands: UnsafePointer<Value>) throws(EvaluationError) -> Value {
        let code = functions[index]
        let frame = top
        guard frame + code.registerCount <= registersEnd, depth < Limits.callDepth else {
            throw EvaluationError(.limit, "call depth of \(depth) exceeds the limit")
        }
        for parameter in 0..<code.parameterCount { frame[parameter] = operands[parameter] }
        top = frame + code.registerCount
        depth &+= 1
        let result = try run(index, code.instructions, frame)
        depth &-= 1
        top = frame
        return result
    }

    func rule(_ index: Int) throws(EvaluationError) -> Value {
        let memo = scope.pointee.ruleMemo + index
        if memo.pointee.epoch == scope.pointee.epoch { return memo.pointee.value }
        let result = try call(policy.program.rules[index].function, registers)
        memo.pointee = MemoEntry(value: result, epoch: scope.pointee.epoch)
        return result
    }

    // MARK: Limits

    @inline(__always)
    func spend(_ units: Int64) throws(EvaluationError) {
        workLeft &-= units
        if workLeft & 0x3FF == 0 || workLeft < 0 { try checkLimits() }
    }

    @inline(never)
    func checkLimits() throws(EvaluationError) {
        if workLeft < 0 {
            throw EvaluationError(.limit, "work of \(workLimit) units exceeds the limit")
        }
        if arena.isExhausted { throw EvaluationError(.limit, "memory of the decision exceeds the limit") }
        if evaluation.deadline != .max, monotonic() >= evaluation.deadline {
            throw EvaluationError(.cancelled, "caller cancelled query execution")
        }
    }
}
