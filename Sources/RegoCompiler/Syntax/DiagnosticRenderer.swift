// SPDX-License-Identifier: Apache-2.0

/// Writes diagnostics for people: place, code, message, the source line and a caret below.
public struct DiagnosticRenderer: Sendable {
    public enum Style: Sendable {
        /// As OPA prints: `policy.rego:4: rego_parse_error: message`, line and caret after a tab.
        case opa
        /// With the column: `policy.rego:4:7: ...`, and advice in a line of its own.
        case full
    }

    private let sources: [Source]
    private let style: Style

    /// - Parameter sources: the compilation's list, which the locations' `file` counts through.
    public init(_ sources: [Source], style: Style = .opa) {
        self.sources = sources
        self.style = style
    }

    /// `1 error occurred: ...`, or a heading with one diagnostic after another.
    public func render(_ failure: CompilationFailure) -> String {
        let texts = failure.diagnostics.map(render)
        switch texts.count {
        case 0: return "no error(s)"
        case 1: return "1 error occurred: " + texts[0]
        default: return "\(texts.count) errors occurred:\n" + texts.joined(separator: "\n")
        }
    }

    public func render(_ diagnostic: Diagnostic) -> String {
        let location = diagnostic.location
        var text = location == .none ? "" : "\(place(location)): "
        text += "\(diagnostic.code.rawValue): "
        text += style == .opa ? Self.message(diagnostic) : diagnostic.message
        // OPA shows either: details belong to types, the source line to syntax.
        let below = diagnostic.details
        if style == .full || below.isEmpty {
            for line in excerpt(location) { text += "\n\t" + line }
        }
        for line in below { text += "\n\t" + line }
        if style == .full, let hint = diagnostic.hint { text += "\n\thint: " + hint }
        return text
    }

    /// The message as OPA words it, with the advice in parentheses.
    public static func message(_ diagnostic: Diagnostic) -> String {
        guard let hint = diagnostic.hint else { return diagnostic.message }
        return "\(diagnostic.message) (hint: \(hint))"
    }

    private func place(_ location: Location) -> String {
        let source = source(location)
        guard let source, !source.name.isEmpty else { return "\(location.row):\(location.column)" }
        let rowOnly = style == .opa || location.column == 0
        return "\(source.name):\(location.row)" + (rowOnly ? "" : ":\(location.column)")
    }

    private func source(_ location: Location) -> Source? {
        sources.indices.contains(Int(location.file)) ? sources[Int(location.file)] : nil
    }

    // MARK: Source lines

    /// The line of a location and a caret below it. Nothing where there is no text. At the end of
    /// a text the last thing before counts, so that the line is not an empty one.
    private func excerpt(_ location: Location) -> [String] {
        guard location.row > 0, let source = source(location) else { return [] }
        let bytes = Array(source.text.utf8)
        guard !bytes.isEmpty else { return [] }
        var offset = min(max(Int(location.start), 0), bytes.count - 1)
        while offset > 0, Self.isSpace(bytes[offset]) { offset -= 1 }
        var begin = offset
        while begin > 0, !Self.isLineEnd(bytes[begin - 1]) { begin -= 1 }
        var end = offset
        while end < bytes.count, !Self.isLineEnd(bytes[end]) { end += 1 }
        while begin < min(offset, end), bytes[begin] == UInt8(ascii: "\t") { begin += 1 }
        let indent = bytes[begin..<max(begin, offset)].count { $0 & 0xC0 != 0x80 }
        let line = String(decoding: bytes[begin..<max(begin, end)], as: UTF8.self)
        return [line, String(repeating: " ", count: indent) + "^"]
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || 0x09...0x0D ~= byte
    }

    private static func isLineEnd(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
    }
}
