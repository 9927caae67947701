// SPDX-License-Identifier: Apache-2.0
import Testing

/// Valid texts, damaged at random: builtins that read a language answer them all.
@Suite struct DamagedTextTests {
    private static let schema =
        #"type Query { a(x: Int = 1, y: [In!]!): A } interface I { id: ID! } type A implements "#
        + #"I @d(x: """b""") "#
        + "{ id: ID! b: U } union U = A enum E { X Y } input In { s: String! e: E = X } "
        + "directive @d(x: String!) repeatable on OBJECT | FIELD extend type A { c: Float } "
        + "schema { query: Query }"
    private static let query =
        #"query Q($v: [In!]! = [{s: "a\u0041\n", e: X}]) @skip(if: false) { a(x: -1, y: $v) { "#
        + #"...f ... on A "#
        + #"{ b { __typename } } id @d(x: "x") } } fragment f on A { id c b { ... on A { id } } }"#

    private static let referring =
        ##"{"$ref":"#/definitions/a","definitions":{"a":{"type":["object"],"items":[{}]}}}"##

    @Test(
        arguments: [
            ("graphql.parse_query", [query]), ("graphql.parse_schema", [schema]),
            ("graphql.is_valid", [query, schema]), ("graphql.schema_is_valid", [schema]),
            ("json.verify_schema", [referring]),
            (
                "time.parse_ns",
                ["Mon, 02 Jan 2006 15:04:05.000 -0700", "Mon, 05 Feb 2018 12:00:00.123 +0100"]
            ),
            ("time.parse_duration_ns", ["1y2w3d4h5m6.5s7ms8us9ns"]),
            ("units.parse", ["-12.5e3Gi"]), ("units.parse_bytes", ["12.5e3GiB"]),
            ("semver.compare", ["v1.2.3-alpha.1+b", "1.2.3-beta"]),
            ("uuid.parse", ["urn:uuid:000003e8-48b9-21ee-b200-325096b39f47"]),
            ("uri.parse", ["http://a:b@[fe80::1%25en0]:80/x%2fy?q#f"]),
            ("net.cidr_expand", ["2001:db8::ffff:10.0.0.1/126"]),
            ("net.cidr_contains", ["10.0.0.0/8", "::ffff:10.1.2.3"]),
            (
                "io.jwt.decode",
                ["eyJhbGciOiJIUzI1NiIsImN0eSI6IkpXVCJ9.ImV5SmhJam94ZlEuZXlKaElqb3hmUS5BUSI.AQ"]
            ),
            (
                "io.jwt.verify_rs256",
                [
                    "e30.e30.AQ",
                    #"{"keys":[{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQ","#
                        + #""e":"AQAB"}]}"#,
                ]
            ),
        ] as [(String, [String])])
    func areAnswered(_ name: String, _ texts: [String]) {
        var random = SplitMix(state: UInt64(name.utf8.count))
        for _ in 0..<400 {
            let damaged = texts.map { text in
                Self.quoted(String(decoding: random.damage(Array(text.utf8)), as: UTF8.self))
            }
            let probe = BuiltinProbe()
            let shown =
                damaged.count == 1
                ? probe.call(name, damaged[0]) : probe.call(name, damaged[0], damaged[1])
            #expect(!shown.isEmpty && !shown.hasPrefix("no builtin"))
        }
    }

    private static func quoted(_ text: String) -> String {
        var output = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": output += "\\\(scalar)"
            case _ where scalar.value < 0x20:
                output += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: output.unicodeScalars.append(scalar)
            }
        }
        return output + "\""
    }
}
