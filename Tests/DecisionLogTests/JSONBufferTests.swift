// SPDX-License-Identifier: Apache-2.0
import Authorization
import Testing

@testable import DecisionLog

/// Each value as Swift writes it, at all lengths at which the buffer goes another way.
struct JSONBufferTests {
    private func written(
        capacity: Int = 1_000, _ write: (inout JSONBuffer) -> Void
    ) -> String {
        var json = JSONBuffer(capacity: capacity)
        write(&json)
        return String(decoding: json.bytes.buffer, as: UTF8.self)
    }

    @Test("numbers of all lengths")
    func numbers() {
        var power = 1
        while power < Int.max / 10 {
            for number in [power - 1, power, power + 1, power * 7 + 3, -power] {
                #expect(written { $0.value(number) } == "\(number)")
            }
            power *= 10
        }
        for number in [Int.max, Int.min, 99_999_999, 100_000_000, 9_999_999_999_999_999] {
            #expect(written { $0.value(number) } == "\(number)")
        }
        for number in 0..<20_000 { #expect(written { $0.value(number) } == "\(number)") }
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let number = Int.random(in: 0..<100_000_000, using: &random)
            #expect(written { $0.value(number) } == "\(number)")
        }
    }

    @Test("words in hexadecimal")
    func hexadecimal() {
        for word: UInt64 in [0, 9, 10, 0x0123_4567_89AB_CDEF, 0xFEDC_BA98_7654_3210, .max] {
            let digits = String(word, radix: 16)
            let text = String(repeating: "0", count: 16 - digits.count) + digits
            #expect(written { $0.value(hexadecimal: word) } == "\"\(text)\"")
        }
        var id = DecisionID()
        (id.high, id.low) = (0x0123_4567_89AB_CDEF, 0xFEDC_BA98_7654_3210)
        #expect(id.description == "01234567-89ab-cdef-fedc-ba9876543210")
    }

    @Test("texts of all lengths, with a quote, a control character or more bytes at each place")
    func texts() throws {
        let others: [(text: String, json: String)] = [
            ("\"", "\\\""), ("\\", "\\\\"), ("\n", "\\n"), ("\u{1}", "\\u0001"), ("é", "é"),
            ("\u{7F}", "\u{7F}"),
        ]
        for length in 0..<40 {
            let plain = String("0123456789abcdefghijklmnopqrstuvwxyz~ .#".prefix(length))
            #expect(text(plain) == "\"\(plain)\"")
            for place in 0..<length {
                for other in others {
                    let start = plain.prefix(place)
                    let end = plain.dropFirst(place + 1)
                    #expect(text(start + other.text + end) == "\"\(start)\(other.json)\(end)\"")
                }
            }
        }
    }

    private func text(_ text: some StringProtocol) -> String {
        var text = String(text)
        return text.withUTF8 { bytes in
            written { $0.value(Bytes(UnsafeRawBufferPointer(bytes)), limit: 100) }
        }
    }

    @Test("a text at its limit is whole, a longer one is cut", arguments: 0..<40)
    func limit(length: Int) {
        var text = String(repeating: "x", count: length)
        var json = JSONBuffer(capacity: 1_000)
        text.withUTF8 { json.value(Bytes(UnsafeRawBufferPointer($0)), limit: 20) }
        #expect(json.isCut == (length > 20))
        #expect(json.isVerbatim == (0...20).contains(length))
        #expect(json.bytes.count == min(length, 20) + 2)
    }

    @Test("nothing is written beyond the capacity", arguments: 0..<200)
    func capacity(capacity: Int) {
        let text = self.written(capacity: capacity) { json in
            json.beginObject()
            json.key("number")
            json.value(123_456_789_012)
            json.key("word")
            json.value("wordwordwordword")
            json.key("text")
            json.value(Bytes("texttexttexttexttexttext"), limit: 24)
            json.key("time")
            json.time(1_700_000_000_123_456_789)
            json.time(1_700_000_000_123_456_789)
            json.value(hexadecimal: 1)
            json.value(DecisionID())
            json.value(true)
            json.endObject()
        }
        #expect(text.utf8.count <= capacity)
    }

    @Test("commas stand between values, and only there")
    func commas() {
        let text = written { json in
            json.beginObject()
            json.key("empty")
            json.beginObject()
            json.endObject()
            json.key("list")
            json.beginArray()
            json.value(1)
            let mark = json.mark
            json.value(2)
            json.leaveOut(from: mark)
            json.endArray()
            json.value(Bytes("a,"), limit: 10)
            json.colon()
            json.hundredths(-1_250)
            json.endObject()
        }
        #expect(text == #"{"empty":{},"list":[1],"a,":-12.5}"#)
    }

    @Test(
        "a target is masked only if it has a query or a fragment",
        arguments: [
            "", "/", "/path", "/path?", "/path?a=b", "/path#f", "?", "#", "/0123456789abcdef",
            "/0123456789abcdef0123456789?", "/0123456789abcde?f", "/0123456789abcdef?g",
            "/0123456#",
        ])
    func targets(target: String) {
        var target = target
        target.withUTF8 { bytes in
            let whole = Bytes(UnsafeRawBufferPointer(bytes))
            let isMarked = bytes.contains { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }
            #expect(MaskedTarget.changes(whole) == isMarked)
        }
    }

    @Test(
        "userinfo is masked in a record, user name and all, and nothing else",
        arguments: [
            ("postgres://app:hunter2@db.internal/c", "postgres://*@db.internal/c"),
            ("postgres://app:hunter2@db/c?x=1#f", "postgres://*@db/c?x=*"),
            ("https://user@host", "https://*@host"),
            ("https://a:p%40ss@w@host:1/x@y", "https://*@host:1/x@y"),
            ("redis://:p/a?s#s@h:1/0", "redis://*@h:1/0"),
            ("jdbc:postgresql://u:p@h/d", "jdbc:postgresql://*@h/d"),
            ("/proxy/https://a:b@c/https://d:e@f?g", "/proxy/https://*@c/https://*@f?*"),
            ("https://*@host", "https://*@host"), ("https://@host/x", "https://@host/x"),
            ("https://host:8080/a@b", "https://host:8080/a@b"),
            ("https://[::1]:80/a@b", "https://[::1]:80/a@b"),
            ("https://host/@scope/pkg", "https://host/@scope/pkg"),
            ("mailto:a@b", "mailto:a@b"), ("/users/a@b", "/users/a@b"),
            ("file:///a@b", "file:///a@b"), ("/a?u=https://a:b@c", "/a?u=*"),
            ("a://", "a://"), ("a://@", "a://@"), ("@://", "@://"),
            ("/x#https://a:b@c", "/x"),
        ])
    func userinfo(target: String, expected: String) {
        var text = target
        text.withUTF8 { bytes in
            let whole = Bytes(UnsafeRawBufferPointer(bytes))
            var masked = MaskedTarget(whole, hidesUserinfo: true)
            var parts: [UInt8] = []
            while let part = masked.next() { parts += part.buffer }
            #expect(String(decoding: parts, as: UTF8.self) == expected)
            if target != expected { #expect(MaskedTarget.changes(whole)) }
            var json = JSONBuffer(capacity: 4096)
            json.maskedPath(whole, limit: 1000)
            #expect(json.bytes.string == "\"\(expected)\"")
        }
    }
}
