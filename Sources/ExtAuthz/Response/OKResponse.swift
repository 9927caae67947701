// SPDX-License-Identifier: Apache-2.0
import Authorization

/// `OkHttpResponse`: what changes on a request that may pass.
enum OKResponse {
    /// - Parameter decision: not changed; see `CheckResponseWriter`.
    static func write(_ decision: inout Decision.Content, to writer: inout WireWriter) {
        let response = writer.open(3)
        writeRequestHeaders(decision.headers, to: &writer)
        writeRemovals(&decision, to: &writer)
        for header in decision.responseHeadersToAdd where !header.value.isEmpty {
            let option = writer.open(6)
            HeaderOption.write(header, to: &writer)
            writer.close(option)
        }
        for parameter in decision.queryParametersToSet {
            let entry = writer.open(7)
            PercentEncoding.write(parameter.name, field: 1, to: &writer)
            PercentEncoding.write(parameter.value, field: 2, to: &writer)
            writer.close(entry)
        }
        for name in decision.queryParametersToRemove {
            PercentEncoding.write(name, field: 8, to: &writer)
        }
        writer.close(response)
    }

    /// One option a name, its values joined: Envoy keeps only the last of a repeated name, and
    /// adds nothing at all with `append` true when the header is absent.
    private static func writeRequestHeaders(
        _ headers: [Decision.Field], to writer: inout WireWriter
    ) {
        for index in headers.indices where isFirst(index, headers) && hasValue(index, headers) {
            let option = writer.open(2)
            let header = writer.open(1)
            HeaderOption.writeName(headers[index].name, field: 1, to: &writer)
            writeJoinedValue(index, headers, to: &writer)
            writer.close(header)
            // `append`: a BoolValue that is present and false.
            writer.close(writer.open(2))
            writer.close(option)
        }
    }

    private static func writeJoinedValue(
        _ index: Int, _ headers: [Decision.Field], to writer: inout WireWriter
    ) {
        let value = writer.open(2)
        let name = headers[index].name
        for other in headers[index...] where other.name.equalsIgnoringCase(name) {
            if other.value.isEmpty { continue }
            if writer.length(since: value) > 0 { writer.append(UInt8(ascii: ",")) }
            writer.append(other.value)
        }
        writer.close(value)
    }

    /// A header that is set to nothing is removed instead: Envoy versions differ on whether an
    /// empty value replaces the client's, and the client's must not get through.
    private static func writeRemovals(
        _ decision: inout Decision.Content, to writer: inout WireWriter
    ) {
        let headers = decision.headers
        for index in headers.indices where isFirst(index, headers) && !hasValue(index, headers) {
            HeaderOption.writeName(headers[index].name, field: 5, to: &writer)
        }
        let removals = decision.requestHeadersToRemove
        for (index, name) in removals.enumerated()
        where !removals[..<index].contains(where: { $0.equalsIgnoringCase(name) }) {
            HeaderOption.writeName(name, field: 5, to: &writer)
        }
    }

    private static func isFirst(_ index: Int, _ headers: [Decision.Field]) -> Bool {
        for earlier in headers[..<index]
        where earlier.name.equalsIgnoringCase(headers[index].name) {
            return false
        }
        return true
    }

    private static func hasValue(_ index: Int, _ headers: [Decision.Field]) -> Bool {
        for other in headers[index...]
        where !other.value.isEmpty && other.name.equalsIgnoringCase(headers[index].name) {
            return true
        }
        return false
    }
}

/// `HeaderValueOption`. The value goes into `value`: Envoy ignores `raw_value` in answers.
enum HeaderOption {
    /// The content of an option with `append` and `append_action` unset.
    static func write(_ field: Decision.Field, to writer: inout WireWriter) {
        let header = writer.open(1)
        writeName(field.name, field: 1, to: &writer)
        writer.field(2, bytes: field.value)
        writer.close(header)
    }

    /// Names go out in lower case, as HTTP/2 has them.
    static func writeName(_ name: Bytes, field: UInt32, to writer: inout WireWriter) {
        let text = writer.open(field)
        writer.appendLowercased(name)
        writer.close(text)
    }
}

/// RFC 3986, section 2.1. Envoy puts query parameters into the path as they come, so an "&" or a
/// space in one would make other parameters or a broken request.
enum PercentEncoding {
    static func write(_ text: Bytes, field: UInt32, to writer: inout WireWriter) {
        let content = writer.open(field)
        for byte in text.buffer {
            if isUnreserved(byte) {
                writer.append(byte)
            } else {
                writer.append(UInt8(ascii: "%"))
                writer.append(digit(byte >> 4))
                writer.append(digit(byte & 15))
            }
        }
        writer.close(content)
    }

    private static func digit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "A") - 10 + nibble
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        HeaderSyntax.isLetterOrDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
            || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "~")
    }
}
