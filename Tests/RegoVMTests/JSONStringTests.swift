// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import RegoVM

/// Strings are looked at eight bytes at a time, so whatever is special stands at each offset here.
@Suite("JSON strings")
struct JSONStringTests {
    static let offsets = 0...17

    @Test("Special characters at every offset", arguments: [
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

    @Test("What no string may hold, at every offset", arguments: [
        [UInt8(0x1F)], [0x00], [0x80], [0xC3], [0xC3, 0x22], [0xC0, 0xAF], [0xED, 0xA0, 0x80],
        [0xF5, 0x80, 0x80, 0x80], Array(#"\x"#.utf8), Array(#"\u00g0"#.utf8), Array(#"\u12"#.utf8),
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
