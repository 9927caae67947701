// SPDX-License-Identifier: Apache-2.0
import Cryptography
import TestSupport
import Testing

@testable import TransparencyLog

@Suite("vectors of other implementations")
struct VectorTests {
    @Test("a verifier key's text is the one of the vector, and reads back")
    func verifierKey() throws {
        let text = "example.org/decisions+a980161c+AWfTterwwL9rWmAtNZ2uzIanp0BTSQ7DeuCOcTYFh8hw"
        #expect(Example.signer.verifierKey.text == text)
        #expect(try VerifierKey(text).text == text)
        let ofSpecification =
            "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
        #expect(try VerifierKey(ofSpecification).text == ofSpecification)
    }

    @Test(
        "roots",
        arguments: [
            (0, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
            (1, "EQQ2IqpGLzkXMO3wyaA1gEbDsenHsCigo7oRpYmWSTs="),
            (2, "JbTpPLftKuKkN6FGjfj2TogJLat50Uxwqlc7C+pTH3A="),
            (3, "lkQmqtllKxSKXXKRuqCgspkXCa579zZqXgDOgnS1Noc="),
            (7, "8zdmVtUMnQcHGvjZ8/+hpcHdewEUrC3Wz2X39CVB0o4="),
            (256, "efkg7QS9C+eRA621lImZu1OmTRplfKplkaS7UrBIeQg="),
            (257, "5fQfe6Bck11/u2mybv1ll+xB9GF6Pddq52Q8ajedh1c="),
        ])
    func roots(size: Int, root: String) throws {
        let log = MemoryTiles()
        try log.publish(at: [size])
        #expect(try log.verify().checkpoint.rootText == root)
    }

    @Test("the signature line of a checkpoint")
    func signature() throws {
        let log = MemoryTiles()
        try log.publish(at: [3])
        let expected = """
            example.org/decisions
            3
            lkQmqtllKxSKXXKRuqCgspkXCa579zZqXgDOgnS1Noc=

            — example.org/decisions \
            qYAWHNdm9rcEVv4uVJFyHF6zRN8mxdqELvRFn9izm+NFbIFt\
            xNuGUH1JOlAv4md7UJRbdvb0Gkf39iM4uyZzPvHi7wk=

            """
        #expect(String(decoding: log.files["checkpoint"] ?? [], as: UTF8.self) == expected)
    }

    @Test(
        "tile paths",
        arguments: [
            (1_234_067, "tile/0/x001/x234/067"), (0, "tile/0/000"), (1_000, "tile/0/x001/000"),
            (255, "tile/0/255"),
        ])
    func paths(index: Int, path: String) {
        #expect(TilePath.hashes(level: 0, index: index) == path)
    }

    @Test("a tree of 70,000 has the tiles that the specification lists")
    func shape() {
        let shape = TileShape(size: 70_000)
        #expect(shape.fullTiles(level: 0) == 273 && shape.partialWidth(level: 0) == 112)
        #expect(shape.fullTiles(level: 1) == 1 && shape.partialWidth(level: 1) == 17)
        #expect(shape.fullTiles(level: 2) == 0 && shape.partialWidth(level: 2) == 1)
        #expect(shape.levels == 3)
        #expect(TilePath.hashes(level: 0, index: 273, width: 112) == "tile/0/273.p/112")
        #expect(TilePath.entries(273, width: 112) == "tile/entries/273.p/112")
        let one = TileShape(size: 256)
        #expect(one.fullTiles(level: 0) == 1 && one.partialWidth(level: 0) == 0)
        #expect(one.partialWidth(level: 1) == 1)
    }

    @Test("SHA-256 of FIPS 180-4, one call and many")
    func sha256() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(SHA256.hash(Array("abc".utf8)).description == expected)
        let hasher = SHA256()
        for _ in 0..<2 {
            for byte in "abc".utf8 { withUnsafeBytes(of: byte) { hasher.update($0) } }
            #expect(hasher.finish().description == expected)
        }
    }

    @Test("Ed25519 of RFC 8032, test 2; the key file reads back")
    func ed25519() throws {
        let seed = hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
        let key = try Ed25519PrivateKey(seed: seed)
        #expect(
            key.publicKey.bytes
                == hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"))
        let signature = try key.sign([0x72])
        #expect(
            signature
                == hex(
                    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                        + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"))
        #expect(key.publicKey.accepts(signature: signature, of: [0x72]))
        #expect(!key.publicKey.accepts(signature: signature, of: [0x73]))
        #expect(!key.publicKey.accepts(signature: signature.dropLast(), of: [0x72]))
        let copy = try Ed25519PrivateKey(pem: key.pem())
        #expect(copy.publicKey.bytes == key.publicKey.bytes)
        #expect(throws: CryptographyError.self) { try Ed25519PrivateKey(pem: Array("no".utf8)) }
        #expect(throws: CryptographyError.self) { try Ed25519PrivateKey(seed: [1, 2]) }
    }

    private func hex(_ text: String) -> [UInt8] {
        let digits = Array(text)
        return stride(from: 0, to: digits.count, by: 2).map {
            UInt8(String(digits[$0...($0 + 1)]), radix: 16) ?? 0
        }
    }
}
