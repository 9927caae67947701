// SPDX-License-Identifier: Apache-2.0
import RegoVM

/// Compact JSON of an exported event.
struct EventText {
    private(set) var bytes: [UInt8] = []
    private var needsComma = false

    mutating func object(_ body: (inout EventText) -> Void) {
        comma()
        enclose("{", "}", body)
    }

    mutating func object(_ name: StaticString, _ body: (inout EventText) -> Void) {
        key(name.description)
        enclose("{", "}", body)
    }

    mutating func array(_ name: StaticString, _ body: (inout EventText) -> Void) {
        key(name.description)
        enclose("[", "]", body)
    }

    private mutating func enclose(
        _ opening: String, _ closing: String, _ body: (inout EventText) -> Void
    ) {
        bytes += opening.utf8
        needsComma = false
        body(&self)
        bytes += closing.utf8
        needsComma = true
    }

    private mutating func comma() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func key(_ name: String) {
        comma()
        text(Array(name.utf8))
        bytes.append(UInt8(ascii: ":"))
    }

    mutating func number(_ name: StaticString, _ number: Int, asFlag: Bool = false) {
        key(name.description)
        bytes += (asFlag ? (number == 0 ? "false" : "true") : String(number)).utf8
    }

    mutating func string(_ name: StaticString, _ value: String) {
        key(name.description)
        text(Array(value.utf8))
    }

    mutating func strings(_ name: StaticString, _ values: [String]) {
        array(name) {
            for value in values {
                $0.comma()
                $0.text(Array(value.utf8))
            }
        }
    }

    /// A record's value; nothing when there is none.
    mutating func value(_ name: StaticString, _ value: Value?) {
        guard let value, value.isDefined else { return }
        member(name.description, value)
    }

    mutating func member(_ name: String, _ value: Value) {
        key(name)
        append(value)
    }

    /// Bytes as a string.
    mutating func raw(_ name: StaticString, _ value: UnsafeRawBufferPointer) {
        key(name.description)
        text(Array(String(decoding: value, as: UTF8.self).utf8))
    }

    private mutating func text(_ text: [UInt8]) {
        text.withUnsafeBufferPointer { append(.string(sharing: $0)) }
    }

    private mutating func append(_ value: Value) {
        let arena = Arena(chunk: 1024, limit: .max)
        defer { arena.destroy() }
        var output = ByteBuilder(arena)
        JSONWriter.append(value, to: &output)
        bytes += output.bytes
    }
}
