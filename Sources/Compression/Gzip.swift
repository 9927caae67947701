// SPDX-License-Identifier: Apache-2.0
import CZlib

/// Writes gzip (RFC 1952) without a name and a time, so that equal bytes give equal files.
public enum Gzip {
    public enum Failure: Error, Equatable {
        case memory
    }

    /// One member that holds all of `bytes`, compressed as well as zlib can.
    public static func compress(_ bytes: [UInt8]) throws(Failure) -> [UInt8] {
        var stream = z_stream()
        guard czlib_deflate_gzip(&stream) == Z_OK else { throw .memory }
        defer { deflateEnd(&stream) }
        var status = Z_OK
        let bound = Int(deflateBound(&stream, UInt(bytes.count)))
        let output = bytes.withUnsafeBufferPointer { source in
            [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
                // zlib does not write to its input.
                stream.next_in = source.baseAddress.map { UnsafeMutablePointer(mutating: $0) }
                stream.avail_in = UInt32(source.count)
                stream.next_out = buffer.baseAddress
                stream.avail_out = UInt32(buffer.count)
                status = deflate(&stream, Z_FINISH)
                count = buffer.count - Int(stream.avail_out)
            }
        }
        stream.next_in = nil
        stream.next_out = nil
        guard status == Z_STREAM_END else { throw .memory }
        return output
    }
}
