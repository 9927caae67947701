// SPDX-License-Identifier: Apache-2.0

/// One instruction: 16 bytes.
///
/// Notation: `R[a]` is a register; `V(b)` is register b, or constant ~b when b is negative;
/// `R[c]...` are registers from c on. "else goto" is where the machine goes on when there is no
/// value.
public struct Instruction: Sendable {
    public var opcode: Opcode
    public var a: UInt16
    public var b: Int32
    public var c: Int32
    public var target: Int32

    /// Operands beyond their range are clamped: the verifier refuses functions that need them.
    public init(_ opcode: Opcode, a: Int = 0, b: Int = 0, c: Int = 0, target: Int = 0) {
        self.opcode = opcode
        self.a = UInt16(clamping: a)
        self.b = Int32(clamping: b)
        self.c = Int32(clamping: c)
        self.target = Int32(clamping: target)
    }
}

/// What an instruction does. The raw value is its meaning, which the disassembler prints with the
/// instruction's operands in place of a, b, c and target.
public enum Opcode: String, Sendable, CaseIterable {
    case move = "R[a] := V(b)"
    case jump = "goto target"
    case input = "R[a] := input path b, else goto target"
    /// By itself, so that an answer that depends on one member depends on no other.
    case inputMember = "R[a] := input path b[V(c)], else goto target"
    case testInput = "if there is no input goto target"
    case data = "R[a] := base data path b, else goto target"
    case dot = "R[a] := V(b)[V(c)], else goto target"
    /// Of a base document: see `Value.stored`.
    case dotStored = "R[a] := stored V(b)[V(c)], else goto target"
    case dotStoredReplaceable =
        "R[a] := stored V(b)[V(c)] or that of what replaces it, else goto target"
    case test = "if V(b) is false goto target"
    /// Evaluated once per decision.
    case testRule = "if rule b is undefined or false goto target"
    case testComparison = "if not V(b) comparison a V(c) goto target"
    case comparison = "R[a] := V(b) comparison target V(c)"
    case testMember = "if V(b) is not in V(c) goto target"
    case jumpIfDefined = "if R[b] is defined goto target"
    case clear = "R[a] := undefined"

    /// Also of sets where Rego has it.
    case plus = "R[a] := V(b) + V(c), else goto target"
    case minus = "R[a] := V(b) - V(c), else goto target"
    case multiply = "R[a] := V(b) * V(c), else goto target"
    case divide = "R[a] := V(b) / V(c), else goto target"
    case remainder = "R[a] := V(b) % V(c), else goto target"

    case builtin = "R[a] := builtin b(R[c]...), else goto target"
    case builtinReplaceable =
        "R[a] := builtin b(R[c]...) or what replaces it, else goto target"
    case call = "R[a] := function b(R[c]...), else goto target"
    case callReplaceable =
        "R[a] := function b(R[c]...) or what replaces it, else goto target"
    /// Evaluated once per decision for the same operands, as far as there is room.
    case callRemembered = "R[a] := remembered function b(R[c]...), else goto target"
    /// Evaluated once per decision.
    case rule = "R[a] := rule b, else goto target"
    case ruleReplaceable = "R[a] := rule b or the base data that hides it, else goto target"
    case node = "R[a] := the whole of node b, else goto target"
    case nodeChild = "R[a] := node b[V(c)], else goto target"
    case nodePath = "R[a] := node b at the path in array V(c), else goto target"
    case nodeNames = "R[a] := the names below node b, else goto target"
    case returnValue = "return V(b)"
    case returnUndefined = "return undefined"

    /// Kinds: 0 set, 1 object, 2 array.
    case open = "R[a] := a new builder of kind b"
    case setAdd = "add V(b) to the set R[a]"
    case arrayAppend = "append V(b) to the array R[a]"
    /// A different value under the same key is a conflict.
    case objectPut = "R[a][V(b)] := V(c)"
    /// The keys are R[b] to R[b+c-1]. Target 1: the leaf is a member of a
    /// set; 2: an element of an array.
    case objectPutPath = "R[a][R[b]]...[R[b+c-1]] := R[b+c], a leaf of kind target"
    case close = "R[a] := the finished collection in R[a]"
    case makeArray = "R[a] := an array of count c from R[b]..."
    case makeSet = "R[a] := a set of count c from R[b]..."
    case makeObject = "R[a] := an object of count c, keys and values in turn, from R[b]..."
    /// Kinds of conflict: 0 a rule's, 1 a function's.
    case assignOnce = "R[a] := V(b), unless it has another value: a conflict of kind target"

    /// R[a] is the collection, R[a+1] counts, R[a+2] and R[a+3] are a key and its value.
    case scan = "R[a]... := V(b), its first key and value, else goto target"
    case next = "R[a]... := the next key and value and goto target"
    case checkArray = "if V(b) is no array of count c goto target"
    case checkObject = "if V(b) is no object of count c goto target"
    case checkCollection = "if V(b) is no collection goto target"

    case candidates = "R[a] := the clauses of index b that may hold"
    case nextCandidate = "goto the next clause of R[a], else goto target"

    case pushScope = "push replacements b with values R[c]..."
    case popScope = "drop the newest replacements"

    /// Only in instrumented programs. Moments: see `Moment`.
    case observe = "tell the observer of moment a at point b"
}

/// Comparisons, in the order of their codes in instructions.
public enum Comparison: Int, Sendable {
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual

    @inline(__always)
    func holds(_ left: Value, _ right: Value) -> Bool {
        switch self {
        case .equal: left.isEqual(to: right)
        case .notEqual: !left.isEqual(to: right)
        case .less: left.compare(right) < 0
        case .lessOrEqual: left.compare(right) <= 0
        case .greater: left.compare(right) > 0
        case .greaterOrEqual: left.compare(right) >= 0
        }
    }
}
