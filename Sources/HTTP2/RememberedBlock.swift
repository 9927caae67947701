// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The last header block of a connection and what it says. A proxy sends the same bytes with each
/// of its calls; as long as the compression table has not changed since, they say the same
/// (RFC 7541 section 2.2: decoding depends on nothing else).
struct RememberedBlock {
    private let block: UnsafeMutableRawPointer
    private var count = 0
    private(set) var head = RequestHead()
    private(set) var contentLength = -1
    /// The values that `head` refers to.
    let kept: UnsafeMutablePointer<UInt8>

    init() {
        block = .allocate(byteCount: SessionLimits.rememberedBlockBytes, alignment: 8)
        kept = .allocate(capacity: SessionLimits.keptHeaderBytes)
    }

    func destroy() {
        block.deallocate()
        kept.deallocate()
    }

    @inline(__always)
    func equals(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count == count, count > 0, let start = bytes.baseAddress else { return false }
        return memcmp(block, start, count) == 0
    }

    /// The table may have changed.
    mutating func forget() { count = 0 }

    /// Keeps what a well-formed block says that did not change the table.
    mutating func remember(
        _ bytes: UnsafeRawBufferPointer, _ stream: UnsafeMutablePointer<StreamState>
    ) {
        guard bytes.count <= SessionLimits.rememberedBlockBytes, let start = bytes.baseAddress
        else { return }
        block.copyMemory(from: start, byteCount: bytes.count)
        count = bytes.count
        head = stream.pointee.head
        contentLength = stream.pointee.contentLength
        kept.update(from: stream.pointee.kept, count: head.used)
    }
}
