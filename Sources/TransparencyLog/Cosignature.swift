// SPDX-License-Identifier: Apache-2.0

/// A witness's signature on a checkpoint (C2SP tlog-cosignature, type 0x04): at `time`, this was
/// the largest tree of the log that the witness had seen, and it held all earlier ones.
public struct Cosignature: Equatable, Sendable {
    /// Name and id of the witness's key.
    public let label: String
    /// Seconds since 1970-01-01T00:00:00Z.
    public let time: UInt64

    private static let timeLength = 8

    /// Finds the cosignature of `witness` on a note and checks it.
    ///
    /// - Parameters:
    ///   - witness: a key of kind `cosignature`.
    ///   - location: the file, for the error.
    /// - Throws: `unsigned` when there is none, `badSignature` when it does not fit.
    public init(
        of witness: VerifierKey, on note: SignedNote, at location: String?
    ) throws(TransparencyError) {
        let lines = note.signatures.filter {
            $0.name == witness.name && $0.keyID == witness.keyID
        }
        guard let line = lines.last else {
            throw TransparencyError(.unsigned, at: location, "not cosigned by `\(witness.label)`")
        }
        for line in lines {
            guard Self.fits(line, witness, note.text) else {
                throw TransparencyError(
                    .badSignature, at: location,
                    "the cosignature by `\(witness.label)` does not fit its checkpoint")
            }
        }
        label = witness.label
        time = Self.time(line.bytes)
    }

    private static func fits(
        _ signature: NoteSignature, _ witness: VerifierKey, _ body: [UInt8]
    ) -> Bool {
        guard witness.kind == .cosignature, signature.bytes.count > timeLength else { return false }
        let message = Array("cosignature/v1\ntime \(time(signature.bytes))\n".utf8) + body
        return witness.publicKey.accepts(
            signature: Array(signature.bytes.dropFirst(timeLength)), of: message)
    }

    private static func time(_ bytes: [UInt8]) -> UInt64 {
        bytes.prefix(timeLength).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
