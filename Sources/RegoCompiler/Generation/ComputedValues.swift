// SPDX-License-Identifier: Apache-2.0
import RegoVM

/// What the code before a place has computed on every way to that place, so that an expression
/// that stands there again is not evaluated again.
///
/// A value is known by what made it: its operation and the operands. Registers are set at one place
/// only, and a loop's body runs anew with each of its values, so equal operands are equal values.
/// What is computed inside a body is forgotten behind it, since the body may have failed anywhere;
/// what reads documents is out of sight inside of a `with`, whose documents are others.
struct ComputedValues {
    typealias Operand = Emitter.Operand

    enum Key: Hashable {
        /// Selecting, arithmetic, comparing, and making collections.
        case operation(Opcode, [Operand])
        /// A test that held.
        case test(Opcode, Int, Operand, Operand)
        case builtin(Int, [Operand])
        /// A function of the policy, or a builtin that some `with` replaces.
        case call(Program.Callee, [Operand])
        /// A document by its number: input, data, rule or node.
        case document(Opcode, Int, Operand)

        /// True when the value may differ inside of a `with`.
        var readsDocuments: Bool {
            switch self {
            case .operation, .test, .builtin: false
            case .call, .document: true
            }
        }
    }

    /// A place to come back to.
    struct Mark {
        fileprivate let count: Int
        fileprivate let scope: Int
    }

    private struct Entry {
        let operand: Operand
        /// Its number among all that were added.
        let order: Int
    }

    private var entries: [Key: Entry] = [:]
    /// What was added, each with what it hid.
    private var added: [(key: Key, hidden: Entry?)] = []
    /// Documents that were read before are those of another scope.
    private var scope = 0

    var mark: Mark { Mark(count: added.count, scope: scope) }

    subscript(key: Key) -> Operand? {
        guard let entry = entries[key] else { return nil }
        return key.readsDocuments && entry.order < scope ? nil : entry.operand
    }

    mutating func add(_ key: Key, _ operand: Operand) {
        added.append((key, entries[key]))
        entries[key] = Entry(operand: operand, order: added.count - 1)
    }

    /// What follows sees other documents, until `forget(to:)`.
    mutating func enterScope() { scope = added.count }

    mutating func forget(to mark: Mark) {
        while added.count > mark.count {
            let (key, hidden) = added.removeLast()
            entries[key] = hidden
        }
        scope = mark.scope
    }

    mutating func forgetAll() {
        entries.removeAll(keepingCapacity: true)
        added.removeAll(keepingCapacity: true)
        scope = 0
    }
}

extension FunctionGenerator {
    /// The operand that `key` stands for already, or that `make` generates now.
    mutating func once(
        _ key: ComputedValues.Key, _ make: (inout FunctionGenerator) -> Operand
    ) -> Operand {
        guard builder.sharesExpressions else { return make(&self) }
        if let known = computed[key] { return known }
        let operand = make(&self)
        computed.add(key, operand)
        return operand
    }

    /// A test that is left out where it has held already.
    mutating func test(_ opcode: Opcode, a: Int = 0, b: Operand, c: Operand = 0) {
        _ = once(.test(opcode, a, b, c)) { generator in
            generator.emitter.emit(opcode, a: a, b: b, c: c, to: generator.fail)
            return 0
        }
    }

    /// Generates an operation on two operands that may be undefined.
    mutating func operation(_ opcode: Opcode, _ left: Operand, _ right: Operand) -> Operand {
        once(.operation(opcode, [left, right])) { generator in
            let result = generator.emitter.register()
            generator.emitter.emit(opcode, a: result, b: left, c: right, to: generator.fail)
            return result
        }
    }

    /// Reads a document that may be undefined.
    mutating func document(_ opcode: Opcode, _ index: Int, _ key: Operand = 0) -> Operand {
        once(.document(opcode, index, key)) { generator in
            let result = generator.emitter.register()
            generator.emitter.emit(opcode, a: result, b: index, c: key, to: generator.fail)
            return result
        }
    }
}
