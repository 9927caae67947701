// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import RegoVM

/// Every builtin must answer any operands, with a value, `.undefined` or an error, in bounded time
/// and memory.
@Suite("Builtins take anything")
struct BuiltinRobustnessTests {
    static let names = BuiltinTable.all.filter { !$0.traits.contains(.mayWait) }.map(\.name)

    @Test(arguments: names)
    func takesRandomOperands(_ name: String) throws {
        let index = try #require(BuiltinTable.index(of: name))
        let builtin = BuiltinTable.all[index]
        let evaluation = Evaluation(arena: Arena(limit: 16 * 1024 * 1024))
        let clock = ContinuousClock()
        let started = clock.now
        for round in 0..<400 {
            evaluation.begin(now: 1_700_000_000_000_000_000, seed: UInt64(round))
            var values = RandomValues(evaluation.arena, seed: UInt64(round) &* 31 &+ UInt64(index))
            let operands = (0..<max(builtin.arity, 1)).map { _ in values.value(depth: 3) }
            call(builtin, operands, evaluation)
        }
        #expect(clock.now - started < .seconds(20), "\(name) is slow")
    }

    /// Operands of the right types get further into a builtin than any at random.
    @Test(arguments: names)
    func takesTypedOperands(_ name: String) throws {
        let index = try #require(BuiltinTable.index(of: name))
        let builtin = BuiltinTable.all[index]
        let evaluation = Evaluation(arena: Arena(limit: 16 * 1024 * 1024))
        let types = OperandTypes.of(builtin.signature)
        for round in 0..<400 {
            evaluation.begin(now: 1_700_000_000_000_000_000, seed: UInt64(round))
            var values = RandomValues(evaluation.arena, seed: UInt64(round) &* 77 &+ UInt64(index))
            let operands = types.map { values.value(typed: $0) }
            call(builtin, operands.isEmpty ? [.null] : operands, evaluation)
        }
    }

    /// Calls, and looks at the whole result: what a builtin returns must be readable.
    private func call(_ builtin: Builtin, _ operands: [Value], _ evaluation: Evaluation) {
        operands.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            do throws(BuiltinError) {
                let result = try builtin.function(evaluation, Operands(base, count: builtin.arity))
                #expect(result.kind != .builder)
                var text = ByteBuilder(evaluation.arena)
                RegoText.append(result, to: &text)
                _ = result.hash
            } catch {
                #expect(!error.message.isEmpty)
            }
        }
    }
}

/// The operand types of a signature, as text.
enum OperandTypes {
    static func of(_ signature: String) -> [String] {
        let operands =
            signature.split(separator: "->", omittingEmptySubsequences: false).first ?? ""
        var types: [String] = []
        var current = ""
        var nesting = 0
        for character in operands {
            if "[<{(".contains(character) { nesting += 1 }
            if "]>})".contains(character) { nesting -= 1 }
            if character == "," && nesting == 0 {
                types.append(current)
                current = ""
            } else if character != " " || !current.isEmpty {
                current.append(character)
            }
        }
        if !current.allSatisfy({ $0 == " " }) { types.append(current) }
        return types
    }
}

/// Values that builtins tend to trip over.
struct RandomValues {
    let arena: Arena
    private var generator: SeededGenerator

    init(_ arena: Arena, seed: UInt64) {
        self.arena = arena
        generator = SeededGenerator(seed: seed)
    }

    static let strings = [
        "", "a", "abc", "a.b.c", "/a/b/0", "*", "**.[a-z]{x,y}?", "[", "{a,b", "\\", "(", "(a+)+$",
        "a|b*",
        "%d %s %v %[2]*.[1]*f %!", "%999999d", "%x%q%U%c%t%e%g%08.3f", "{{.a}}",
        "{{range $i, $x := .a}}{{$i}}{{end}}",
        "{{if", "{\"a\": [1, 2.5e3, null]}", "[1,2,3", "a: [b, {c: d}]\n- e", "&a [*a]", "0x1f",
        "1e400", "-0", "٣",
        "é\u{301}ß\u{1F600}", "İSTANBUL ǅ", "Zm9vYmFy", "Zm9v_-==", "6a6b", "%41%zz+",
        "a=b&c=%20;d", "2006-01-02T15:04:05Z",
        "10.0.0.0/8", "::1", "1.2.3-rc.1+b", "12h30m", "10Mi", "https://u:p@h:80/p?q#f",
        "eyJhbGciOiJIUzI1NiJ9.e30.x",
        "$1${name}$$", "\u{0}\n\t\u{7F}", "- - - a", "? [a]: b", "2024-02-30", "{ a { b } }",
        "type A { b: Int }",
    ]

    static let numbers = [
        "0", "1", "-1", "2", "3", "10", "16", "64", "1.5", "-2.5", "1.0", "-0", "1e3", "1e-7",
        "123456789012345678901234567890",
        "9223372036854775807", "-9223372036854775808", "18446744073709551616", "1e308", "1e999",
        "1e-999", "1e1000000000",
        "0.1", "99999999999999999999.999999999999",
    ]

    mutating func pick<T>(_ list: [T]) -> T {
        list[Int.random(in: 0..<list.count, using: &generator)]
    }

    mutating func number() -> Value { number(pick(Self.numbers)) }

    private func number(_ text: String) -> Value {
        var text = text
        return text.withUTF8 { arena.number($0) }
    }

    mutating func string() -> Value {
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: return arena.string(pick(Self.strings) + pick(Self.strings))
        case 1:
            // Not UTF-8: what decoding makes of binary data.
            let bytes = (0..<Int.random(in: 0..<12, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            return bytes.withUnsafeBufferPointer { arena.string(copying: $0) }
        case 2:
            return arena.string(
                String(
                    repeating: pick(Self.strings), count: Int.random(in: 0..<40, using: &generator))
            )
        default: return arena.string(pick(Self.strings))
        }
    }

    mutating func value(depth: Int) -> Value {
        switch Int.random(in: 0..<(depth > 0 ? 9 : 5), using: &generator) {
        case 0: return .null
        case 1: return .boolean(Bool.random(using: &generator))
        case 2: return number()
        case 3, 4: return string()
        case 5, 6: return arena.array((0..<size()).map { _ in value(depth: depth - 1) })
        case 7:
            let builder = CollectionBuilder.object(in: arena)
            for _ in 0..<size() { builder.update(value(depth: depth - 1), value(depth: depth - 1)) }
            return builder.finish()
        default:
            let builder = CollectionBuilder.set(in: arena)
            for _ in 0..<size() { builder.insert(value(depth: depth - 1)) }
            return builder.finish()
        }
    }

    private mutating func size() -> Int { pick([0, 1, 2, 3, 5, 12]) }

    /// A value of a type in the notation of signatures, most of the time.
    mutating func value(typed type: String) -> Value {
        if Int.random(in: 0..<20, using: &generator) == 0 { return value(depth: 2) }
        if type.hasPrefix("any<") {
            return value(typed: pick(OperandTypes.of(String(type.dropFirst(4).dropLast()))))
        }
        switch type {
        case "string": return string()
        case "number": return number()
        case "boolean": return .boolean(Bool.random(using: &generator))
        case "null": return .null
        default: break
        }
        let inner = type.drop { $0 != "[" && $0 != "<" }.dropFirst().dropLast()
        if type.hasPrefix("array[") {
            return arena.array((0..<size()).map { _ in value(typed: String(inner)) })
        }
        if type.hasPrefix("array<") {
            return arena.array(OperandTypes.of(String(inner)).map { value(typed: $0) })
        }
        if type.hasPrefix("set[") {
            let builder = CollectionBuilder.set(in: arena)
            for _ in 0..<size() { builder.insert(value(typed: String(inner))) }
            return builder.finish()
        }
        if type.hasPrefix("object") { return object(String(inner)) }
        return value(depth: 3)
    }

    private mutating func object(_ inner: String) -> Value {
        let builder = CollectionBuilder.object(in: arena)
        for entry in OperandTypes.of(inner) {
            let parts = entry.split(separator: ":", maxSplits: 1).map { $0.drop { $0 == " " } }
            guard parts.count == 2 else { continue }
            if ["any", "string", "number"].contains(parts[0]) {
                for _ in 0..<size() {
                    builder.update(value(typed: String(parts[0])), value(typed: String(parts[1])))
                }
            } else {
                builder.update(
                    arena.string(String(parts[0].filter { $0 != "?" })),
                    value(typed: String(parts[1])))
            }
        }
        return builder.finish()
    }
}
