// SPDX-License-Identifier: Apache-2.0
import Authorization

/// What a content type says about the body (RFC 9110 section 8.3).
enum MediaType {
    case absent
    /// `application/json` in any case, with or without parameters.
    case json
    /// Another type whose content is JSON: `application/vnd.api+json`, `text/json`.
    case jsonSuffix
    case other

    init(_ value: Bytes) {
        if value.equals("application/json") {
            self = .json
            return
        }
        var end = 0
        while end < value.count, value[end] != UInt8(ascii: ";") { end += 1 }
        let type = value[0..<end].trimmed
        if type.isEmpty {
            self = .absent
        } else if type.equalsIgnoringCase("application/json") {
            self = .json
        } else if type.count > 5, type[type.count - 5..<type.count].equalsIgnoringCase("+json") {
            self = .jsonSuffix
        } else if type.equalsIgnoringCase("text/json")
            || type.equalsIgnoringCase("application/json-rpc")
        {
            self = .jsonSuffix
        } else {
            self = .other
        }
    }

    /// True when a `charset` parameter asks for another encoding than UTF-8 or its subset.
    static func hasForeignCharset(_ value: Bytes) -> Bool {
        guard var start = value.firstIndex(of: UInt8(ascii: ";")) else { return false }
        while start < value.count {
            let end = value.firstIndex(of: UInt8(ascii: ";"), from: start + 1) ?? value.count
            let parameter = value[start + 1..<end].trimmed
            if parameter.count >= 8, parameter[0..<8].equalsIgnoringCase("charset=") {
                var charset = parameter[8..<parameter.count]
                if charset.count >= 2, charset[0] == UInt8(ascii: "\"") {
                    charset = charset[1..<charset.count - 1]
                }
                return
                    !(charset.equalsIgnoringCase("utf-8") || charset.equalsIgnoringCase("utf8")
                    || charset.equalsIgnoringCase("us-ascii"))
            }
            start = end
        }
        return false
    }
}

/// What the first bytes of a body show.
enum BodyShape {
    /// It opens a JSON object or array.
    case json
    /// White space and nothing else.
    case blank
    /// It opens a JSON object or array in UTF-16 or UTF-32, or behind a byte order mark: some
    /// parsers find that out by themselves, others fail.
    case encoded
    case other

    init(_ body: Bytes) {
        let buffer = body.buffer
        guard buffer.count > 0 else {
            self = .blank
            return
        }
        if Self.isOpening(buffer[0]) && (buffer.count < 2 || buffer[1] != 0) {
            self = .json
            return
        }
        self.init(slowly: buffer)
    }

    private init(slowly buffer: UnsafeBufferPointer<UInt8>) {
        // Zeros and the bytes of marks say that it is no plain text; what they surround may be.
        var isEncoded = buffer.count > 1 && buffer[1] == 0
        for byte in buffer.prefix(Limits.shapeBytes) {
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0D: continue
            case 0x00, 0xEF, 0xBB, 0xBF, 0xFE, 0xFF: isEncoded = true
            default:
                self = !Self.isOpening(byte) ? .other : isEncoded ? .encoded : .json
                return
            }
        }
        self = isEncoded ? .other : .blank
    }

    private static func isOpening(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[")
    }
}
