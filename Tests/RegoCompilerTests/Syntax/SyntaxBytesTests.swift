// SPDX-License-Identifier: Apache-2.0
import RegoCompiler
import Testing

/// Bytes that a golden file cannot well hold, and places in texts that are not ASCII.
@Suite struct SyntaxBytesTests {
    private func message(_ text: String) -> String? {
        do {
            _ = try Parser.parse(Source(name: "", text: text), file: 0)
            return nil
        } catch {
            return error.diagnostics.first?.message
        }
    }

    @Test(arguments: ["package a\n\0", "package a # \0", "package a\np := \"\0\"", "\0"])
    func refusesNull(_ text: String) { #expect(message(text) == "illegal null character") }

    @Test func acceptsByteOrderMarkOnlyFirst() {
        #expect(message("\u{FEFF}package a\np := 1") == nil)
        #expect(message("package a\n\u{FEFF}p := 1") == "illegal byte-order mark")
        #expect(message("package a\np := 1 \u{FEFF}") == "illegal byte-order mark")
    }

    @Test func countsColumnsInScalars() throws {
        let text = "[\"é𝛼\", `ü`, x]"
        let term = try Parser.parseTerm(Source(name: "", text: text))
        guard case .array(let members) = term.kind else { throw Wrong() }
        #expect(members.map(\.location.column) == [2, 8, 13])
        #expect(members.map(\.location.start) == [1, 11, 17])
    }

    @Test func carriesFileIndex() throws {
        let module = try Parser.parse(Source(name: "", text: "package a\np := 1"), file: 7)
        #expect(module.file == 7)
        #expect(module.rules.first?.location.file == 7)
    }

    @Test(arguments: [
        ("1e30000", true), ("1e30200", false), ("0e999999999", true), ("1e-30000", true),
        ("1e-30200", false), ("0.0000001e30100", true), ("1e99999999999999999999", false),
    ])
    func boundsNumbers(_ number: String, _ isAccepted: Bool) {
        let term = try? Parser.parseTerm(Source(name: "", text: number))
        #expect((term != nil) == isAccepted)
    }

    private struct Wrong: Error {}
}
