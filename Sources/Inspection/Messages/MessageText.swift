// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// JSON-RPC in a text that is no JSON.
enum MessageText {
    /// True when `jsonrpc` occurs in any case, its letters escaped (`\u006a`) or not.
    static func occurs(in text: Bytes) -> Bool {
        for index in 0..<text.count {
            switch text[index] {
            case UInt8(ascii: "j"), UInt8(ascii: "J"), UInt8(ascii: "\\"):
                if matches(text, index) { return true }
            default: continue
            }
        }
        return false
    }

    private static func matches(_ text: Bytes, _ start: Int) -> Bool {
        let name: StaticString = "jsonrpc"
        var index = start
        for position in 0..<name.utf8CodeUnitCount {
            guard index < text.count else { return false }
            let (letter, length) = escapedLetter(text, index) ?? text.foldedLetter(at: index)
            guard letter == name.utf8Start[position] else { return false }
            index += length
        }
        return true
    }

    /// What `\uXXXX` at `index` stands for, in lower case; nil for what is no ASCII letter.
    private static func escapedLetter(_ text: Bytes, _ index: Int) -> (UInt8, Int)? {
        guard index + 6 <= text.count, text[index] == UInt8(ascii: "\\"),
            text[index + 1] == UInt8(ascii: "u")
        else { return nil }
        var code = 0
        for offset in 2..<6 {
            guard let digit = ASCII.hexadecimal(text[index + offset]) else { return nil }
            code = code << 4 | Int(digit)
        }
        // U+017F is a small s to readers that fold case.
        if code == 0x17F { return (UInt8(ascii: "s"), 6) }
        return code < 0x80 ? (ASCII.lower(UInt8(code)), 6) : nil
    }
}
