// SPDX-License-Identifier: Apache-2.0

/// One line, in the making.
struct LogLine {
    private(set) var bytes: [UInt8] = []
    private let format: LogFormat

    init(format: LogFormat, time: String, level: LogLevel, code: String, message: String) {
        self.format = format
        bytes.reserveCapacity(256)
        switch format {
        case .json, .automatic:
            bytes.append(UInt8(ascii: "{"))
            add("time", .text(time))
            add("level", .text(level.word))
            add("code", .text(code))
            add("message", .text(message))
        case .logfmt:
            add("time", .text(time))
            add("level", .text(level.word))
            add("code", .text(code))
            add("message", .text(message))
        case .text:
            let word = level.word
            append(time.dropFirst(11).dropLast() + " " + word)
            append(String(repeating: " ", count: 8 - word.utf8.count))
            appendEscaped(message, quote: nil)
        }
    }

    mutating func add(_ key: String, _ value: LogValue) {
        switch format {
        case .json, .automatic:
            if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
            appendQuoted(key)
            bytes.append(UInt8(ascii: ":"))
            appendJSON(value)
        case .logfmt, .text:
            if !bytes.isEmpty { bytes.append(UInt8(ascii: " ")) }
            append(key + "=")
            appendWord(value)
        }
    }

    /// The whole line with its line feed.
    mutating func finish() -> [UInt8] {
        if format == .json || format == .automatic { bytes.append(UInt8(ascii: "}")) }
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private mutating func appendJSON(_ value: LogValue) {
        switch value {
        case .text(let text): appendQuoted(text)
        case .integer(let number): append(String(number))
        case .boolean(let flag): append(flag ? "true" : "false")
        }
    }

    private mutating func appendWord(_ value: LogValue) {
        guard case .text(let text) = value else { return appendJSON(value) }
        let isPlain =
            !text.isEmpty
            && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x3D && $0 != 0x7F }
        if isPlain && text.utf8.count <= Limits.valueBytes {
            append(text)
        } else {
            appendQuoted(text)
        }
    }

    private mutating func appendQuoted(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        appendEscaped(text, quote: UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: "\""))
    }

    /// Cut where it is long.
    private mutating func appendEscaped(_ text: String, quote: UInt8?) {
        var end = text.utf8.count
        let utf8 = Array(text.utf8.prefix(Limits.valueBytes))
        if utf8.count < end {
            end = utf8.count
            while end > 0, utf8[end - 1] & 0xC0 == 0x80 { end -= 1 }
            if end > 0, utf8[end - 1] >= 0xC0 { end -= 1 }
        }
        EscapedText.append(utf8[..<end], quote: quote, to: &bytes)
        if end < text.utf8.count { append("...") }
    }
}
