// SPDX-License-Identifier: Apache-2.0
import Foundation
import RegoVM
import Testing

@testable import PolicyBundle

@Suite struct PolicyLoaderTests {
    private func load(
        _ files: [String: String], _ arguments: [String] = [""]
    ) throws -> PolicySources {
        let folder = try TemporaryFolder(files)
        return try PolicyLoader().load(
            arguments.map { argument in
                guard let colon = argument.firstIndex(of: ":") else {
                    return folder.path + "/" + argument
                }
                return argument[...colon] + folder.path + "/"
                    + argument[argument.index(after: colon)...]
            })
    }

    private func errors(_ files: [String: String], _ arguments: [String] = [""]) -> [String] {
        do {
            _ = try load(files, arguments)
            return []
        } catch let failure as LoadFailure {
            return failure.errors.map { error in
                let name = error.file.split(separator: "/").drop { !$0.hasPrefix("portcullis-") }
                    .dropFirst()
                return
                    "\(error.code.rawValue) \(name.joined(separator: "/")):"
                    + "\(error.row):\(error.column): "
                    + error.message.replacing(/`\/[^`]*\/portcullis-[^`\/]*\//, with: "`")
            }
        } catch {
            return ["\(error)"]
        }
    }

    @Test func dataLiesWhereItsFolderIs() throws {
        let sources = try load([
            "data.yaml": "a: {b: 1}", "x/y/data.json": #"{"c": [true]}"#,
            "x/other.json": #"{"d": 2}"#,
            "p.rego": "package p",
            "x/q.rego": "package q", "x/q_test.rego": "package q_test", ".hidden/data.json": "{",
            "README.md": "",
        ])
        #expect(sources.data.description == #"{"a":{"b":1},"x":{"d":2,"y":{"c":[true]}}}"#)
        #expect(sources.policies.map { $0.text } == ["package p", "package q"])
    }

    @Test func everyJSONAndYAMLFileIsData() throws {
        let sources = try load(["users.json": #"{"u": 1}"#, "d/roles.yml": "r: 2"])
        #expect(sources.data.description == #"{"d":{"r":2},"u":1}"#)
    }

    @Test func givenFilesGoToTheRootOrTheirPrefix() throws {
        let files = ["users.json": #"{"u": 1}"#, "list.json": "[1]", "p_test.rego": "package p"]
        let sources = try load(files, ["users.json", "a.b:list.json", "p_test.rego"])
        #expect(sources.data.description == #"{"a":{"b":[1]},"u":1}"#)
        #expect(sources.policies.count == 1)
    }

    @Test func allErrorsAreListed() {
        #expect(
            errors([
                "a/data.json": "{\n \"x\": ]", "b/data.yaml": "x: [", "c/data.json": "7",
                "data.json": "[]",
            ]) == [
                "load_malformed_json a/data.json:2:7: malformed JSON (json_unexpected_byte)",
                "load_malformed_yaml b/data.yaml:2:1: did not find expected node content",
                "load_not_an_object data.json:0:0: "
                    + "expected an object at the root of `data`, got array",
            ])
    }

    @Test func conflictsNameBothFiles() {
        #expect(
            errors(["data.json": #"{"a": {"b": 1}}"#, "a/data.yaml": "b: 1"]) == [
                "load_conflict data.json:0:0: `data.a.b` has a value here and in `a/data.yaml`"
            ])
        #expect(
            errors(
                ["one.json": #"{"a": 1}"#, "two.json": #"{"a": {}}"#], ["one.json", "two.json"])
                == [
                    "load_conflict two.json:0:0: `data.a` has a value here and in `one.json`"
                ])
    }

    @Test func unknownAndMissing() {
        #expect(
            errors(["x.txt": ""], ["x.txt", "none"]) == [
                "load_not_found none:0:0: no such file or directory",
                "load_unknown_type x.txt:0:0: "
                    + "expected a name that ends with .rego, .json, .yaml or .yml",
            ])
    }

    @Test func linksInCirclesEnd() throws {
        let folder = try TemporaryFolder(["a/data.json": #"{"x": 1}"#])
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/a/loop", withDestinationPath: folder.path)
        #expect(throws: LoadFailure.self) { try PolicyLoader().load([folder.path]) }
    }

    @Test func revisionNamesTheContent() throws {
        let files = ["p.rego": "package p", "d/data.json": "{}"]
        let first = try load(files).revision
        #expect(first == (try load(files).revision))
        #expect(first.count == 71 && first.hasPrefix("sha256:"))
        #expect(first != (try load(["p.rego": "package q", "d/data.json": "{}"]).revision))
        #expect(first != (try load(["p.rego": "package p", "e/data.json": "{}"]).revision))
    }
}

@Suite struct YAMLDocumentTests {
    private func read(_ text: String) throws -> String {
        let arena = Arena()
        return try YAMLDocument.read(text, into: arena, interner: StringInterner(arena)).description
    }

    @Test(arguments: [
        ("", "null"), ("a: 1", #"{"a":1}"#),
        ("[1, 1.50, -0.1e3, 0x1F, 1_000]", "[1,1.50,-0.1e3,31,1000]"),
        ("[yes, No, true, ~, null, 'yes']", #"[true,false,true,null,null,"yes"]"#),
        ("1: a\ntrue: b", #"{"1":"a","true":"b"}"#), ("d: 2026-11-22", #"{"d":"2026-11-22"}"#),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("x: &a {k: 1}\ny: {<<: *a, m: 2}\nz: *a", #"{"x":{"k":1},"y":{"k":1,"m":2},"z":{"k":1}}"#),
        ("y: {<<: [{k: 1}, {k: 2, l: 3}], l: 4}", #"{"y":{"k":1,"l":4}}"#),
        ("'a\\n'", #""a\\n""#), ("|\n  two\n  lines\n", #""two\nlines\n""#),
    ])
    func values(_ text: String, _ json: String) throws {
        #expect(try read(text) == json)
    }

    @Test(arguments: [
        "a: .inf", "a: 1\n---\nb: 2", "[a, b]: c", "a: 1\na: 2", "\tx: 1", "{", "x: *none", "%",
    ])
    func refused(_ text: String) {
        #expect(throws: YAMLDocument.Failure.self) { try read(text) }
    }

    /// Nested as deep as a file may be long: refused, without using up the stack.
    @Test(arguments: ["[", "- ", "{a: "]) func deepNesting(_ opening: String) {
        #expect(throws: YAMLDocument.Failure.self) {
            try read(String(repeating: opening, count: 20_000))
        }
    }

    /// Each level names the one below it ten times.
    @Test func anchorsAreExpandedWithinABound() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<9 {
            let uses = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(uses)]\n"
        }
        #expect(throws: YAMLDocument.Failure.self) { try read(text) }
    }
}
