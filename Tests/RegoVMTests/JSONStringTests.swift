// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import RegoVM

/// Strings are looked at eight bytes at a time, so whatever is special stands at each offset here.
@Suite("JSON strings")
struct JSONStringTests {
    static let offsets = 0...17

    @Test(
        "Special characters at every offset",
        arguments: [
            (#"\""#, "\""), (#"\\"#, "\\"), (#"\n"#, "\n"), (#"\u0041"#, "A"), (#"\u00e9"#, "é"),
            (#"\uD83D\ude00"#, "😀"), (#"\ud83d"#, "\u{FFFD}"), (#"\ud83dx"#, "\u{FFFD}x"),
            ("é", "é"), ("€", "€"), ("😀", "😀"), ("é\\té", "é\té"),
        ])
    func special(text: String, character: String) throws {
        for (before, after) in Self.surroundings {
            let json = "[\"\(before)\(text)\(after)\",\"\(text)\(before)\"]"
            let expected = [before + character + after, character + before]
            for isInterned in [false, true] {
                let strings = try read(Array(json.utf8), isInterned: isInterned)
                #expect(strings == expected, "\(json)")
            }
        }
    }

    @Test(
        "What no string may hold, at every offset",
        arguments: [
            [UInt8(0x1F)], [0x00], [0x80], [0xC3], [0xC3, 0x22], [0xC0, 0xAF], [0xED, 0xA0, 0x80],
            [0xF5, 0x80, 0x80, 0x80], Array(#"\x"#.utf8), Array(#"\u00g0"#.utf8),
            Array(#"\u12"#.utf8),
        ])
    func forbidden(bytes: [UInt8]) {
        for (before, after) in Self.surroundings {
            for start in ["[\"", "[\"\\n"] {
                let json = Array((start + before).utf8) + bytes + Array((after + "\"]").utf8)
                #expect(throws: JSONReader.Failure.self) { try read(json, isInterned: false) }
            }
        }
    }

    @Test("Strings without an end")
    func endless() {
        for (before, _) in Self.surroundings {
            for json in ["[\"\(before)", "[\"\\n\(before)", "[\"\(before)\\", "[\"\(before)\\u00"] {
                #expect(throws: JSONReader.Failure.self) {
                    try read(Array(json.utf8), isInterned: true)
                }
            }
        }
    }

    @Test("Keys are sorted whatever their first bytes are, and the last of equal ones counts")
    func keys() throws {
        let json = #"{"b":1,"":2,"a":3,"ab":4,"aa":5,"é":[[6]],"b":7,"abcdefghi":8}"#
        let arena = Arena()
        defer { arena.destroy() }
        let bytes = Array(json.utf8)
        try bytes.withUnsafeBufferPointer { text in
            let object = try JSONReader.read(text, into: arena)
            #expect(
                object.keys.map(\.asString) == ["", "a", "aa", "ab", "abcdefghi", "b", "é"])
            #expect(object["b"].asInteger == 7)
            #expect(object["abcdefghi"].asInteger == 8)
            #expect(object["abcdefgh"].isUndefined)
            #expect(object.nesting == 3)
        }
    }

    @Test("Keys of any length, written in any way, near the end of the text and far from it")
    func keyLengths() throws {
        for count in 0...20 {
            for (colon, tail) in [(":", ""), (" :", ""), (":", String(repeating: " ", count: 40))] {
                let start = String(repeating: "k", count: count)
                let names = ["", "a", "b", "\u{E9}"].map { start + $0 }
                let entries = names.reversed().enumerated().map { "\"\($1)\"\(colon)\($0)" }
                let json = "{" + entries.joined(separator: ",") + "}" + tail
                try withDocument(json) { object, hasDuplicateKeys in
                    #expect(object.keys.map(\.asString) == names, "\(json)")
                    #expect(object.values.map(\.asInteger) == [3, 2, 1, 0], "\(json)")
                    #expect(!hasDuplicateKeys)
                }
            }
        }
    }

    @Test(
        "A key that comes again is noticed, whatever begins like it",
        arguments: [
            #"{"progressToken":1,"progress":2,"progressToken":3}"#, #"{"a":1,"\u0061":3}"#,
            #"{"a":1,"a":3}"#, #"{"":1,"":3}"#, #"{"a\u0000":1,"a":2,"a\u0000":3}"#,
        ])
    func duplicates(json: String) throws {
        try withDocument(json) { object, hasDuplicateKeys in
            #expect(hasDuplicateKeys)
            #expect(object.values.contains { $0.asInteger == 3 })
            #expect(!object.values.contains { $0.asInteger == 1 })
        }
    }

    @Test("What is decoded stays clear of what has been interned")
    func internedNeighbours() throws {
        let plain = "0123456789abcdef"
        let json = #"["\n\#(plain)","\n\#(plain.uppercased())","\#(plain)\#(plain)"]"#
        let strings = try read(Array(json.utf8), isInterned: true)
        #expect(strings.first == "\n" + plain)
    }

    @Test(
        "Words that are cut or wrong say where",
        arguments: [
            ("[tru", "json_unexpected_end"), ("[trux]", "json_unexpected_byte"),
            ("[tr]", "json_unexpected_byte"), ("[nul", "json_unexpected_end"),
            ("[fal5e]", "json_unexpected_byte"),
        ])
    func words(json: String, code: String) throws {
        let failure = #expect(throws: JSONReader.Failure.self) {
            try read(Array(json.utf8), isInterned: false)
        }
        #expect(failure?.code.rawValue == code)
        #expect(failure?.offset == 1)
    }

    private func withDocument(_ json: String, _ body: (Value, Bool) -> Void) throws {
        let arena = Arena()
        defer { arena.destroy() }
        let bytes = Array(json.utf8)
        try bytes.withUnsafeBufferPointer { text in
            var reader = JSONReader(text, arena: arena)
            body(try reader.document(), reader.hasDuplicateKeys)
        }
    }

    private static var surroundings: [(String, String)] {
        offsets.flatMap { before in
            offsets.map { after in
                (String(repeating: "a", count: before), String(repeating: "z", count: after))
            }
        }
    }

    private func read(_ json: [UInt8], isInterned: Bool) throws -> [String?] {
        let arena = Arena()
        defer { arena.destroy() }
        return try json.withUnsafeBufferPointer { text in
            var reader = JSONReader(
                text, arena: arena, interner: isInterned ? StringInterner(arena) : nil)
            return try reader.document().elements.map(\.asString)
        }
    }
}
