// SPDX-License-Identifier: Apache-2.0
import Cryptography

/// What a log says of itself at one moment (C2SP tlog-checkpoint): origin, size, root hash.
public struct Checkpoint: Equatable, Sendable {
    /// Names the log; equal to the name of the key that signs.
    public let origin: String
    /// Entries in the tree.
    public let size: Int
    public let root: Digest
    /// Extension lines, without line feeds; we write none.
    public let extensions: [String]

    public init(origin: String, size: Int, root: Digest, extensions: [String] = []) {
        self.origin = origin
        self.size = size
        self.root = root
        self.extensions = extensions
    }

    /// The text that is signed.
    public var body: [UInt8] {
        let lines = [origin, String(size), rootText] + extensions
        return Array(lines.map { $0 + "\n" }.joined().utf8)
    }

    /// The root in base64, as in the body.
    public var rootText: String { Base64.encode(root.bytes) }

    public func signed(by signer: NoteSigner) throws -> SignedNote {
        SignedNote(text: body, signatures: [try signer.sign(body)])
    }

    /// Parses the text of a note.
    public init(body: [UInt8], at location: String?) throws(TransparencyError) {
        func refuse(_ message: String) -> TransparencyError {
            TransparencyError(.malformedCheckpoint, at: location, message)
        }
        let lines = body.split(separator: 0x0A, omittingEmptySubsequences: false)
        guard lines.count >= 4, lines.last?.isEmpty == true else {
            throw refuse("expected lines with origin, size and root")
        }
        let texts = lines.dropLast().map { String(decoding: $0, as: UTF8.self) }
        guard texts.allSatisfy({ !$0.isEmpty }) else { throw refuse("holds an empty line") }
        guard let size = decimal(lines[1]) else {
            throw refuse("size: expected a decimal number, got `\(texts[1])`")
        }
        guard size <= LogLimits.entries else {
            throw refuse("size: expected at most \(LogLimits.entries), got `\(texts[1])`")
        }
        guard let bytes = Base64.decode(lines[2]), let root = Digest(bytes) else {
            throw refuse("root: expected 32 bytes in base64, got `\(texts[2])`")
        }
        self.init(origin: texts[0], size: size, root: root, extensions: Array(texts.dropFirst(3)))
    }

    /// Parses a signed checkpoint and checks its signature and origin.
    ///
    /// - Parameters:
    ///   - location: the file, for the error.
    ///   - key: its name is the origin that is expected.
    public init(
        note: [UInt8], key: VerifierKey, at location: String?
    ) throws(TransparencyError) {
        try self.init(note: note, keys: [key], at: location)
    }

    /// Parses a checkpoint that one of several keys signed: a log changes its key now and then.
    public init(
        note: [UInt8], keys: [VerifierKey], at location: String?
    ) throws(TransparencyError) {
        let note = try SignedNote(note, at: location)
        let key = try note.verify(anyOf: keys, at: location)
        try self.init(body: note.text, at: location)
        guard origin == key.name else {
            throw TransparencyError(
                .wrongOrigin, at: location, "origin: expected `\(key.name)`, got `\(origin)`")
        }
    }
}

/// A number without sign and leading zeros that fits 63 bits; nil for anything else.
func decimal(_ digits: ArraySlice<UInt8>) -> Int? {
    guard let first = digits.first, digits.count == 1 || first != UInt8(ascii: "0") else {
        return nil
    }
    var value = 0
    for digit in digits {
        guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
        let (tens, isTooLarge) = value.multipliedReportingOverflow(by: 10)
        let (sum, overflows) = tens.addingReportingOverflow(Int(digit - UInt8(ascii: "0")))
        guard !isTooLarge, !overflows else { return nil }
        value = sum
    }
    return value
}
