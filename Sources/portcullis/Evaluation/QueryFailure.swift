// SPDX-License-Identifier: Apache-2.0
import PolicyBundle
import RegoCompiler
import RegoVM

/// Why a query has no answer, in the shape that `opa eval` gives it.
struct QueryFailure: Error {
    struct Entry {
        var message: String
        /// Empty when the error has none.
        var code = ""
        /// Empty when it concerns no file.
        var file = ""
        /// 0 when unknown.
        var row = 0
        var column = 0
        /// The source line of a text that cannot be parsed, and the byte in it.
        var line: (text: String, index: Int)?
        /// How it is shown to people.
        var text: String
    }

    var entries: [Entry]

    init(_ failure: CompilationFailure, _ sources: [Source]) {
        let renderer = DiagnosticRenderer(sources)
        // What is wrong with a variable of ours is wrong with the query's own, too.
        let own = failure.diagnostics.filter { !$0.message.contains(QueryCapture.prefix) }
        entries = (own.isEmpty ? failure.diagnostics : own).map { diagnostic in
            Entry(
                message: DiagnosticRenderer.message(diagnostic), code: diagnostic.code.rawValue,
                file: Self.name(diagnostic.location.file, sources),
                row: Int(diagnostic.location.row),
                column: Int(diagnostic.location.column),
                line: Self.line(of: diagnostic, sources), text: renderer.render(diagnostic))
        }
    }

    init(_ error: EvaluationError, _ sources: [Source]) {
        let file = error.position.map { Self.name($0.file, sources) } ?? ""
        let row = Int(error.position?.row ?? 0)
        let place = file.isEmpty ? (row == 0 ? "" : "\(row): ") : "\(file):\(row): "
        entries = [
            Entry(
                message: error.message, code: error.code.rawValue, file: file, row: row,
                column: Int(error.position?.column ?? 0),
                text: "\(place)\(error.code.rawValue): \(error.message)")
        ]
    }

    init(_ failure: LoadFailure) {
        entries = failure.errors.map { error in
            Entry(
                message: error.row == 0 ? error.description : error.message,
                code: error.code.rawValue,
                file: error.row == 0 ? "" : error.file, row: error.row, column: error.column,
                text: error.description)
        }
    }

    init(message: String) {
        entries = [Entry(message: message, text: message)]
    }

    /// As in OPA blanks before the place do not count: behind a text's end the last line is shown.
    private static func line(
        of diagnostic: Diagnostic, _ sources: [Source]
    ) -> (text: String, index: Int)? {
        let file = Int(diagnostic.location.file)
        guard diagnostic.code == .parse, diagnostic.location.row > 0,
            sources.indices.contains(file)
        else { return nil }
        let text = Array(sources[file].text.utf8)
        guard !text.isEmpty else { return nil }
        let isBreak = { (byte: UInt8) in byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") }
        var place = min(max(0, Int(diagnostic.location.start)), text.count - 1)
        while place > 0, text[place] <= UInt8(ascii: " ") { place -= 1 }
        let start = text[..<place].lastIndex(where: isBreak).map { $0 + 1 } ?? 0
        let end = text[place...].firstIndex(where: isBreak) ?? text.count
        return (String(decoding: text[start..<end], as: UTF8.self), place - start)
    }

    private static func name(_ file: Int32, _ sources: [Source]) -> String {
        guard sources.indices.contains(Int(file)) else { return "" }
        return sources[Int(file)].name
    }

    /// `1 error occurred: ...`
    var text: String {
        let texts = entries.map(\.text)
        return texts.count == 1
            ? "1 error occurred: " + texts[0]
            : "\(texts.count) errors occurred:\n" + texts.joined(separator: "\n")
    }
}
