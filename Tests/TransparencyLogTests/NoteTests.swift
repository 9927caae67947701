// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import TransparencyLog

@Suite("signed notes and checkpoints")
struct NoteTests {
    private let key = Example.signer.verifierKey

    private func note(
        _ text: String = "example.org/decisions\n0\n\(emptyRoot)\n"
    ) throws -> [UInt8] {
        let text = Array(text.utf8)
        return SignedNote(text: text, signatures: [try Example.signer.sign(text)]).bytes
    }

    private static let emptyRoot = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

    private func code(_ note: [UInt8]) -> TransparencyError.Code? {
        do {
            _ = try Checkpoint(note: note, key: key, at: nil)
            return nil
        } catch {
            return error.code
        }
    }

    @Test("a good one is accepted, with signatures of strangers beside ours")
    func good() throws {
        #expect(code(try note()) == nil)
        let text = try SignedNote(note(), at: nil).text
        let stranger = try Example.makeSigner("other", name: "witness.example").sign(text)
        let both = SignedNote(
            text: text, signatures: [stranger, try Example.signer.sign(text)])
        #expect(code(both.bytes) == nil)
    }

    @Test("every flipped bit is refused")
    func flipped() throws {
        let good = try note()
        for index in good.indices {
            for bit in [0, 3, 7] {
                var bad = good
                bad[index] ^= 1 << UInt8(bit)
                #expect(code(bad) != nil, "byte \(index), bit \(bit)")
            }
        }
    }

    @Test("every prefix is refused")
    func truncated() throws {
        let good = try note()
        for count in good.indices { #expect(code(Array(good[..<count])) != nil) }
    }

    @Test("a bad signature by our key refuses the note, even beside a good one")
    func oneBad() throws {
        let text = try SignedNote(note(), at: nil).text
        let good = try Example.signer.sign(text)
        let bad = NoteSignature(
            name: good.name, keyID: good.keyID, bytes: [UInt8](repeating: 1, count: 64))
        #expect(code(SignedNote(text: text, signatures: [good, bad]).bytes) == .badSignature)
    }

    @Test(
        "malformed bodies",
        arguments: [
            "example.org/decisions\n01\n\(emptyRoot)\n",
            "example.org/decisions\n-1\n\(emptyRoot)\n",
            "example.org/decisions\n99999999999999999999\n\(emptyRoot)\n",
            "example.org/decisions\n\n\(emptyRoot)\n", "example.org/decisions\n1\n",
            "example.org/decisions\n1\nAAAA\n", "example.org/decisions\n1\n\(emptyRoot) \n",
        ])
    func malformed(body: String) throws {
        #expect(code(try note(body)) == .malformedCheckpoint)
    }

    @Test("another origin")
    func origin() throws {
        #expect(code(try note("example.org/other\n0\n\(Self.emptyRoot)\n")) == .wrongOrigin)
    }

    @Test(
        "base64 has one spelling",
        arguments: ["AA=A", "AB==", "A===", "AAA", "AA==AA==", "A\nA="])
    func base64(text: String) {
        #expect(Base64.decode(text.utf8) == nil)
    }

    @Test("base64 of every length reads back")
    func base64RoundTrip() {
        for count in 0..<20 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 91 &+ 200) }
            #expect(Base64.decode(Base64.encode(bytes).utf8) == bytes)
        }
    }

    @Test(
        "malformed verifier keys",
        arguments: [
            "", "a+b",
            "example.org/decisions+a980161d+AWfTterwwL9rWmAtNZ2uzIanp0BTSQ7DeuCOcTYFh8hw",
            "example.org/decisions+a980161c+AmfTterwwL9rWmAtNZ2uzIanp0BTSQ7DeuCOcTYFh8hw",
            "a b+a980161c+AWfTterwwL9rWmAtNZ2uzIanp0BTSQ7DeuCOcTYFh8hw",
        ])
    func keys(text: String) {
        #expect(throws: TransparencyError.self) { try VerifierKey(text) }
    }
}
