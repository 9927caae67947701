// SPDX-License-Identifier: Apache-2.0
import Authorization
import Cryptography

// Members of a record's objects.
extension JSONBuffer {
    /// A string, left out when it is empty.
    @inline(__always)
    mutating func text(_ name: StaticString, _ text: Bytes, _ limit: Int) {
        guard !text.isEmpty else { return }
        key(name)
        value(text, limit: limit)
    }

    /// The same, of records that are not about a check.
    mutating func text(_ name: StaticString, _ text: String, _ limit: Int) {
        guard !text.isEmpty else { return }
        key(name)
        value(text, limit: limit)
    }

    mutating func value(_ text: String, limit: Int) {
        var text = text
        text.withUTF8 { value(Bytes(UnsafeRawBufferPointer($0)), limit: limit) }
    }

    /// JSON that is written already; left out when it is empty.
    @inline(__always)
    mutating func written(_ name: StaticString, _ json: Bytes) {
        guard !json.isEmpty else { return }
        guard json.count <= RecordLimits.list, room >= json.count + RecordLimits.reserve else {
            isCut = true
            return
        }
        key(name)
        self.json(json)
    }

    /// Where a text lies beside the log.
    mutating func written(_ reference: ContentReference) {
        beginObject("content")
        number("segment", reference.segment)
        number("offset", reference.offset)
        number("bytes", reference.bytes)
        key("sha256")
        value(reference.digest)
        if reference.isPartial {
            key("partial")
            value(true)
        }
        endObject()
    }

    @inline(__always)
    mutating func number(_ name: StaticString, _ number: Int) {
        key(name)
        value(number)
    }

    /// Hexadecimal, left out when there is none.
    @inline(__always)
    mutating func digest(_ name: StaticString, _ digest: Digest?) {
        guard let digest else { return }
        key(name)
        value(digest)
    }

    /// A list, left out when it is empty, and ended before the first element that does not fit.
    mutating func list(
        _ name: StaticString, _ elements: Int, _ element: (inout JSONBuffer, Int) -> Void
    ) {
        guard elements > 0 else { return }
        let start = length
        key(name)
        beginArray()
        for index in 0..<elements {
            let mark = mark
            if index < RecordLimits.elements { element(&self, index) }
            if index >= RecordLimits.elements || length - start > RecordLimits.list {
                goBack(to: mark)
                break
            }
        }
        endArray()
    }
}
