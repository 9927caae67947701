// SPDX-License-Identifier: Apache-2.0
import RegoVM

// Bytes choose a builtin and its operands. Whatever these are, the call gives a value or an error
// inside the evaluation's limits.

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzBuiltins(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 2 else { return 0 }
    let bytes = UnsafeBufferPointer(start: start, count: count)
    let builtin = BuiltinTable.all[(Int(bytes[0]) << 8 | Int(bytes[1])) % BuiltinTable.all.count]
    if builtin.traits.contains(.mayWait) { return 0 }
    let evaluation = Evaluation(arena: Arena(limit: 64 << 20))
    evaluation.begin(now: 1_700_000_000_000_000_000)
    var operands = OperandReader(UnsafeBufferPointer(rebasing: bytes[2...]), evaluation.arena)
    let values = evaluation.arena.values(max(1, builtin.arity))
    for index in 0..<builtin.arity { values[index] = operands.next(depth: 0) }
    do throws(BuiltinError) {
        let result = try builtin.function(evaluation, Operands(values, count: builtin.arity))
        precondition(result.kind != .builder)
        var output = ByteBuilder(evaluation.arena)
        JSONWriter.append(result, to: &output)
    } catch {
        precondition(!error.message.isEmpty)
    }
    return 0
}

/// Values from bytes: a byte for the kind, then what the kind needs.
private struct OperandReader {
    private var rest: UnsafeBufferPointer<UInt8>.SubSequence
    private let arena: Arena

    init(_ bytes: UnsafeBufferPointer<UInt8>, _ arena: Arena) {
        rest = bytes[...]
        self.arena = arena
    }

    mutating func next(depth: Int) -> Value {
        switch depth < 6 ? byte() % 10 : byte() % 6 {
        case 0: return .boolean(byte() & 1 == 1)
        case 1: return .integer(Int(Int8(bitPattern: byte())))
        case 2: return number()
        case 3, 4, 5, 6: return text(Int(byte()))
        case 7:
            return arena.array((0..<Int(byte() % 5)).map { _ in next(depth: depth + 1) })
        case 8:
            let builder = CollectionBuilder.set(in: arena)
            for _ in 0..<Int(byte() % 5) { builder.insert(next(depth: depth + 1)) }
            return builder.finish()
        default:
            let builder = CollectionBuilder.object(in: arena)
            for _ in 0..<Int(byte() % 5) {
                let key = text(Int(byte() % 16))
                builder.insert(key, next(depth: depth + 1))
            }
            return builder.finish()
        }
    }

    private mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    private mutating func number() -> Value {
        let texts = [
            "1.5", "-0.0", "1e308", "1e-400", "9223372036854775807", "-9223372036854775808",
            "123456789012345678901234567890", "0.1", "2147483648", "1e10000",
        ]
        var text = texts[Int(byte()) % texts.count]
        return text.withUTF8 { arena.number($0) }
    }

    /// Up to `count` of the bytes that follow, made valid UTF-8.
    private mutating func text(_ count: Int) -> Value {
        let taken = rest.prefix(count)
        rest = rest.dropFirst(count)
        return arena.string(String(decoding: taken, as: UTF8.self))
    }
}
