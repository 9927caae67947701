// SPDX-License-Identifier: Apache-2.0
import RegoVM

/// JSON for people and for tools that compare text: two spaces a level, as Go's encoder writes it
/// (with `<`, `>`, `&` escaped).
struct IndentedJSON {
    private(set) var text: [UInt8] = []
    private var level = 0
    private var isFirst = true

    mutating func object(_ body: (inout IndentedJSON) -> Void) { enclose("{", "}", body) }

    mutating func array(_ body: (inout IndentedJSON) -> Void) { enclose("[", "]", body) }

    private mutating func enclose(
        _ opening: String, _ closing: String, _ body: (inout IndentedJSON) -> Void
    ) {
        text += opening.utf8
        let before = text.count
        level += 1
        isFirst = true
        body(&self)
        level -= 1
        if text.count > before { newLine() }
        text += closing.utf8
        isFirst = false
    }

    private mutating func newLine() {
        text.append(UInt8(ascii: "\n"))
        for _ in 0..<level { text += "  ".utf8 }
    }

    /// Begins an element of an array.
    mutating func element() {
        if !isFirst { text.append(UInt8(ascii: ",")) }
        isFirst = false
        newLine()
    }

    /// Begins an entry of an object.
    mutating func key(_ name: String) {
        element()
        string(Array(name.utf8))
        text += ": ".utf8
    }

    mutating func string(_ value: String) { string(Array(value.utf8)) }

    mutating func integer(_ value: Int) { text += String(value).utf8 }

    /// A number whose text is JSON already.
    mutating func number(_ value: String) { text += value.utf8 }

    private mutating func string(_ bytes: some Collection<UInt8>) {
        let copy = Array(bytes)
        copy.withUnsafeBufferPointer { appendEncoded(.string(sharing: $0)) }
    }

    /// A string or scalar as Go's encoder writes it.
    private mutating func appendEncoded(_ value: Value) {
        let arena = Arena(chunk: 1024, limit: .max)
        defer { arena.destroy() }
        var output = ByteBuilder(arena)
        if value.isString {
            JSONWriter.appendString(value.bytes, to: &output, forHTML: true)
        } else {
            JSONWriter.append(value, to: &output)
        }
        text += output.bytes
    }

    mutating func value(_ value: Value) {
        switch value.kind {
        case .array, .set:
            guard value.count > 0 else {
                text += "[]".utf8
                return
            }
            array { json in
                for element in value.elements {
                    json.element()
                    json.value(element)
                }
            }
        case .object:
            guard value.count > 0 else {
                text += "{}".utf8
                return
            }
            object { json in
                for (key, element) in zip(value.keys, value.values) {
                    json.key(key.asString ?? key.description)
                    json.value(element)
                }
            }
        default:
            appendEncoded(value)
        }
    }
}
