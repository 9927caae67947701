// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// The request header in which an agent says how sure it is of what it does: always a claim.
///
/// Immutable; owns the memory of its name.
public final class ConfidenceHeader: @unchecked Sendable {
    public static let defaultName = "x-agent-confidence"

    private let name: OwnedBytes

    public init(name: String = defaultName) { self.name = OwnedBytes(name.lowercased()) }

    /// `{"value": 0 to 1, "provenance": "claimed"}`; `.undefined` when the header is absent, or
    /// is no number from 0 to 1 with at most six decimals.
    public func value(_ context: AttributeContext, in arena: Arena) -> Value {
        guard let text = context.header(name.bytes)?.trimmed, Self.isShare(text) else {
            return .undefined
        }
        return Value.object(["value", "provenance"], in: arena) { key in
            key.equals("value")
                ? arena.number(text.buffer) : .string(Provenance.claimed.word)
        }
    }

    /// `0`, `1`, `0.25`, `1.0`.
    private static func isShare(_ text: Bytes) -> Bool {
        guard text.count > 0, text.count <= Limits.confidenceBytes, text[0] <= UInt8(ascii: "1"),
            ASCII.isDigit(text[0])
        else { return false }
        guard text.count > 1 else { return true }
        guard text[1] == UInt8(ascii: "."), text.count > 2 else { return false }
        for index in 2..<text.count {
            guard ASCII.isDigit(text[index]) else { return false }
            if text[0] == UInt8(ascii: "1"), text[index] != UInt8(ascii: "0") { return false }
        }
        return true
    }
}
