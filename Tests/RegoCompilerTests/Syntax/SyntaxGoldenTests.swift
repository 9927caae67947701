// SPDX-License-Identifier: Apache-2.0
import Foundation
import RegoCompiler
import TestSupport
import Testing

/// Golden files in `Tests/Golden/Syntax`: a line with a command, the input, `----`, the output,
/// an empty line. `PORTCULLIS_REWRITE=1` writes the outputs anew.
///
/// Commands: `module`, `query`, `term`; words after it: `v0`, `places`, `full` (the long form of
/// diagnostics), `+keyword`.
@Suite struct SyntaxGoldenTests {
    struct Entry {
        var command: String
        var input: String
        var output: String
    }

    static let folder = SharedFolder.projectRoot + "/Tests/Golden/Syntax"
    static let files =
        (try? FileManager.default.contentsOfDirectory(atPath: folder))?.sorted() ?? []

    @Test func findsGoldenFiles() { #expect(Self.files.count >= 5) }

    @Test(arguments: files)
    func matches(_ file: String) throws {
        let path = Self.folder + "/" + file
        let entries = Self.parse(try String(contentsOfFile: path, encoding: .utf8))
        #expect(!entries.isEmpty)
        var rewritten: [String] = []
        for entry in entries {
            let output = Self.run(entry)
            rewritten.append("\(entry.command)\n\(entry.input)\n----\n\(output)\n")
            #expect(output == entry.output, "\(file): \(entry.command)\n\(entry.input)")
        }
        if ProcessInfo.processInfo.environment["PORTCULLIS_REWRITE"] == "1" {
            try rewritten.joined(separator: "\n")
                .write(toFile: path, atomically: true, encoding: .utf8)
        }
    }

    /// An input may hold empty lines, an output may not.
    static func parse(_ text: String) -> [Entry] {
        var entries: [Entry] = []
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
        while true {
            lines = lines.drop { $0.isEmpty }
            guard let command = lines.popFirst() else { return entries }
            let input = lines.prefix { $0 != "----" }
            lines = lines.dropFirst(input.count + 1)
            let output = lines.prefix { !$0.isEmpty }
            lines = lines.dropFirst(output.count)
            entries.append(
                Entry(
                    command: String(command), input: input.joined(separator: "\n"),
                    output: output.joined(separator: "\n")))
        }
    }

    static func run(_ entry: Entry) -> String {
        let words = entry.command.split(separator: " ").map(String.init)
        let version: RegoVersion = words.contains("v0") ? .v0 : .v1
        let printer = SyntaxPrinter(showsPlaces: words.contains("places"))
        var keywords = FutureKeywords()
        if words.contains("+and") { keywords.insert(.and) }
        if words.contains("+or") { keywords.insert(.or) }
        if words.contains("+not") { keywords.insert(.not) }
        let source = Source(name: "test.rego", text: entry.input)
        do {
            switch words[0] {
            case "module":
                return printer.module(
                    try Parser.parse(source, file: 0, version: version, keywords: keywords))
            case "query":
                return printer.body(
                    try Parser.parseBody(source, version: version, keywords: keywords))
            case "term":
                return printer.term(
                    try Parser.parseTerm(source, version: version, keywords: keywords))
            default:
                return "unknown command"
            }
        } catch {
            let style: DiagnosticRenderer.Style = words.contains("full") ? .full : .opa
            return DiagnosticRenderer([source], style: style).render(error)
        }
    }
}
