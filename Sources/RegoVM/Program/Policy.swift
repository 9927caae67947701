// SPDX-License-Identifier: Apache-2.0

/// A program together with its constants' memory and the data it reads: immutable, shared by all
/// threads, swapped as a whole.
public final class Policy: @unchecked Sendable {
    public let program: Program
    /// The base document `data`.
    public let data: Value
    /// Names the policy and data in records, e.g. a hash.
    public let revision: String

    /// `program.inputPaths`.
    public var inputPaths: InputPaths { tables.inputPaths }
    let tables: Tables
    private let indexMemory = Arena(chunk: 1024, limit: .max)
    private let owners: [AnyObject]

    /// Flat copies of the program's parts. Machines hold them beside the policy: threads that all
    /// counted references to one policy would wait for each other.
    struct Tables: BitwiseCopyable {
        let functions: UnsafeMutablePointer<FunctionCode>
        /// The function of each rule.
        let ruleFunctions: UnsafeMutablePointer<Int>
        let constants: UnsafeMutablePointer<Value>
        let linkedData: UnsafeMutablePointer<Value>
        let inputPaths: InputPaths
        let builtins: UnsafeMutablePointer<LinkedBuiltin>
        let indices: UnsafeMutablePointer<LinkedIndex>
    }

    /// A struct around the closure: as the element of a generic pointer alone it would be wrapped
    /// in a context of its own, whose reference count all threads would share.
    struct LinkedBuiltin {
        let function: Builtin.Function
        let arity: Int
        let isPure: Bool
    }

    struct FunctionCode: BitwiseCopyable {
        let instructions: UnsafeMutablePointer<Instruction>
        let parameterCount: Int
        let registerCount: Int
    }

    /// Verifies a program that no compiler of this process made, and links it with its data.
    /// - Parameter owners: what keeps the memory of constants and data alive.
    public static func load(
        program: Program, data: Value, revision: String, owners: [AnyObject]
    ) throws(VerificationError) -> Policy {
        try Verifier.verify(program)
        return Policy(program: program, data: data, revision: revision, owners: owners)
    }

    /// Links a program that was verified before, by the compiler or by `load`.
    public init(program: Program, data: Value, revision: String, owners: [AnyObject]) {
        self.program = program
        self.data = data
        self.revision = revision
        self.owners = owners
        tables = Tables(
            functions: Self.copy(program.functions) { function in
                let code = UnsafeMutablePointer<Instruction>.allocate(
                    capacity: max(1, function.instructions.count))
                for (offset, instruction) in function.instructions.enumerated() {
                    (code + offset).initialize(to: instruction)
                }
                return FunctionCode(
                    instructions: code, parameterCount: function.parameterCount,
                    registerCount: function.registerCount)
            },
            ruleFunctions: Self.copy(program.rules, \.function),
            constants: Self.copy(program.constants) { $0 },
            linkedData: Self.copy(program.dataPaths) { data.document(at: $0) },
            inputPaths: InputPaths(
                start: Self.copy(program.inputPaths) { path in
                    let copy = UnsafeMutableBufferPointer<Value>.allocate(capacity: path.count)
                    _ = copy.initialize(from: path)
                    return copy
                }),
            builtins: Self.copy(BuiltinTable.all) {
                LinkedBuiltin(function: $0.function, arity: $0.arity, isPure: $0.isPure)
            },
            indices: Self.copy(program.indices) { [indexMemory] in LinkedIndex($0, indexMemory) })
    }

    private static func copy<Element, Flat>(
        _ elements: [Element], _ flatten: (Element) -> Flat
    ) -> UnsafeMutablePointer<Flat> {
        let table = UnsafeMutablePointer<Flat>.allocate(capacity: max(1, elements.count))
        for (index, element) in elements.enumerated() {
            (table + index).initialize(to: flatten(element))
        }
        return table
    }

    deinit {
        for index in 0..<program.functions.count {
            tables.functions[index].instructions.deallocate()
        }
        tables.functions.deallocate()
        tables.ruleFunctions.deallocate()
        tables.constants.deallocate()
        tables.linkedData.deallocate()
        for index in 0..<program.inputPaths.count { inputPaths[index].deallocate() }
        inputPaths.start.deallocate()
        tables.builtins.deinitialize(count: BuiltinTable.all.count)
        tables.builtins.deallocate()
        tables.indices.deallocate()
        indexMemory.destroy()
    }
}

extension Value {
    /// The value at the end of `path`; `.undefined` when some step has none.
    public func value(at path: [Value]) -> Value {
        var result = self
        for step in path {
            result = result[step]
            if result.isUndefined { return result }
        }
        return result
    }

    /// The value at the end of `path`, without reference counting.
    func value(at path: UnsafeMutableBufferPointer<Value>) -> Value {
        var result = self
        for step in path {
            result = result[step]
            if result.isUndefined { return result }
        }
        return result
    }

    /// `self`, a virtual document, together with the base document at the same place, which wins
    /// where both have a value. Nesting is that of the virtual documents' paths.
    func merged(with base: Value, in arena: Arena) -> Value {
        guard kind == .object, base.kind == .object else { return base }
        let builder = CollectionBuilder.object(in: arena, capacity: count + base.count)
        for index in 0..<count { builder.insert(keys[index], values[index]) }
        for index in 0..<base.count {
            let key = base.keys[index]
            builder.update(key, self[key].merged(with: base.values[index], in: arena))
        }
        return builder.finish()
    }

    /// A copy of `self` with `value` at the end of `path`; what is no object on the way is replaced
    /// by one.
    func replacing(_ path: ArraySlice<Value>, by value: Value, in arena: Arena) -> Value {
        guard let key = path.first else { return value }
        let builder = CollectionBuilder.object(in: arena, capacity: count + 1)
        if kind == .object {
            for index in 0..<count { builder.insert(keys[index], values[index]) }
        }
        let child = kind == .object ? self[key] : .undefined
        builder.update(key, child.replacing(path.dropFirst(), by: value, in: arena))
        return builder.finish()
    }
}
