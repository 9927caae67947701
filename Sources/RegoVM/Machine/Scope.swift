// SPDX-License-Identifier: Apache-2.0

/// A remembered result; valid when its epoch is the scope's.
struct MemoEntry {
    var value: Value
    var epoch: UInt64
}

/// What rules see as `input`, `data` and functions, and what was computed under that view. The
/// base scope lasts as long as its machine; each `with` pushes another one, in the arena.
struct Scope {
    var ruleMemo: UnsafeMutablePointer<MemoEntry>
    var nodeMemo: UnsafeMutablePointer<MemoEntry>
    var inputMemo: UnsafeMutablePointer<MemoEntry>
    /// Counts decisions in the base scope, so that forgetting everything costs nothing.
    var epoch: UInt64
    /// Valid when `replacesInput`.
    var input: Value
    var replacesInput: Bool
    /// Valid when `replacesData`.
    var data: Value
    var replacesData: Bool
    /// Paths under `data` that replacements hide, newest first.
    var hidden: UnsafeMutablePointer<HiddenPath>?
    /// Functions that replacements stand in for, newest first.
    var substitutes: UnsafeMutablePointer<Substitute>?
    var outer: UnsafeMutablePointer<Scope>?

    struct HiddenPath {
        /// An array value.
        var path: Value
        var next: UnsafeMutablePointer<HiddenPath>?
    }

    struct Substitute {
        var callee: Program.Callee
        var replacement: Replacement
        var next: UnsafeMutablePointer<Substitute>?

        enum Replacement {
            case callee(Program.Callee)
            case value(Value)
        }
    }

    /// The base scope of a machine.
    init(program: Program) {
        ruleMemo = Self.table(program.rules.count)
        nodeMemo = Self.table(program.nodes.count)
        inputMemo = Self.table(program.inputPaths.count)
        epoch = 1
        input = .undefined
        replacesInput = false
        data = .undefined
        replacesData = false
    }

    /// A scope inside `outer`, with empty memos from `arena`.
    init(inside outer: UnsafeMutablePointer<Scope>, program: Program, arena: Arena) {
        self = outer.pointee
        self.outer = outer
        epoch = 1
        ruleMemo = Self.table(program.rules.count, arena)
        nodeMemo = Self.table(program.nodes.count, arena)
        inputMemo = Self.table(program.inputPaths.count, arena)
    }

    private static func table(_ count: Int) -> UnsafeMutablePointer<MemoEntry> {
        let table = UnsafeMutablePointer<MemoEntry>.allocate(capacity: max(1, count))
        table.initialize(repeating: MemoEntry(value: .undefined, epoch: 0), count: max(1, count))
        return table
    }

    private static func table(_ count: Int, _ arena: Arena) -> UnsafeMutablePointer<MemoEntry> {
        let table = arena.allocate(bytes: max(1, count) * MemoryLayout<MemoEntry>.stride)
            .bindMemory(to: MemoEntry.self, capacity: max(1, count))
        table.initialize(repeating: MemoEntry(value: .undefined, epoch: 0), count: max(1, count))
        return table
    }

    func deallocateTables() {
        ruleMemo.deallocate()
        nodeMemo.deallocate()
        inputMemo.deallocate()
    }

    mutating func nextDecision() { epoch &+= 1 }
}
