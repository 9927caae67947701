// SPDX-License-Identifier: Apache-2.0

/// One block of a PEM file (RFC 7468).
struct PEMBlock {
    var type: String
    var bytes: [UInt8]

    /// The first well-formed block of `text`; `rest` becomes what stands behind its last line.
    static func first(in text: ArraySlice<UInt8>, rest: inout ArraySlice<UInt8>) -> PEMBlock? {
        var lines = LineReader(text)
        while let line = lines.next() {
            guard let type = label(line, "-----BEGIN ") else { continue }
            let body = lines.rest
            if let block = block(type, &lines) {
                rest = lines.rest
                return block
            }
            lines = LineReader(body)
        }
        return nil
    }

    static func all(in text: [UInt8]) -> [PEMBlock] {
        var blocks: [PEMBlock] = []
        var rest = text[...]
        while let block = first(in: rest, rest: &rest) { blocks.append(block) }
        return blocks
    }

    private static func block(_ type: String, _ lines: inout LineReader) -> PEMBlock? {
        var body: [UInt8] = []
        var isInHeaders = true
        while let line = lines.next() {
            if let end = label(line, "-----END ") {
                guard end == type, let bytes = try? Base64Text.decode(body, .standard) else {
                    return nil
                }
                return PEMBlock(type: type, bytes: bytes)
            }
            if line.starts(with: "-----BEGIN ".utf8) { return nil }
            if isInHeaders && line.contains(UInt8(ascii: ":")) { continue }
            if !line.isEmpty { isInHeaders = false }
            body += line.filter { $0 != 0x20 && $0 != 0x09 }
        }
        return nil
    }

    /// The label of a line such as `-----BEGIN CERTIFICATE-----`.
    private static func label(_ line: ArraySlice<UInt8>, _ prefix: String) -> String? {
        let dashes = Array("-----".utf8)
        guard line.starts(with: prefix.utf8), line.count >= prefix.utf8.count + dashes.count,
            line.suffix(dashes.count).elementsEqual(dashes)
        else { return nil }
        return String(
            decoding: line.dropFirst(prefix.utf8.count).dropLast(dashes.count), as: UTF8.self)
    }
}

/// Lines without their ends and without white space behind them.
private struct LineReader {
    private(set) var rest: ArraySlice<UInt8>

    init(_ text: ArraySlice<UInt8>) { rest = text }

    mutating func next() -> ArraySlice<UInt8>? {
        guard !rest.isEmpty else { return nil }
        var line = rest.prefix { $0 != 0x0A }
        rest = rest.dropFirst(line.count + 1)
        while let last = line.last, last == 0x20 || last == 0x09 || last == 0x0D {
            line.removeLast()
        }
        return line
    }
}
