// SPDX-License-Identifier: Apache-2.0
import Cryptography

/// A key that checks notes (C2SP signed-note, "Verifier keys"): `<name>+<key id>+<base64>`.
///
/// Ed25519 alone: signature type 0x01 signs notes, such as our checkpoints, and type 0x04 is a
/// witness's (C2SP tlog-cosignature).
public struct VerifierKey: Sendable {
    public let name: String
    public let keyID: UInt32
    public let publicKey: Ed25519PublicKey
    public let kind: Kind

    /// What the key signs: the type byte of its text form.
    public enum Kind: UInt8, Sendable {
        case note = 0x01
        case cosignature = 0x04
    }

    public init(
        name: String, publicKey: Ed25519PublicKey, kind: Kind = .note
    ) throws(TransparencyError) {
        try checkKeyName(name)
        self.name = name
        self.publicKey = publicKey
        self.kind = kind
        keyID = Self.keyID(name, kind, publicKey.bytes)
    }

    /// Reads the text form.
    ///
    /// - Parameter kind: what the key must sign.
    public init(_ text: String, kind: Kind = .note) throws(TransparencyError) {
        let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else {
            throw TransparencyError(
                .malformedKey, "verifier key: expected `name+id+key`, got `\(text)`")
        }
        guard let encoded = Base64.decode(parts[2].utf8), encoded.first == kind.rawValue,
            encoded.count == 1 + Ed25519.publicKeyLength,
            let publicKey = try? Ed25519PublicKey(bytes: encoded.dropFirst())
        else {
            throw TransparencyError(
                .malformedKey,
                "verifier key: expected an Ed25519 key of type \(kind.rawValue), "
                    + "got `\(parts[2])`")
        }
        try self.init(name: String(parts[0]), publicKey: publicKey, kind: kind)
        guard parts[1].utf8.elementsEqual(keyIDText.utf8) else {
            throw TransparencyError(
                .malformedKey, "verifier key: expected id `\(keyIDText)`, got `\(parts[1])`")
        }
    }

    public var text: String {
        "\(name)+\(keyIDText)+" + Base64.encode([kind.rawValue] + publicKey.bytes)
    }

    /// The name and id, as messages show it.
    public var label: String { "\(name)+\(keyIDText)" }

    /// Eight hexadecimal digits.
    public var keyIDText: String { hexadecimal(keyID) }

    /// The first four bytes of SHA-256(name || LF || type || key).
    private static func keyID(_ name: String, _ kind: Kind, _ publicKey: [UInt8]) -> UInt32 {
        let hash = SHA256.hash(Array(name.utf8) + [0x0A, kind.rawValue] + publicKey).bytes
        return hash.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }
}

extension VerifierKey: CustomStringConvertible {
    public var description: String { text }
}

/// A key that signs notes under a name.
public struct NoteSigner: Sendable {
    public let verifierKey: VerifierKey
    private let privateKey: Ed25519PrivateKey

    public init(name: String, privateKey: Ed25519PrivateKey) throws(TransparencyError) {
        self.privateKey = privateKey
        verifierKey = try VerifierKey(name: name, publicKey: privateKey.publicKey)
    }

    /// Signs `text`, which ends with a line feed.
    public func sign(_ text: [UInt8]) throws -> NoteSignature {
        NoteSignature(
            name: verifierKey.name, keyID: verifierKey.keyID,
            bytes: try privateKey.sign(text))
    }
}

/// A key name is not empty and has no space and no `+` (signed-note, "Format").
private func checkKeyName(_ name: String) throws(TransparencyError) {
    let isGood =
        !name.isEmpty && name.utf8.count <= LogLimits.keyNameLength
        && name.unicodeScalars.allSatisfy {
            $0 != "+" && !$0.properties.isWhitespace && $0.value >= 0x20
        }
    guard isGood else {
        throw TransparencyError(
            .malformedKey, "key name: expected no spaces and no `+`, got `\(name)`")
    }
}

func hexadecimal(_ word: UInt32) -> String {
    let digits = String(word, radix: 16)
    return String(repeating: "0", count: 8 - digits.utf8.count) + digits
}
