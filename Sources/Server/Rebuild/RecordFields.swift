// SPDX-License-Identifier: Apache-2.0
import Authorization
import Cryptography
import DecisionLog
import RegoVM

/// One JSON object of a record, read field by field.
struct RecordFields {
    private let object: Value

    init(_ object: Value) { self.object = object }

    subscript(name: StaticString) -> Value { object[.string(name)] }

    typealias Unreadable = ContextRecord.Unreadable

    func object(_ name: StaticString) throws(Unreadable) -> RecordFields {
        guard self[name].kind == .object else { throw expected("an object", name) }
        return RecordFields(self[name])
    }

    func text(_ name: StaticString) throws(Unreadable) -> Bytes {
        let value = self[name]
        guard value.isString else { throw expected("a string", name) }
        return Bytes(start: value.bytes.baseAddress, count: value.count)
    }

    /// Empty when it is not there.
    func optionalText(_ name: StaticString) throws(Unreadable) -> Bytes {
        self[name].isUndefined ? .empty : try text(name)
    }

    func flag(_ name: StaticString) throws(Unreadable) -> Bool {
        guard let flag = self[name].asBoolean else { throw expected("true or false", name) }
        return flag
    }

    func integer(_ name: StaticString) throws(Unreadable) -> Int64 {
        guard let number = self[name].asInteger else { throw expected("an integer", name) }
        return number
    }

    func time(_ name: StaticString) throws(Unreadable) -> Int64 {
        guard let time = RecordTimestamp.parse(try text(name)) else {
            throw expected("a time", name)
        }
        return time
    }

    func id(_ name: StaticString) throws(Unreadable) -> DecisionID {
        guard let id = DecisionID(try text(name)) else { throw expected("an id", name) }
        return id
    }

    /// The first eight bytes of a hash in hexadecimal.
    func digestPrefix(_ name: StaticString) throws(Unreadable) -> UInt64 {
        let digits = try text(name)
        guard digits.count == 64,
            let prefix = UInt64(digits[0..<16].string, radix: 16)
        else { throw expected("64 hexadecimal digits", name) }
        return prefix
    }

    /// `content` of a record.
    func contentReference() throws(Unreadable) -> ContentReference {
        guard let digest = Digest(hexadecimal: try text("sha256")) else {
            throw expected("64 hexadecimal digits", "sha256")
        }
        return ContentReference(
            segment: Int(try integer("segment")), offset: Int(try integer("offset")),
            bytes: Int(try integer("bytes")), digest: digest, isPartial: self["partial"].isTrue)
    }

    func word<Word>(
        _ name: StaticString, _ words: [Word], _ spelling: (Word) -> StaticString
    ) throws(Unreadable) -> Word {
        let value = self[name]
        for word in words where value.equals(spelling(word)) { return word }
        throw expected("a known word", name)
    }

    /// A list of names with seconds; nothing when it is not there.
    func durations(
        _ name: StaticString, _ body: (Bytes, Int64) -> Void
    ) throws(Unreadable) {
        let list = self[name]
        guard list.isDefined else { return }
        guard list.kind == .array else { throw expected("a list", name) }
        for element in list.elements {
            guard element.kind == .object else { throw expected("a list of objects", name) }
            let fields = RecordFields(element)
            body(try fields.text("name"), try fields.integer("seconds"))
        }
    }

    private func expected(_ what: String, _ name: StaticString) -> Unreadable {
        Unreadable(reason: "expected \(what) for `\(name)`, got \(self[name].description)")
    }
}
