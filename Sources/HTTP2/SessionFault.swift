// SPDX-License-Identifier: Apache-2.0

/// Why a connection ends early. The raw value is stable: it is the metric label.
public enum SessionFault: String, Error, Sendable, CaseIterable {
    case badPreface = "bad_preface"
    case protocolError = "protocol_error"
    case headerListTooLarge = "header_list_too_large"
    case tooManyResets = "too_many_resets"
    case tooManySettings = "too_many_settings"
    case tooManyPings = "too_many_pings"
    case tooManyEmptyFrames = "too_many_empty_frames"
    case tooManyPriorities = "too_many_priorities"
    case tooManyWindowUpdates = "too_many_window_updates"
    case tooManyContinuations = "too_many_continuations"
    case tooManyPendingFrames = "too_many_pending_frames"

    /// The error code that the peer is told.
    var errorCode: ErrorCode {
        switch self {
        case .badPreface, .protocolError: .protocolError
        default: .enhanceYourCalm
        }
    }
}
