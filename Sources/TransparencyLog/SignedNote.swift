// SPDX-License-Identifier: Apache-2.0

/// One signature line of a note, as read.
public struct NoteSignature: Equatable, Sendable {
    public let name: String
    public let keyID: UInt32
    /// What follows the key id.
    public let bytes: [UInt8]

    public init(name: String, keyID: UInt32, bytes: [UInt8]) {
        self.name = name
        self.keyID = keyID
        self.bytes = bytes
    }

    /// `— <name> <base64(key id || signature)>` and a line feed.
    var line: String {
        let id = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: keyID >> UInt32($0)) }
        return "\u{2014} \(name) \(Base64.encode(id + bytes))\n"
    }
}

/// A signed note (C2SP signed-note): a text that ends with a line feed, an empty line, signatures.
public struct SignedNote: Sendable {
    /// With its last line feed: the bytes that are signed.
    public let text: [UInt8]
    public let signatures: [NoteSignature]

    public init(text: [UInt8], signatures: [NoteSignature]) {
        self.text = text
        self.signatures = signatures
    }

    public var bytes: [UInt8] {
        text + [0x0A] + signatures.flatMap { Array($0.line.utf8) }
    }

    /// Parses; checks no signature.
    ///
    /// - Parameter location: the file, for the error.
    public init(_ note: [UInt8], at location: String?) throws(TransparencyError) {
        func refuse(_ message: String) -> TransparencyError {
            TransparencyError(.malformedNote, at: location, message)
        }
        guard note.count <= LogLimits.noteLength else {
            throw refuse("expected at most \(LogLimits.noteLength) bytes, got \(note.count)")
        }
        guard String(validating: note, as: UTF8.self) != nil else { throw refuse("is not UTF-8") }
        guard note.allSatisfy({ ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x0A }) else {
            throw refuse("holds control characters")
        }
        guard note.last == 0x0A else { throw refuse("does not end with a line feed") }
        // The last empty line separates.
        guard
            let blank = note.indices.dropLast().last(where: {
                note[$0] == 0x0A && note[$0 + 1] == 0x0A
            })
        else { throw refuse("has no empty line before its signatures") }
        text = Array(note[...blank])
        let lines = note[(blank + 2)...].split(separator: 0x0A, omittingEmptySubsequences: false)
            .dropLast()
        guard !lines.isEmpty else { throw refuse("has no signature") }
        guard lines.count <= LogLimits.signaturesPerNote else {
            throw refuse(
                "expected at most \(LogLimits.signaturesPerNote) signatures, got \(lines.count)")
        }
        var signatures: [NoteSignature] = []
        for line in lines {
            guard let signature = Self.signature(line) else {
                throw refuse("`\(String(decoding: line, as: UTF8.self))` is no signature line")
            }
            signatures.append(signature)
        }
        self.signatures = signatures
    }

    private static func signature(_ line: ArraySlice<UInt8>) -> NoteSignature? {
        let dash = Array("\u{2014} ".utf8)
        guard line.starts(with: dash) else { return nil }
        let fields = line.dropFirst(dash.count).split(
            separator: 0x20, omittingEmptySubsequences: false)
        guard fields.count == 2, !fields[0].isEmpty, !fields[0].contains(UInt8(ascii: "+")),
            let blob = Base64.decode(fields[1]), blob.count > 4
        else { return nil }
        return NoteSignature(
            name: String(decoding: fields[0], as: UTF8.self),
            keyID: blob.prefix(4).reduce(0) { $0 << 8 | UInt32($1) },
            bytes: Array(blob.dropFirst(4)))
    }

    /// Checks that `key` signed this note. Signatures of other keys are ignored; one by `key` that
    /// does not fit refuses the note, whatever else there is.
    public func verify(_ key: VerifierKey, at location: String?) throws(TransparencyError) {
        let own = signatures.filter { $0.name == key.name && $0.keyID == key.keyID }
        guard !own.isEmpty else {
            let others = signatures.map { "`\($0.name)+\(hexadecimal($0.keyID))`" }
            throw TransparencyError(
                .unsigned, at: location,
                "not signed by `\(key.label)`; signed by \(others.joined(separator: ", "))")
        }
        for signature in own
        where !key.publicKey.accepts(signature: signature.bytes, of: text) {
            throw TransparencyError(
                .badSignature, at: location,
                "the signature by `\(key.label)` does not fit its text")
        }
    }

    /// Checks that at least one of `keys` signed this note, and that no signature of theirs is bad.
    ///
    /// - Returns: the last of them that did: keys are given in the order of their use.
    @discardableResult
    public func verify(
        anyOf keys: [VerifierKey], at location: String?
    ) throws(TransparencyError) -> VerifierKey {
        var signer: VerifierKey?
        var refusal = TransparencyError(.unsigned, at: location, "no key given")
        for key in keys {
            do throws(TransparencyError) {
                try verify(key, at: location)
                signer = key
            } catch {
                guard error.code == .unsigned else { throw error }
                refusal = error
            }
        }
        guard let signer else { throw refusal }
        return signer
    }
}
