// SPDX-License-Identifier: Apache-2.0

/// Header fields of an answer, encoded once (RFC 7541): literals that no table remembers, so the
/// bytes are the same on every connection.
public struct HeaderBlock {
    private struct Storage {
        var names: [StaticString]
        var values: [[UInt8]]
        var count = 0
    }

    private let storage: UnsafeMutablePointer<Storage>
    let bytes: UnsafeMutablePointer<UInt8>
    /// Of the encoded block.
    var count: Int { storage.pointee.count }

    public init(_ pairs: [(name: StaticString, value: StaticString)]) {
        storage = .allocate(capacity: 1)
        storage.initialize(
            to: Storage(names: pairs.map(\.name), values: pairs.map { Self.bytes(of: $0.value) }))
        bytes = .allocate(capacity: SessionLimits.answerHeaderBytes)
        encode()
    }

    /// Replaces one value by a copy of `value`.
    public func setValue(_ index: Int, copying value: UnsafeBufferPointer<UInt8>) {
        storage.pointee.values[index] = Array(value)
        encode()
    }

    /// Replaces one value.
    public func setValue(_ index: Int, _ literal: StaticString) {
        storage.pointee.values[index] = Self.bytes(of: literal)
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
        for (name, value) in zip(storage.pointee.names, storage.pointee.values) {
            let name = Self.bytes(of: name)
            if name.elementsEqual(":status".utf8), value.elementsEqual("200".utf8) {
                block.append(Self.status200)
                continue
            }
            // Neither side's table changes (RFC 7541 section 6.2.2).
            if name.elementsEqual("content-type".utf8) {
                block += Self.contentType
            } else {
                block.append(0)
                Self.append(name, to: &block)
            }
            Self.append(value, to: &block)
        }
        precondition(
            block.count <= SessionLimits.answerHeaderBytes, "answers' headers are our own words")
        storage.pointee.count = block.count
        bytes.update(from: block, count: block.count)
    }

    /// A string without Huffman coding (RFC 7541 section 5.2).
    private static func append(_ text: [UInt8], to block: inout [UInt8]) {
        let prefix = 127
        if text.count < prefix {
            block.append(UInt8(text.count))
        } else {
            block.append(UInt8(prefix))
            var rest = text.count - prefix
            while rest >= 128 {
                block.append(UInt8(rest % 128 + 128))
                rest /= 128
            }
            block.append(UInt8(rest))
        }
        block += text
    }

    /// Entry 8 of the static table (RFC 7541 appendix A).
    private static let status200: UInt8 = 0x88
    /// A literal without indexing under the name of entry 31.
    private static let contentType: [UInt8] = [0x0F, 31 - 15]
}
