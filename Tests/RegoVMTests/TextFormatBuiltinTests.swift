// SPDX-License-Identifier: Apache-2.0
import Testing

@Suite struct TextFormatBuiltinTests {
    @Test(arguments: [
        BuiltinCase("units.parse", [#""500m""#], "0.5000000000"),
        .init("units.parse", [#""0.0005K""#], "0.5000000000"),
        .init("units.parse", [#""1.1Ki""#], "1126.4000000000"),
        .init("units.parse", [#""10ei""#], "11529215046068469760"),
        .init("units.parse", [#""10E""#], "10000000000000000000"),
        .init("units.parse", [#""-3.5E2m""#], "-0.3500000000"),
        .init("units.parse", [#""5e1Gi""#], "53687091200"),
        .init("units.parse", [#""1e-2""#], "0.0100000000"),
        .init("units.parse", [#"".5K""#], "500"),
        .init("units.parse", [#""1e15m""#], "1000000000000.0000208167"),
        .init("units.parse", [#""0.00000000005""#], "0.0000000001"),
        .init("units.parse", [#""1G""#], "1000000000"),
        .init("units.parse", [#""""#], "eval_builtin_error: units.parse: no amount provided"),
        .init(
            "units.parse", [#""1 G""#],
            "eval_builtin_error: units.parse: spaces not allowed in resource strings"),
        .init("units.parse", [#""1X""#], "eval_builtin_error: units.parse: unit X not recognized"),
        .init(
            "units.parse", [#"".5.2""#],
            "eval_builtin_error: units.parse: could not parse amount to a number"),
        .init(
            "units.parse", [#""10e10000000Ei""#],
            "eval_builtin_error: units.parse: exponent too large"),
        .init(
            "units.parse", [#""1e999999""#], "eval_builtin_error: units.parse: exponent too large"),
        .init("units.parse_bytes", [#""1.1kb""#], "1100"),
        .init("units.parse_bytes", [#""4.1Mi""#], "4299161"),
        .init("units.parse_bytes", [#""128Gi""#], "137438953472"),
        .init("units.parse_bytes", [#""0.0005K""#], "0"),
        .init("units.parse_bytes", [#""1e3""#], "1000"),
        .init("units.parse_bytes", [#""-2.9""#], "-2"),
        .init("units.parse_bytes", [#""1e22""#], "10000000000000000000000"),
        .init("units.parse_bytes", [#""1e-4000""#], "0"),
        .init(
            "units.parse_bytes", [#""1foo""#],
            "eval_builtin_error: units.parse_bytes: byte unit foo not recognized"),
        .init(
            "units.parse_bytes", [#""GB""#],
            "eval_builtin_error: units.parse_bytes: no byte amount provided"),
    ])
    func readsUnits(_ builtin: BuiltinCase) { builtin.check() }

    @Test(arguments: [
        BuiltinCase("semver.compare", [#""1.0.0""#, #""2.0.0""#], "-1"),
        .init("semver.compare", [#""1.0.0-alpha.2""#, #""1.0.0-alpha.10""#], "-1"),
        .init("semver.compare", [#""1.0.0-alpha.beta""#, #""1.0.0-alpha.1""#], "1"),
        .init("semver.compare", [#""1.0.0""#, #""1.0.0-rc.1+build""#], "1"),
        .init("semver.compare", [#""v1.0.0+x""#, #""1.0.0""#], "0"),
        .init("semver.compare", [#""1.0.0-01""#, #""1.0.0-1""#], "0"),
        .init(
            "semver.compare", [#""1""#, #""1.0.0""#],
            #"eval_builtin_error: operand 1: string "1" is not a valid SemVer"#),
        .init("semver.is_valid", [#""1.2.3""#], "true"),
        .init("semver.is_valid", [#""1.2.3-..""#], "false"),
        .init("semver.is_valid", ["1"], "false"),
    ])
    func comparesVersions(_ builtin: BuiltinCase) { builtin.check() }

    @Test(arguments: [
        BuiltinCase(
            "uuid.parse", [#""00000000-0000-4000-8000-000000000000""#],
            #"{"variant":"RFC4122","version":4}"#),
        .init(
            "uuid.parse", [#""urn:UUID:000003e8-48b9-21ee-b200-325096b39f47""#],
            #"{"clocksequence":12800,"domain":"Person","id":1000,"macvariables":"local:unicast","#
                + #""nodeid":"32-50-96-b3-9f-47","time":1693566990121469600,"variant":"RFC4122","#
                + #""version":2}"#
        ),
        .init(
            "uuid.parse", [#""38074da40b00388d9c3c362de965547a""#],
            #"{"variant":"RFC4122","version":3}"#),
        .init("uuid.parse", [#""38074da4-0b00""#], "undefined"),
        .init("uuid.parse", ["1"], "eval_type_error: operand 1 must be string but got number"),
        .init("rand.intn", [#""x""#, "0"], "0"),
        .init("rand.intn", [#""x""#, "1"], "0"),
    ])
    func readsUUIDs(_ builtin: BuiltinCase) { builtin.check() }

    @Test func randomResultsDependOnSeedAndOperand() {
        let first = BuiltinProbe(seed: 1)
        let same = BuiltinProbe(seed: 1)
        let other = BuiltinProbe(seed: 2)
        let uuid = first.call("uuid.rfc4122", #""x""#)
        #expect(uuid == same.call("uuid.rfc4122", #""x""#))
        #expect(uuid != first.call("uuid.rfc4122", #""y""#))
        #expect(uuid != other.call("uuid.rfc4122", #""x""#))
        #expect(first.call("uuid.parse", uuid) == #"{"variant":"RFC4122","version":4}"#)
    }

    private static let invalid = "eval_builtin_error: parse "

    @Test(arguments: [
        BuiltinCase(
            "uri.parse", [#""https://example.com:8080/api?q=1#top""#],
            #"{"fragment":"top","hostname":"example.com","path":"/api","port":"8080","#
                + #""raw_path":"/api","#
                + #""raw_query":"q=1","scheme":"https"}"#),
        .init("uri.parse", [#""mailto:user@example.com""#], #"{"scheme":"mailto"}"#),
        .init(
            "uri.parse", [#""http://[::1]:8080/a%2Fb""#],
            #"{"hostname":"::1","path":"/a/b","port":"8080","raw_path":"/a%2Fb","scheme":"http"}"#),
        .init(
            "uri.parse", [#""http://foo]bar/a%21b""#],
            #"{"hostname":"foo]bar","path":"/a!b","raw_path":"/a!b","scheme":"http"}"#),
        .init("uri.parse", [#""""#], "{}"),
        .init(
            "uri.parse", [#""http://exa%6dple.com/""#],
            invalid + #""http://exa%6dple.com/": invalid URL escape "%6d""#),
        .init(
            "uri.parse", [#""http://a<b@example.com/""#],
            invalid + #""http://a<b@example.com/": net/url: invalid userinfo"#),
        .init(
            "uri.parse", [#""http://example.com:٣٤/""#],
            invalid + #""http://example.com:٣٤/": invalid port ":٣٤" after host"#),
        .init("uri.parse", [#""a:b""#], #"{"scheme":"a"}"#),
        .init(
            "uri.parse", [#""1a:b""#],
            invalid + #""1a:b": first path segment in URL cannot contain colon"#),
        .init("uri.is_valid", [#""http://[invalid""#], "false"),
        .init("uri.is_valid", [#""""#], "false"),
        .init("uri.is_valid", ["1"], "false"),
        .init("uri.is_valid", [#""https://example.com/path?q=1""#], "true"),
    ])
    func readsURIs(_ builtin: BuiltinCase) { builtin.check() }
}
