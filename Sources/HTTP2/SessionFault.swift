// SPDX-License-Identifier: Apache-2.0
import CNghttp2

/// Why a connection ends early. The raw value is stable: it is the metric label and the log field.
public enum SessionFault: String, Error, Sendable {
    case badPreface = "bad_preface"
    case protocolError = "protocol_error"
    case headerListTooLarge = "header_list_too_large"
    case tooManyResets = "too_many_resets"
    case tooManySettings = "too_many_settings"
    case tooManyPings = "too_many_pings"
    case tooManyEmptyFrames = "too_many_empty_frames"
    case tooManyPriorities = "too_many_priorities"
    case tooManyWindowUpdates = "too_many_window_updates"
    case tooManyPendingFrames = "too_many_pending_frames"
    case outOfMemory = "out_of_memory"

    /// The error code that the peer is told (RFC 9113 section 7).
    var errorCode: UInt32 {
        switch self {
        case .badPreface, .protocolError: NGHTTP2_PROTOCOL_ERROR.rawValue
        case .outOfMemory: NGHTTP2_INTERNAL_ERROR.rawValue
        default: NGHTTP2_ENHANCE_YOUR_CALM.rawValue
        }
    }

    /// What a negative result of nghttp2 means for the connection.
    init(result: Int) {
        switch nghttp2_error(rawValue: Int32(truncatingIfNeeded: result)) {
        case NGHTTP2_ERR_BAD_CLIENT_MAGIC: self = .badPreface
        case NGHTTP2_ERR_FLOODED: self = .tooManyPendingFrames
        case NGHTTP2_ERR_NOMEM: self = .outOfMemory
        default: self = .protocolError
        }
    }
}
