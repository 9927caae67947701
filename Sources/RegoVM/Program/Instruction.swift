// SPDX-License-Identifier: Apache-2.0

/// One instruction: 16 bytes.
///
/// Notation: `R[a]` is a register; `V(b)` is register b, or constant ~b when b is negative;
/// "else goto" is where the machine goes on when there is no value or a test fails.
public struct Instruction: Sendable {
    public var opcode: Opcode
    public var a: UInt16
    public var b: Int32
    public var c: Int32
    public var target: Int32

    public init(_ opcode: Opcode, a: Int = 0, b: Int = 0, c: Int = 0, target: Int = 0) {
        self.opcode = opcode
        self.a = UInt16(a)
        self.b = Int32(b)
        self.c = Int32(c)
        self.target = Int32(target)
    }
}

public enum Opcode: UInt16, Sendable, CaseIterable {
    /// `R[a] := V(b)`
    case move
    /// `goto target`
    case jump
    /// `R[a] := input path b, else goto target`
    case input
    /// `R[a] := base data path b, else goto target`
    case data
    /// `R[a] := V(b)[V(c)], else goto target`
    case dot
    /// `if V(b) is false goto target`
    case test
    /// `if not V(b) <comparison a> V(c) goto target`
    case testComparison
    /// `R[a] := V(b) <comparison target> V(c)`
    case comparison
    /// `if V(b) is not in V(c) goto target`
    case testMember
    /// `if V(b) is defined goto target`
    case jumpIfDefined
    /// `R[a] := undefined`
    case clear

    /// `R[a] := V(b) + V(c), else goto target`; sets of sets too where Rego has it (`-`).
    case plus, minus, multiply, divide, remainder

    /// `R[a] := builtins[b](R[c]...), else goto target`
    case builtin
    /// `R[a] := builtins[b](R[c]...) or what replaces it, else goto target`
    case builtinReplaceable
    /// `R[a] := functions[b](R[c]...), else goto target`
    case call
    /// `R[a] := functions[b](R[c]...) or what replaces it, else goto target`
    case callReplaceable
    /// `R[a] := rules[b], else goto target`; evaluated once per decision.
    case rule
    /// `R[a] := rules[b], or the base data that hides it, else goto target`
    case ruleReplaceable
    /// `R[a] := the whole of virtual node b, else goto target`
    case node
    /// `R[a] := virtual node b [V(c)], else goto target`
    case nodeChild
    /// `return V(b)`
    case returnValue
    /// `return undefined`
    case returnUndefined

    /// `R[a] := a new, empty set builder` (b = 0), object builder (1) or array builder (2)
    case open
    /// `add V(b) to the set R[a]`
    case setAdd
    /// `append V(b) to the array R[a]`
    case arrayAppend
    /// `R[a][V(b)] := V(c)`; a different value under the same key is a conflict.
    case objectPut
    /// `R[a][R[b]][R[b+1]]... := R[b+c]`, b..b+c-1 are keys; target 1: the leaf is a set
    case objectPutPath
    /// `R[a] := the finished collection in R[a]`
    case close
    /// `R[a] := [R[b], ..., R[b+c-1]]`
    case makeArray
    /// `R[a] := {R[b], ..., R[b+c-1]}`
    case makeSet
    /// `R[a] := {R[b]: R[b+1], ...}`, c pairs
    case makeObject
    /// `R[a] := V(b), unless R[a] has another value: that is a conflict of kind target`
    case assignOnce

    /// `R[b] := first key, R[c] := first value of R[a], else goto target`; R[a+1] counts
    case scan
    /// `R[b] := next key, R[c] := next value of R[a] and goto target`
    case next
    /// `if V(b) is no array of c elements goto target`
    case checkArray
    /// `if V(b) is no object of c entries goto target`
    case checkObject
    /// `if V(b) is no collection goto target`
    case checkCollection

    /// `R[a] := clauses of index b that may hold`
    case candidates
    /// `goto next clause of R[a], else goto target`
    case nextCandidate

    /// `push replacements b with values R[c]...`
    case pushScope
    /// `drop the newest replacements`
    case popScope
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
