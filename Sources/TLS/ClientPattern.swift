// SPDX-License-Identifier: Apache-2.0
import Authorization

/// Clients that may connect: one SPIFFE ID, or with `/*` at its end all IDs below it.
public struct ClientPattern: Sendable, Equatable {
    public let text: String
    /// What an ID must be, or must begin with: then it ends with a slash.
    private let bytes: [UInt8]
    private let isPrefix: Bool

    /// - Parameter text: `spiffe://acme.example/gateway`, `spiffe://acme.example/gateways/*`.
    public init?(_ text: String) {
        isPrefix = text.hasSuffix("/*")
        let id = isPrefix ? text.dropLast(2) : text[...]
        bytes = Array(id.utf8) + (isPrefix ? [UInt8(ascii: "/")] : [])
        let isID = Array(id.utf8).withUnsafeBytes { SPIFFEID(Bytes($0)) != nil }
        guard isID else { return nil }
        self.text = text
    }

    func matches(_ id: SPIFFEID) -> Bool {
        guard id.text.count >= bytes.count else { return false }
        let beginning = isPrefix ? id.text[0..<bytes.count] : id.text
        return beginning.buffer.elementsEqual(bytes)
    }
}
