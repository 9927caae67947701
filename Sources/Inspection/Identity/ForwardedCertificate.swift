// SPDX-License-Identifier: Apache-2.0
import Authorization

/// The `x-forwarded-client-cert` header (Envoy, "Request headers"): elements separated by commas,
/// each of pairs `key=value` separated by semicolons; values may be quoted.
///
/// Proxies append their element, so only the last one was written by the proxy nearest to us. Its
/// values are not escaped: a name that holds `;URI=` makes a second URI, and then nothing is read.
enum ForwardedCertificate {
    /// `portcullis.xfcc` in a route's `context_extensions`; `trusted` says that every request of
    /// this listener comes from a proxy that sets the header itself.
    static let trustExtension: StaticString = "portcullis.xfcc"

    static func isTrusted(_ context: AttributeContext) -> Bool {
        context.contextExtension(Bytes(trustExtension))?.equals("trusted") ?? false
    }

    /// - Returns: the one URI of the last element; nil when it has none, or several, or is
    /// malformed.
    static func name(_ header: Bytes) -> Bytes? {
        guard header.count <= Limits.forwardedCertificateBytes else { return nil }
        var start = 0
        var uri: Bytes?
        var count = 0
        while start <= header.count {
            guard let end = pairEnd(header, from: start) else { return nil }
            let pair = header[start..<end].trimmed
            if let equals = pair.firstIndex(of: UInt8(ascii: "=")),
                pair[0..<equals].equalsIgnoringCase("uri")
            {
                uri = unquoted(pair[equals + 1..<pair.count])
                count += 1
            }
            if end < header.count, header[end] == UInt8(ascii: ",") { (uri, count) = (nil, 0) }
            start = end + 1
        }
        return count == 1 ? uri : nil
    }

    /// Where the pair at `start` ends: at a separator outside of quotes, or at the end.
    private static func pairEnd(_ header: Bytes, from start: Int) -> Int? {
        var isQuoted = false
        var index = start
        while index < header.count {
            let byte = header[index]
            if isQuoted, byte == UInt8(ascii: "\\") {
                index += 2
                continue
            }
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if !isQuoted, byte == UInt8(ascii: ";") || byte == UInt8(ascii: ",") { return index }
            index += 1
        }
        return isQuoted ? nil : header.count
    }

    private static func unquoted(_ value: Bytes) -> Bytes {
        guard value.count >= 2, value.first == UInt8(ascii: "\""),
            value.last == UInt8(ascii: "\"")
        else { return value }
        return value[1..<value.count - 1]
    }
}
