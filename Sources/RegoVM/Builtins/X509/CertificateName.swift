// SPDX-License-Identifier: Apache-2.0

/// A distinguished name (RFC 5280 section 4.1.2.4).
struct CertificateName {
    struct Attribute {
        var type: [Int]
        var text: String
    }

    var attributes: [Attribute] = []

    /// Fields of Go's `pkix.Name` that hold lists, by the last arc of their type 2.5.4.x.
    static let lists: [(name: StaticString, arc: Int)] = [
        ("Country", 6), ("Organization", 10), ("OrganizationalUnit", 11), ("Locality", 7),
        ("Province", 8), ("StreetAddress", 9), ("PostalCode", 17),
    ]
    private static let serialNumberArc = 5
    private static let commonNameArc = 3

    init(_ element: DERReader.Element) throws(DERReader.Malformed) {
        guard element.tag == DER.Tag.sequence else { throw DERReader.Malformed() }
        var sets = element.reader
        while !sets.isAtEnd {
            var members = try sets.next(DER.Tag.set).reader
            while !members.isAtEnd {
                var pair = try members.next(DER.Tag.sequence).reader
                let type = try pair.next(DER.Tag.objectIdentifier).arcs()
                let text = try pair.next().text()
                guard let text else { throw DERReader.Malformed() }
                attributes.append(Attribute(type: type, text: text))
            }
        }
    }

    func describe(_ evaluation: Evaluation) -> Value {
        let object = CollectionBuilder.object(in: evaluation.arena, capacity: 16)
        for (name, arc) in Self.lists { object.insert(name, evaluation.strings(texts(arc))) }
        object.insert("SerialNumber", evaluation.string(texts(Self.serialNumberArc).last ?? ""))
        object.insert("CommonName", evaluation.string(texts(Self.commonNameArc).last ?? ""))
        object.insert("ExtraNames", .null)
        let names = attributes.map { attribute in
            evaluation.object([
                ("Type", evaluation.integers(attribute.type)),
                ("Value", evaluation.string(attribute.text)),
            ])
        }
        object.insert("Names", names.isEmpty ? .null : evaluation.array(names))
        return object.finish()
    }

    private func texts(_ arc: Int) -> [String] {
        attributes.filter { $0.type == [2, 5, 4, arc] }.map(\.text)
    }
}

extension DERReader.Element {
    /// The text of a character string; nil for other types and for malformed text.
    func text() -> String? {
        switch tag {
        case DER.Tag.utf8String, DER.Tag.printableString, DER.Tag.ia5String, DER.Tag.numericString:
            String(validating: content, as: UTF8.self)
        case DER.Tag.teletexString:
            String(String.UnicodeScalarView(content.map { Unicode.Scalar($0) }))
        case DER.Tag.bmpString:
            content.count % 2 == 0
                ? String(
                    validating: stride(from: content.startIndex, to: content.endIndex, by: 2).map {
                        UInt16(content[$0]) << 8 | UInt16(content[$0 + 1])
                    }, as: UTF16.self)
                : nil
        default: nil
        }
    }
}

extension Evaluation {
    /// An array of strings; null for none, as Go writes an empty list that was never made.
    func strings(_ texts: [String]) -> Value {
        texts.isEmpty ? .null : array(texts.map { string($0) })
    }

    func integers(_ numbers: [Int]) -> Value { array(numbers.map { .integer($0) }) }

    /// Bytes as Go's encoding/json writes them: standard Base64.
    func base64(_ bytes: some Collection<UInt8>) -> Value {
        let text = Base64Text.encode(bytes, .standard, isPadded: true)
        return text.withUnsafeBufferPointer { arena.string(copying: $0) }
    }

    /// An unsigned big-endian number.
    func number(bigEndian bytes: some Sequence<UInt8>) -> Value {
        Limbs(bigEndian: bytes).decimalDigits.withUnsafeBufferPointer { arena.number($0) }
    }
}
