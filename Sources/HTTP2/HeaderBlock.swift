// SPDX-License-Identifier: Apache-2.0
import CNghttp2

/// Header fields of an answer, laid out once as nghttp2 wants them.
///
/// Names and values are not copied when a block is sent: values must live as long as the stream,
/// which those of literals do.
public struct HeaderBlock {
    let fields: UnsafeMutablePointer<nghttp2_nv>
    public let count: Int

    public init(_ pairs: [(name: StaticString, value: StaticString)]) {
        count = pairs.count
        fields = .allocate(capacity: pairs.count)
        for (index, pair) in pairs.enumerated() {
            (fields + index).initialize(
                to: nghttp2_nv(
                    name: UnsafeMutablePointer(mutating: pair.name.utf8Start),
                    value: UnsafeMutablePointer(mutating: pair.value.utf8Start),
                    namelen: pair.name.utf8CodeUnitCount, valuelen: pair.value.utf8CodeUnitCount,
                    flags: Self.borrowed))
        }
    }

    private static let borrowed = UInt8(
        NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue | NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue)

    /// Replaces one value by bytes that are copied when the block is sent.
    public func setValue(_ index: Int, copying bytes: UnsafeBufferPointer<UInt8>) {
        precondition(index < count)
        fields[index].value = UnsafeMutablePointer(mutating: bytes.baseAddress)
        fields[index].valuelen = bytes.count
        fields[index].flags = UInt8(NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue)
    }

    /// Replaces one value by bytes that outlive every stream.
    public func setValue(_ index: Int, _ literal: StaticString) {
        precondition(index < count)
        fields[index].value = UnsafeMutablePointer(mutating: literal.utf8Start)
        fields[index].valuelen = literal.utf8CodeUnitCount
        fields[index].flags = Self.borrowed
    }

    public func destroy() { fields.deallocate() }
}
