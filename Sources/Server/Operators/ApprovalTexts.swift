// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Authorization
import Cryptography
import DecisionLog
import Platform
import Synchronization

/// Reads the arguments of approvals from beside the log, for people. Nothing is remembered: what
/// was erased is gone at once.
final class ApprovalTexts: Sendable {
    private struct State: @unchecked Sendable {
        let reader: ContentReader?
    }

    private let state: Mutex<State>

    /// - Parameter content: nil when nothing is kept.
    init(_ content: (any Storage)?) {
        state = Mutex(State(reader: content.map { ContentReader($0) }))
    }

    /// The approval with its arguments, where they are still there.
    func complete(_ approval: Approval) -> Approval {
        guard let text = approval.text, let reference = ContentReference(text),
            let id = DecisionID(approval.id)
        else { return approval }
        var copy = approval
        copy.arguments = state.withLock { state in
            guard case .kept(let text) = try? state.reader?.read(reference, of: id) else {
                return ""
            }
            return String(decoding: text, as: UTF8.self)
        }
        return copy
    }
}

extension ApprovalText {
    init(_ reference: ContentReference) {
        self.init(
            segment: reference.segment, offset: reference.offset, bytes: reference.bytes,
            sha256: reference.digest.description)
    }
}

extension ContentReference {
    /// nil when the hash is none.
    init?(_ text: ApprovalText) {
        var digits = text.sha256
        let digest = digits.withUTF8 { Digest(hexadecimal: Bytes(UnsafeRawBufferPointer($0))) }
        guard let digest else { return nil }
        self.init(segment: text.segment, offset: text.offset, bytes: text.bytes, digest: digest)
    }
}

extension Digest {
    /// From 64 lower-case digits; nil for anything else.
    init?(hexadecimal text: Bytes) {
        guard text.count == 2 * Digest.byteCount else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Digest.byteCount)
        for place in stride(from: 0, to: text.count, by: 2) {
            guard let high = Self.digit(text[place]), let low = Self.digit(text[place + 1]) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        self.init(bytes)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}
