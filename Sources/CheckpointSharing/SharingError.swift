// SPDX-License-Identifier: Apache-2.0

/// Why a checkpoint did not get somewhere.
public struct SharingError: Error, Equatable, Sendable {
    /// Stable: the event of the log line.
    public enum Code: String, Sendable, CaseIterable {
        /// The file, or the witness, holds a checkpoint that this log does not extend.
        case differs = "checkpoint_differs"
        case file = "checkpoint_file_failed"
        case push = "checkpoint_push_failed"
        case witness = "checkpoint_witness_failed"
        case log = "checkpoint_unreadable"
    }

    public let code: Code
    /// The file, the URL, the witness.
    public let place: String
    /// Lower case, without full stop.
    public let message: String

    init(_ code: Code, at place: String, _ message: String) {
        self.code = code
        self.place = place
        self.message = message
    }
}

extension SharingError: CustomStringConvertible {
    public var description: String { "\(place): \(message)" }
}
