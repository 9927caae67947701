// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import RegoVM

@Suite struct CertificateBuiltinTests {
    private let probe = BuiltinProbe(now: 1_900_000_000_000_000_000)

    private func quoted(_ text: String) -> String {
        "\"" + text.replacing("\n", with: "\\n").replacing("\"", with: "\\\"") + "\""
    }

    private func parse(_ name: String, _ text: String) -> Value {
        probe.value(probe.call(name, quoted(text)))
    }

    @Test func showsCertificatesAsGoDoes() {
        let certificate = parse("crypto.x509.parse_certificates", CertificateFixture.leaf).elements[
            0]
        #expect(certificate["SerialNumber"].asInteger == 4660)
        #expect(certificate["Version"].asInteger == 3)
        #expect(certificate["SignatureAlgorithm"].asInteger == 10)
        #expect(certificate["PublicKeyAlgorithm"].asInteger == 3)
        #expect(certificate["PublicKey"]["Curve"].description == "{}")
        #expect(certificate["Subject"]["OrganizationalUnit"].description == #"["A","B"]"#)
        #expect(certificate["Subject"]["CommonName"].asString == "leaf")
        #expect(certificate["Subject"]["Names"].count == 4)
        #expect(certificate["Issuer"]["Country"].description == #"["DE"]"#)
        #expect(
            certificate["DNSNames"].description == #"["leaf.example.com","*.wild.example.com"]"#)
        #expect(certificate["IPAddresses"].description == #"["10.0.0.1"]"#)
        #expect(certificate["EmailAddresses"].description == #"["a@example.com"]"#)
        #expect(certificate["URIStrings"].description == #"["spiffe://example.com/leaf"]"#)
        #expect(certificate["URIs"].elements[0]["Host"].asString == "example.com")
        #expect(certificate["KeyUsage"].asInteger == 1)
        #expect(certificate["ExtKeyUsage"].description == "[2]")
        #expect(certificate["BasicConstraintsValid"].isTrue)
        #expect(certificate["MaxPathLen"].asInteger == -1)
        #expect(certificate["UnhandledCriticalExtensions"].kind == .null)
        #expect(certificate["NotAfter"].asString?.hasSuffix("Z") == true)
        #expect(certificate.count == 53)
    }

    @Test func showsRequestsAsGoDoes() {
        let request = parse("crypto.x509.parse_certificate_request", CertificateFixture.request)
        #expect(request["Version"].asInteger == 0)
        #expect(request["DNSNames"].description == #"["leaf.example.com"]"#)
        let attribute = request["Attributes"].elements[0]
        #expect(attribute["Type"].description == "[1,2,840,113549,1,9,14]")
        #expect(attribute["Value"].elements[0].elements[0]["Type"].description == "[2,5,29,17]")
    }

    @Test(arguments: [
        (#"{"KeyUsages":["KeyUsageClientAuth"]}"#, true),
        (#"{"KeyUsages":["KeyUsageAny"]}"#, true),
        ("{}", false),
        (#"{"KeyUsages":["KeyUsageAny"],"DNSName":"leaf.example.com"}"#, true),
        (#"{"KeyUsages":["KeyUsageAny"],"DNSName":"a.wild.example.com"}"#, true),
        (#"{"KeyUsages":["KeyUsageAny"],"DNSName":"leaf"}"#, false),
        (#"{"KeyUsages":["KeyUsageAny"],"DNSName":"10.0.0.1"}"#, true),
        (#"{"KeyUsages":["KeyUsageAny"],"DNSName":"10.0.0.2"}"#, false),
        (#"{"KeyUsages":["KeyUsageAny"],"CurrentTime":0}"#, false),
    ])
    func verifiesChains(_ options: String, _ isValid: Bool) {
        let chain = quoted(CertificateFixture.authority + CertificateFixture.leaf)
        let name = "crypto.x509.parse_and_verify_certificates_with_options"
        let result = probe.value(probe.call(name, chain, options))
        #expect(result.elements[0].isTrue == isValid)
        #expect(result.elements[1].count == (isValid ? 2 : 0))
        if isValid {
            #expect(result.elements[1].elements[1]["Subject"]["CommonName"].asString == "Test CA")
        }
    }

    @Test func aLeafIsNoAuthority() {
        let chain = quoted(CertificateFixture.leaf + CertificateFixture.authority)
        #expect(probe.call("crypto.x509.parse_and_verify_certificates", chain) == "[false,[]]")
    }

    @Test func takesKeysApart() {
        let pair = probe.value(
            probe.call(
                "crypto.x509.parse_keypair", quoted(CertificateFixture.leaf),
                quoted(CertificateFixture.leafKey)))
        #expect(pair["Leaf"]["Subject"]["CommonName"].asString == "leaf")
        #expect(pair["PrivateKey"]["D"].isNumber)
        #expect(pair["OCSPStaple"].kind == .null)
        let keys = parse(
            "crypto.parse_private_keys", CertificateFixture.leafKey + CertificateFixture.edwardsKey)
        #expect(keys.count == 2)
        #expect(keys.elements[0]["X"].isEqual(to: pair["PrivateKey"]["X"]))
        #expect(keys.elements[1].isString)
        let webKey = parse("crypto.x509.parse_rsa_private_key", CertificateFixture.leafKey)
        #expect(webKey["kty"].asString == "EC")
        #expect(webKey["crv"].asString == "P-256")
    }

    @Test func refusesAKeyOfAnotherCertificate() {
        let shown = probe.call(
            "crypto.x509.parse_keypair", quoted(CertificateFixture.authority),
            quoted(CertificateFixture.leafKey))
        #expect(shown == "eval_builtin_error: tls: private key does not match public key")
    }

    @Test func aTokenIsVerifiedByACertificate() {
        let webKey = probe.call(
            "crypto.x509.parse_rsa_private_key", quoted(CertificateFixture.leafKey))
        let token = probe.call("io.jwt.encode_sign", #"{"alg":"ES256"}"#, #"{"sub":"a"}"#, webKey)
        #expect(probe.call("io.jwt.verify_es256", token, quoted(CertificateFixture.leaf)) == "true")
        #expect(
            probe.call("io.jwt.verify_es256", token, quoted(CertificateFixture.authority))
                == "false")
    }

    /// What comes from a peer may be damaged in any way.
    @Test func damagedInputNeverTraps() throws {
        var random = SplitMix(state: 7)
        let block = try #require(PEMBlock.all(in: Array(CertificateFixture.leaf.utf8)).first)
        let request = try #require(PEMBlock.all(in: Array(CertificateFixture.request.utf8)).first)
        let key = try #require(PEMBlock.all(in: Array(CertificateFixture.leafKey.utf8)).first)
        let calls = [
            ("crypto.x509.parse_certificates", block.bytes),
            ("crypto.x509.parse_certificate_request", request.bytes),
            ("crypto.parse_private_keys", key.bytes),
        ]
        for (name, bytes) in calls {
            for _ in 0..<1500 {
                let damaged = random.damage(bytes)
                let text = String(
                    decoding: Base64Text.encode(damaged, .standard, isPadded: true), as: UTF8.self)
                let pem = "-----BEGIN EC PRIVATE KEY-----\n\(text)\n-----END EC PRIVATE KEY-----\n"
                let shown = BuiltinProbe().call(
                    name, quoted(name == "crypto.parse_private_keys" ? pem : text))
                #expect(!shown.isEmpty)
            }
        }
    }
}

/// A small deterministic generator for tests (Steele, Lea, Flood 2014).
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    mutating func below(_ bound: Int) -> Int { bound > 0 ? Int(next() % UInt64(bound)) : 0 }

    /// Changes, removes or repeats a few bytes.
    mutating func damage(_ bytes: [UInt8]) -> [UInt8] {
        var output = bytes
        for _ in 0...below(4) where !output.isEmpty {
            let index = below(output.count)
            switch below(5) {
            case 0: output[index] = UInt8(truncatingIfNeeded: next())
            case 1: output.remove(at: index)
            case 2: output.insert(UInt8(truncatingIfNeeded: next()), at: index)
            case 3: output.removeSubrange(index..<min(output.count, index + below(8)))
            default:
                output.insert(
                    contentsOf: output[index..<min(output.count, index + below(16))], at: index)
            }
        }
        return output
    }
}
