// SPDX-License-Identifier: Apache-2.0

/// Distinguished Encoding Rules (ITU-T X.690).
enum DER {
    enum Tag {
        static let boolean: UInt8 = 0x01
        static let integer: UInt8 = 0x02
        static let bitString: UInt8 = 0x03
        static let octetString: UInt8 = 0x04
        static let null: UInt8 = 0x05
        static let objectIdentifier: UInt8 = 0x06
        static let utf8String: UInt8 = 0x0C
        static let numericString: UInt8 = 0x12
        static let printableString: UInt8 = 0x13
        static let teletexString: UInt8 = 0x14
        static let ia5String: UInt8 = 0x16
        static let utcTime: UInt8 = 0x17
        static let generalizedTime: UInt8 = 0x18
        static let bmpString: UInt8 = 0x1E
        static let sequence: UInt8 = 0x30
        static let set: UInt8 = 0x31

        static func context(_ number: UInt8, isConstructed: Bool = true) -> UInt8 {
            (isConstructed ? 0xA0 : 0x80) | number
        }
    }

    // MARK: Writing

    static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        var length: [UInt8] = []
        var rest = content.count
        while rest > 0 {
            length.insert(UInt8(truncatingIfNeeded: rest), at: 0)
            rest >>= 8
        }
        if content.count < 0x80 { return [tag, UInt8(content.count)] + content }
        return [tag, 0x80 | UInt8(length.count)] + length + content
    }

    static func sequence(_ parts: [UInt8]...) -> [UInt8] {
        element(Tag.sequence, Array(parts.joined()))
    }

    /// An integer from an unsigned big-endian number.
    static func integer(_ magnitude: some Collection<UInt8>) -> [UInt8] {
        var digits = Array(magnitude.drop { $0 == 0 })
        if digits.isEmpty || digits[0] >= 0x80 { digits.insert(0, at: 0) }
        return element(Tag.integer, digits)
    }

    static func bitString(_ bytes: [UInt8]) -> [UInt8] { element(Tag.bitString, [0] + bytes) }

    static func objectIdentifier(_ encoded: [UInt8]) -> [UInt8] {
        element(Tag.objectIdentifier, encoded)
    }
}

/// Reads elements one after the other. Lengths must be definite and of the shortest form.
struct DERReader {
    struct Element {
        var tag: UInt8
        /// With tag and length.
        var whole: ArraySlice<UInt8>
        var content: ArraySlice<UInt8>

        var reader: DERReader { DERReader(content) }
    }

    struct Malformed: Error {}

    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: some Sequence<UInt8>) { rest = ArraySlice(bytes) }

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    var isAtEnd: Bool { rest.isEmpty }
    var nextTag: UInt8? { rest.first }

    mutating func next() throws(Malformed) -> Element {
        let start = rest
        guard let tag = rest.popFirst(), tag & 0x1F != 0x1F, let first = rest.popFirst() else {
            throw Malformed()
        }
        var length = Int(first)
        if first >= 0x80 {
            let count = Int(first & 0x7F)
            guard count >= 1, count <= 4, count <= rest.count, rest.first != 0 else {
                throw Malformed()
            }
            length = rest.prefix(count).reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(count)
            guard length >= 0x80 else { throw Malformed() }
        }
        guard length <= rest.count else { throw Malformed() }
        let content = rest.prefix(length)
        rest = rest.dropFirst(length)
        return Element(tag: tag, whole: start.prefix(start.count - rest.count), content: content)
    }

    mutating func next(_ tag: UInt8) throws(Malformed) -> Element {
        let element = try next()
        guard element.tag == tag else { throw Malformed() }
        return element
    }

    /// The next element when it has this tag.
    mutating func optional(_ tag: UInt8) throws(Malformed) -> Element? {
        nextTag == tag ? try next() : nil
    }
}

extension DERReader.Element {
    /// The content of a bit string whose bits fill whole bytes, or nearly.
    func bits() throws(DERReader.Malformed) -> (bytes: ArraySlice<UInt8>, unused: Int) {
        guard let unused = content.first, unused < 8, content.count > 1 || unused == 0 else {
            throw DERReader.Malformed()
        }
        return (content.dropFirst(), Int(unused))
    }

    /// The arcs of an object identifier.
    func arcs() throws(DERReader.Malformed) -> [Int] {
        var arcs: [Int] = []
        var arc = 0
        var isOpen = false
        for byte in content {
            guard arc < 1 << 48, isOpen || byte != 0x80 else { throw DERReader.Malformed() }
            arc = arc << 7 | Int(byte & 0x7F)
            isOpen = byte >= 0x80
            if isOpen { continue }
            if arcs.isEmpty {
                let first = min(arc / 40, 2)
                arcs = [first, arc - first * 40]
            } else {
                arcs.append(arc)
            }
            arc = 0
        }
        guard !isOpen, !arcs.isEmpty else { throw DERReader.Malformed() }
        return arcs
    }

    /// A number that fits 63 bits.
    func smallInteger() throws(DERReader.Malformed) -> Int {
        guard let first = content.first, content.count <= 8 else { throw DERReader.Malformed() }
        return content.reduce(first >= 0x80 ? -1 : 0) { $0 << 8 | Int($1) }
    }
}
