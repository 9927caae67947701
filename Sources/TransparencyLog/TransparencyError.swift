// SPDX-License-Identifier: Apache-2.0

/// Why a note, checkpoint, proof or log is refused.
public struct TransparencyError: Error, Equatable, Sendable {
    /// Stable: also the `code` of machine output.
    public enum Code: String, Sendable, CaseIterable {
        case malformedKey = "log_malformed_key"
        case malformedNote = "log_malformed_note"
        case malformedCheckpoint = "log_malformed_checkpoint"
        case malformedBundle = "log_malformed_bundle"
        case malformedTile = "log_malformed_tile"
        case malformedProof = "log_malformed_proof"
        case unsigned = "log_unsigned"
        case badSignature = "log_bad_signature"
        case wrongOrigin = "log_wrong_origin"
        case missing = "log_missing"
        case entryDiffers = "log_entry_differs"
        case tileDiffers = "log_tile_differs"
        case rootDiffers = "log_root_differs"
        case shrunk = "log_shrunk"
        case forked = "log_forked"
        case proofFails = "log_proof_fails"
    }

    public let code: Code
    /// The file below the log's folder, or the line of a text; nil when it is the whole input.
    public let location: String?
    /// Lower case, without full stop.
    public let message: String

    public init(_ code: Code, at location: String? = nil, _ message: String) {
        self.code = code
        self.location = location
        self.message = message
    }
}

extension TransparencyError: CustomStringConvertible {
    public var description: String {
        guard let location else { return message }
        return "\(location): \(message)"
    }
}
