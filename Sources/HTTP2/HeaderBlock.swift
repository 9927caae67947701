// SPDX-License-Identifier: Apache-2.0

/// Header fields of an answer, encoded once (RFC 7541): literals, so that the bytes are the same on
/// every connection. Tables remember none of them, or the last one alone (`AnswerTable`).
public struct HeaderBlock {
    private struct Storage {
        var names: [StaticString]
        var values: [[UInt8]]
        var count = 0
        var lastField = 0
    }

    private let storage: UnsafeMutablePointer<Storage>
    private let bytes: UnsafeMutablePointer<UInt8>
    private let remembered: AnswerTable.Entry?

    /// The fields of an answer whose values change, or that is rare.
    public init(_ pairs: [(name: StaticString, value: StaticString)]) {
        self.init(pairs, remembered: nil)
    }

    /// The head of most answers: its last field is always the same.
    public static func head(_ pairs: [(name: StaticString, value: StaticString)]) -> HeaderBlock {
        HeaderBlock(pairs, remembered: .head)
    }

    /// The trailers of most answers: their last field is always the same.
    public static func trailers(
        _ pairs: [(name: StaticString, value: StaticString)]
    ) -> HeaderBlock {
        HeaderBlock(pairs, remembered: .trailers)
    }

    private init(
        _ pairs: [(name: StaticString, value: StaticString)], remembered: AnswerTable.Entry?
    ) {
        self.remembered = remembered
        storage = .allocate(capacity: 1)
        storage.initialize(
            to: Storage(names: pairs.map(\.name), values: pairs.map { Self.bytes(of: $0.value) }))
        bytes = .allocate(capacity: SessionLimits.answerHeaderBytes)
        encode()
    }

    var fields: EncodedFields {
        EncodedFields(
            bytes: UnsafeRawPointer(bytes), count: storage.pointee.count,
            lastField: storage.pointee.lastField, remembered: remembered)
    }

    /// Whether the bytes stay as they are.
    var isConstant: Bool { remembered != nil }

    /// Replaces one value by a copy of `value`.
    public func setValue(_ index: Int, copying value: UnsafeBufferPointer<UInt8>) {
        replace(index, Array(value))
    }

    /// Replaces one value.
    public func setValue(_ index: Int, _ literal: StaticString) {
        replace(index, Self.bytes(of: literal))
    }

    private func replace(_ index: Int, _ value: [UInt8]) {
        precondition(!isConstant, "streams refer to these bytes")
        storage.pointee.values[index] = value
        encode()
    }

    public func destroy() {
        bytes.deallocate()
        storage.deinitialize(count: 1)
        storage.deallocate()
    }

    private static func bytes(of literal: StaticString) -> [UInt8] {
        literal.withUTF8Buffer { Array($0) }
    }

    private func encode() {
        var block: [UInt8] = []
        let last = storage.pointee.names.count - 1
        for (index, name) in storage.pointee.names.enumerated() {
            let name = Self.bytes(of: name)
            let value = storage.pointee.values[index]
            storage.pointee.lastField = block.count
            if name.elementsEqual(":status".utf8), value.elementsEqual("200".utf8) {
                block.append(Self.status200)
                continue
            }
            // Sections 6.2.1 and 6.2.2: tables take it up, or stay as they are.
            let isRemembered = remembered != nil && index == last
            let (flags, prefix): (UInt8, Int) = isRemembered ? (0x40, 63) : (0, 15)
            let isKnown = name.elementsEqual("content-type".utf8)
            HeaderInteger.append(
                isKnown ? Self.contentType : 0, prefix: prefix, flags: flags, to: &block)
            if !isKnown { Self.append(name, to: &block) }
            Self.append(value, to: &block)
            precondition(
                !isRemembered || name.count + value.count + 32 <= AnswerTable.entryBytes,
                "what tables remember is short")
        }
        precondition(
            block.count <= SessionLimits.answerHeaderBytes, "answers' headers are our own words")
        storage.pointee.count = block.count
        bytes.update(from: block, count: block.count)
    }

    /// A string without Huffman coding (RFC 7541 section 5.2).
    private static func append(_ text: [UInt8], to block: inout [UInt8]) {
        HeaderInteger.append(text.count, prefix: 127, flags: 0, to: &block)
        block += text
    }

    /// Entry 8 of the static table (RFC 7541 appendix A).
    private static let status200: UInt8 = 0x88
    /// The entry with this name there.
    private static let contentType = 31
}

/// RFC 7541 section 5.1.
enum HeaderInteger {
    /// - Parameters:
    ///   - prefix: the most that fits beside the flags.
    static func append(_ value: Int, prefix: Int, flags: UInt8, to block: inout [UInt8]) {
        guard value >= prefix else { return block.append(flags | UInt8(value)) }
        block.append(flags | UInt8(prefix))
        var rest = value - prefix
        while rest >= 128 {
            block.append(UInt8(rest % 128 + 128))
            rest /= 128
        }
        block.append(UInt8(rest))
    }
}
