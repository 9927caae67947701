// SPDX-License-Identifier: Apache-2.0
import Testing

@Suite struct TokenBuiltinTests {
    private static let secret = #"{"kty":"oct","k":"c2VjcmV0"}"#
    private static let edwards =
        #"{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","#
        + #""x":"wEZFfoAj1rFKTLOOmjJjVZlCHwksuvMb2I5y_hg70E8","#
        + #""d":"9XI34uQzYUJfWhDZf_0nYsLMBRVu8a6dFsy60P8uugk"}"#
    private static let edwardsPublic =
        #"{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","#
        + #""x":"wEZFfoAj1rFKTLOOmjJjVZlCHwksuvMb2I5y_hg70E8"}"#
    /// RFC 7515 appendix A.3.
    private static let elliptic =
        #"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","#
        + #""y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","#
        + #""d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#
    private static let ellipticPublic =
        #"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","#
        + #""y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#

    private func quoted(_ json: String) -> String {
        "\"" + json.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    private func token(
        _ claims: String, header: String = #"{"alg":"HS256","typ":"JWT"}"#, key: String = secret
    ) -> String {
        BuiltinProbe().call("io.jwt.encode_sign", header, claims, key)
    }

    @Test func signsAsRFC7515A1() {
        let header = #""{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}""#
        let payload =
            #""{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}""#
        let key =
            #"{"kty":"oct","#
            + #""k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4h"#
            + #"cgUuTwjAzZr1Z9CAow"}"#
        let signed = BuiltinProbe().call("io.jwt.encode_sign_raw", header, payload, quoted(key))
        #expect(signed.hasSuffix(".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk\""))
    }

    @Test(arguments: [("ES256", elliptic, ellipticPublic), ("EdDSA", edwards, edwardsPublic)])
    func verifiesWhatItSigned(_ algorithm: String, _ key: String, _ publicKey: String) {
        let token = token(#"{"sub":"a"}"#, header: #"{"alg":"\#(algorithm)"}"#, key: key)
        let probe = BuiltinProbe()
        let name = "io.jwt.verify_\(algorithm.lowercased())"
        #expect(probe.call(name, token, quoted(publicKey)) == "true")
        #expect(probe.call(name, token, quoted(#"{"keys":[\#(publicKey)]}"#)) == "true")
        #expect(probe.call("io.jwt.verify_rs256", token, quoted(publicKey)) == "false")
        let other = self.token(#"{"sub":"b"}"#, header: #"{"alg":"\#(algorithm)"}"#, key: key)
        let parts = token.split(separator: ".")
        let mixed = [parts[0], other.split(separator: ".")[1], parts[2]].joined(separator: ".")
        #expect(probe.call(name, mixed, quoted(publicKey)) == "false")
        #expect(
            probe.call("io.jwt.decode_verify", token, #"{"cert":\#(quoted(publicKey))}"#)
                == #"[true,{"alg":"\#(algorithm)"},{"sub":"a"}]"#)
    }

    @Test func anHMACTokenNeverVerifiesWithAPublicKey() {
        // The classic confusion: the public key's text taken for an HMAC secret.
        let key = #"{"kty":"oct","k":""# + "secret" + #""}"#
        let token = token("{}", key: key)
        let constraints = #"{"cert":\#(quoted(Self.ellipticPublic))}"#
        #expect(BuiltinProbe().call("io.jwt.decode_verify", token, constraints) == "[false,{},{}]")
    }

    @Test(arguments: [
        (#"{"iss":"x"}"#, #""iss":"x""#, true), (#"{"iss":"x"}"#, #""iss":"y""#, false),
        ("{}", #""iss":"x""#, false), (#"{"aud":["a","b"]}"#, #""aud":"b""#, true),
        (#"{"aud":"a"}"#, #""time":0"#, false), ("{}", #""aud":"a""#, false),
        (#"{"exp":10}"#, #""time":9999999999"#, true),
        (#"{"exp":10}"#, #""time":10000000000"#, false),
        (#"{"exp":10.5}"#, #""time":10000000000"#, true),
        (#"{"nbf":10}"#, #""time":10000000000"#, true),
        (#"{"nbf":10.1}"#, #""time":10000000000"#, false), ("{}", #""alg":"HS384""#, false),
    ])
    func checksClaims(_ claims: String, _ constraint: String, _ isValid: Bool) {
        let constraints = #"{"secret":"secret",\#(constraint)}"#
        let result = BuiltinProbe().call("io.jwt.decode_verify", token(claims), constraints)
        #expect(result.hasPrefix(isValid ? "[true" : "[false"))
    }

    @Test(arguments: [
        ("{}", "no key constraint"),
        (#"{"secret":"a","cert":"{\"keys\":[]}"}"#, "duplicate key constraints"),
        (#"{"secret":"a","x":1}"#, "unknown token validation constraint: x"),
        (#"{"secret":1}"#, "secret constraint: must be a string"),
        (#"{"cert":"{"}"#, "failed to parse a JWK key (set): json_unexpected_end"),
        (#"{"secret":"a","time":-1}"#, "token time constraint: must not be negative"),
    ])
    func refusesConstraints(_ constraints: String, _ message: String) {
        let result = BuiltinProbe().call("io.jwt.decode_verify", token("{}"), constraints)
        #expect(result == "eval_builtin_error: \(message)")
    }

    @Test func refusesCriticalExtensions() {
        let token = token("{}", header: #"{"alg":"HS256","crit":["b64"],"b64":false}"#)
        #expect(
            BuiltinProbe().call("io.jwt.decode_verify", token, #"{"secret":"secret"}"#)
                == "[false,{},{}]")
    }

    @Test(arguments: [
        BuiltinCase(
            "io.jwt.decode", [#""a""#], "eval_builtin_error: encoded JWT had no period separators"),
        .init(
            "io.jwt.decode", [#""a.b""#],
            "eval_builtin_error: encoded JWT must have 3 sections, found 2"),
        .init(
            "io.jwt.decode", [#""eyJ^.a.b""#],
            "eval_builtin_error: JWT header had invalid encoding: illegal base64 data at input "
                + "byte 3"
        ),
        .init(
            "io.jwt.decode", [#""W10.a.b""#],
            "eval_builtin_error: bad JWT header: decoded JSON type was not an Object"),
        .init("io.jwt.decode", [#""e30.e30.AQ""#], #"[{},{},"01"]"#),
        .init(
            "io.jwt.verify_hs256", [#""e30.e30.AQ""#, "1"],
            "eval_type_error: operand 2 must be string but got number"),
    ])
    func decodes(_ builtin: BuiltinCase) { builtin.check() }

    @Test(arguments: [
        BuiltinCase("crypto.md5", [#""lorem""#], #""d2e16e6ef52a45b7468f1da56bba1953""#),
        .init("crypto.sha1", [#""""#], #""da39a3ee5e6b4b0d3255bfef95601890afd80709""#),
        .init(
            "crypto.sha256", [#""""#],
            #""e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855""#),
        .init("crypto.hmac.md5", [#""""#, #""""#], #""74e6f7298a9c2d168935f58c001bad88""#),
        .init(
            "crypto.hmac.sha256", [#""what do ya want for nothing?""#, #""Jefe""#],
            #""5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843""#),
        .init("crypto.hmac.equal", [#""ab""#, #""ab""#], "true"),
        .init("crypto.hmac.equal", [#""ab""#, #""abc""#], "false"),
    ])
    func hashes(_ builtin: BuiltinCase) { builtin.check() }
}
