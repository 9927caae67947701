// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import RegoVM

@Suite("Operators and numbers")
struct OperatorBuiltinTests {
    @Test(
        arguments: [BuiltinHarness.Case](
            arrayLiteral:
                .init("plus", "1, 2", "3"),
            .init("plus", "9223372036854775807, 1", "9223372036854775808"),
            .init("plus", "123456789012345678901234567890, 1", "123456789012345678901234567891"),
            .init("plus", "-18446744073709551617, -1", "-18446744073709551618"),
            .init("plus", "1.5, 2.5", "4"),
            .init("plus", "1, 2.5", "3.5"),
            .init("plus", "0.1, 0.2", "0.3"),
            .init("plus", "1.0, 1", "2"),
            .init("plus", "1e20, 1e-20", "100000000000000000000"),
            .init("plus", "-0.5, 0.5", "0"),
            .init("plus", "\"a\", 1", "eval_type_error: operand 1 must be number but got string"),
            .init("plus", "1, null", "eval_type_error: operand 2 must be number but got null"),
            .init(
                "plus", "1e99999999, 0.5",
                "eval_limit_error: number exceeds the limit of 10000 digits"),
            .init("minus", "-9223372036854775808, 1", "-9223372036854775809"),
            .init("minus", "1, 0.75", "0.25"),
            .init("minus", "#[1, 2, 3], #[2]", "#[1, 3]"),
            .init("minus", "#[1], 1", "eval_type_error: operand 2 must be set but got number"),
            .init("minus", "1, #[1]", "eval_type_error: operand 2 must be number but got set"),
            .init(
                "minus", "[1], 1",
                "eval_type_error: operand 1 must be one of {number, set} but got array"),
            .init("mul", "18446744073709551617, 2", "36893488147419103234"),
            .init("mul", "1e308, 10", "1\(String(repeating: "0", count: 309))"),
            .init("plus", "5.204119440e25, 8", "52041194400000000000000008"),
            .init("plus", "-10, -89818186731369776354.3", "-89818186731369776360"),
            .init("minus", "7, 19435521001194839943.1139108", "-19435521001194839936"),
            .init("mul", "4294967296, 4294967296", "18446744073709551616"),
            .init("mul", "2.5, 2", "5"),
            .init("mul", "1.1, 1.1", "1.21"),
            .init("mul", "0, -1.5", "-0"),
            .init("div", "10, 5", "2"),
            .init("div", "1, 3", "0.33333333333333333334"),
            .init("div", "2, 3", "0.6666666666666666667"),
            .init("div", "10, 4", "2.5"),
            .init("div", "1e109, 1e100", "1000000000"),
            .init("div", "1, 0", "eval_builtin_error: divide by zero"),
            .init("div", "1, 0.0", "eval_builtin_error: divide by zero"),
            .init("div", "0, 5", "0"),
            .init("div", "-9223372036854775808, -1", "9223372036854775808"),
            .init("rem", "7, 4", "3"),
            .init("rem", "-7, 4", "-3"),
            .init("rem", "10, 18446744073709551616", "10"),
            .init("rem", "18446744073709551617, 18446744073709551616", "1"),
            .init("rem", "1.1, 1", "eval_builtin_error: modulo on floating-point number"),
            .init("rem", "7, 0", "eval_builtin_error: modulo by zero"),
            .init("rem", "-9223372036854775808, -1", "0"),
        ))
    func arithmetic(_ test: BuiltinHarness.Case) throws { try BuiltinHarness().expect(test) }

    @Test(
        arguments: [BuiltinHarness.Case](
            arrayLiteral:
                .init("abs", "-5", "5"),
            .init("abs", "-1.5", "1.5"),
            .init("abs", "-9223372036854775808", "9223372036854775808"),
            .init("round", "2.5", "3"),
            .init("round", "-2.5", "-3"),
            .init("round", "2.4999", "2"),
            .init("ceil", "1.01", "2"),
            .init("ceil", "-1.99999", "-1"),
            .init("ceil", "2222.2222222222", "2223"),
            .init("floor", "99.99999", "99"),
            .init("floor", "-1.001", "-2"),
            .init("floor", "5.0", "5"),
            .init("floor", "\"1\"", "eval_type_error: operand 1 must be number but got string"),
            .init("numbers.range", "2, -3", "[2, 1, 0, -1, -2, -3]"),
            .init("numbers.range", "0, 0", "[0]"),
            .init(
                "numbers.range", "9223372036854775806, 9223372036854775808",
                "[9223372036854775806, 9223372036854775807, 9223372036854775808]"),
            .init(
                "numbers.range", "3.14, 4",
                "eval_type_error: operand 1 must be integer number but got floating-point number"),
            .init(
                "numbers.range", "1, 1000000000000",
                "eval_limit_error: collection of 1000000000000 entries exceeds the limit"),
            .init(
                "numbers.range", "-9223372036854775808, 9223372036854775807",
                "eval_limit_error: collection of 9223372036854775807 entries exceeds the limit"),
            .init("numbers.range_step", "0, 10, 3", "[0, 3, 6, 9]"),
            .init("numbers.range_step", "10, 3, 2", "[10, 8, 6, 4]"),
            .init(
                "numbers.range_step", "0, 10, -2",
                "eval_builtin_error: numbers.range_step: step must be a positive integer"),
            .init("bits.and", "7, 9", "1"),
            .init("bits.or", "50, 1", "51"),
            .init("bits.xor", "42, 3", "41"),
            .init("bits.xor", "18446744073709551615, -1", "-18446744073709551616"),
            .init("bits.rsh", "-5, 18446744073709551617", "-3"),
            .init("bits.negate", "42", "-43"),
            .init("bits.lsh", "9223372036854775807, 1", "18446744073709551614"),
            .init("bits.rsh", "-5, 1", "-3"),
            .init("bits.rsh", "8, 99999999999999999999", "0"),
            .init(
                "bits.lsh", "1, 99999999999999999999",
                "eval_limit_error: number exceeds the limit of 10000 digits"),
            .init(
                "bits.and", "7.2, 42",
                "eval_type_error: operand 1 must be integer number but got floating-point number"),
            .init(
                "bits.and", "\"x\", 42", "eval_type_error: operand 1 must be integer but got string"
            ),
            .init(
                "bits.rsh", "7, -1",
                "eval_type_error: "
                    + "operand 2 must be an unsigned integer number but got a negative integer"
            ),
            .init("equal", "1, 1.0", "true"),
            .init("lt", "28857836529306024611912, 28857836529306024611913", "true"),
            .init("gt", "null, false", "false"),
        ))
    func roundingAndBits(_ test: BuiltinHarness.Case) throws { try BuiltinHarness().expect(test) }

    @Test("Doubles and extended floats agree where both are exact")
    func floatsAgreeWithDoubles() throws {
        var generator = SeededGenerator(seed: 7)
        let harness = BuiltinHarness()
        for _ in 0..<2000 {
            let (a, b) = (
                Double.random(in: -1e6...1e6, using: &generator),
                Double.random(in: 1...1e3, using: &generator)
            )
            for (name, expected) in [
                ("plus", a + b), ("mul", a * b), ("div", a / b), ("minus", a - b),
            ] {
                let text = try harness.call(
                    name, [harness.evaluation.arena.number(a), harness.evaluation.arena.number(b)])
                let result = try #require(Double(text))
                #expect(abs(result - expected) <= abs(expected) * 1e-14 + 1e-9, "\(name) \(a) \(b)")
            }
        }
    }
}

/// SplitMix64: the same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

@Suite("Hashes")
struct EmptyStringTests {
    @Test("Empty strings hash alike wherever they point")
    func emptyStrings() {
        let byte = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)
        defer { byte.deallocate() }
        #expect(Value.string(byte, 0).hash == Value.emptyString.hash)
    }
}
