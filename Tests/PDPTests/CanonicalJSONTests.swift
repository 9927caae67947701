// SPDX-License-Identifier: Apache-2.0
import RegoVM
import Testing

@testable import PDP

@Suite struct CanonicalJSONTests {
    private func canonical(_ text: String) throws -> String {
        let arena = Arena()
        defer { arena.destroy() }
        var text = text
        return try text.withUTF8 { bytes in
            let value = try JSONReader.read(bytes, into: arena)
            var output = ByteBuilder(arena)
            try CanonicalJSON.append(value, to: &output)
            return String(decoding: output.bytes, as: UTF8.self)
        }
    }

    /// RFC 8785 section 3.2.2 and 3.2.3.
    @Test func theExamplesOfTheSpecification() throws {
        #expect(
            try canonical(
                #"""
                {"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
                 "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
                 "literals": [null, true, false]}
                """#)
                == #"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,"#
                + #"1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}"#)
        #expect(
            try canonical(
                #"""
                {"\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet",
                 "1": "One", "\ud83d\ude00": "Emoji", "\u0080": "Control",
                 "\u00f6": "Latin Small Letter O With Diaeresis"}
                """#)
                == #"{"\r":"Carriage Return","1":"One","\#u{80}":"Control","ö":"Latin Small Letter "#
                + #"O With Diaeresis","€":"Euro Sign","😀":"Emoji","דּ":"Hebrew Letter Dalet"}"#)
    }

    /// ECMA-262, Number::toString; some are of RFC 8785 appendix B.
    @Test(
        arguments: [
            (0, "0"), (-0.0, "0"), (5e-324, "5e-324"),
            (1.7976931348623157e308, "1.7976931348623157e+308"),
            (9_007_199_254_740_992, "9007199254740992"),
            (295_147_905_179_352_830_000, "295147905179352830000"),
            (1e21, "1e+21"), (9.999999999999997e22, "9.999999999999997e+22"), (1e-6, "0.000001"),
            (1e-7, "1e-7"), (333333333.3333332, "333333333.3333332"), (-3.5, "-3.5"), (100, "100"),
            (0.1, "0.1"), (1.5e-10, "1.5e-10"), (123456.789, "123456.789"),
        ] as [(Double, String)])
    func numbersAreSpelledAsECMAScriptDoes(_ number: Double, _ text: String) {
        #expect(CanonicalJSON.spelled(number) == text)
    }

    @Test(arguments: ["9007199254740993", "0.12345678901234567891", "1e400", "-9007199254740993"])
    func numbersThatOthersReadOtherwiseAreRefused(_ text: String) {
        #expect(throws: CanonicalJSON.Failure.number) { try canonical(text) }
    }
}
