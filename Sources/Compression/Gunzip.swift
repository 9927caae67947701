// SPDX-License-Identifier: Apache-2.0
import CZlib

/// Reads gzip (RFC 1952), of which an archive may hold several members in a row.
public enum Gunzip {
    public enum Failure: Error, Equatable {
        case malformed
        /// The text ends before the compressed data does.
        case truncated
        case tooLarge(limit: Int)
        case memory
    }

    private static let chunk = 256 << 10

    /// - Parameter limit: bytes of the result; a few hundred times fewer may expand to more.
    public static func read(_ compressed: [UInt8], limit: Int) throws(Failure) -> [UInt8] {
        guard !compressed.isEmpty else { throw .truncated }
        var stream = z_stream()
        guard czlib_inflate_gzip(&stream) == Z_OK else { throw .memory }
        defer { inflateEnd(&stream) }
        var output: [UInt8] = []
        var offset = 0
        var status = Z_OK
        while true {
            if status == Z_STREAM_END {
                guard offset < compressed.count else { return output }
                guard inflateReset(&stream) == Z_OK else { throw .malformed }
            }
            let part: [UInt8]
            let before = (offset: offset, count: output.count)
            (part, status) = step(&stream, compressed, &offset)
            output += part
            guard output.count <= limit else { throw .tooLarge(limit: limit) }
            guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else {
                throw status == Z_MEM_ERROR ? .memory : .malformed
            }
            if status != Z_STREAM_END && before == (offset, output.count) { throw .truncated }
        }
    }

    /// Inflates into one chunk; `offset` is moved behind the bytes that were read.
    private static func step(
        _ stream: inout z_stream, _ compressed: [UInt8], _ offset: inout Int
    ) -> (part: [UInt8], status: Int32) {
        var status = Z_OK
        let input = min(compressed.count - offset, Int(Int32.max))
        let part = compressed.withUnsafeBufferPointer { source in
            [UInt8](unsafeUninitializedCapacity: chunk) { buffer, count in
                // zlib does not write to its input.
                stream.next_in = source.baseAddress.map {
                    UnsafeMutablePointer(mutating: $0 + offset)
                }
                stream.avail_in = UInt32(input)
                stream.next_out = buffer.baseAddress
                stream.avail_out = UInt32(buffer.count)
                status = inflate(&stream, Z_NO_FLUSH)
                count = buffer.count - Int(stream.avail_out)
            }
        }
        offset += input - Int(stream.avail_in)
        stream.next_in = nil
        stream.next_out = nil
        return (part, status)
    }
}
