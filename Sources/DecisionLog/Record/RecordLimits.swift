// SPDX-License-Identifier: Apache-2.0

/// Bytes of JSON text that each part of a record may take. Longer ones are cut, and the record says
/// so. Together they fit an entry, whatever a request holds.
enum RecordLimits {
    static let path = 4_096
    static let host = 1_024
    static let identity = 2_048
    static let name = 512
    static let headerValue = 2_048
    static let message = 1_024
    /// Elements of one list.
    static let elements = 64
    /// What one list may take.
    static let list = 4_096
    /// Kept free for what closes the record.
    static let reserve = 64
}
