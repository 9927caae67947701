// SPDX-License-Identifier: Apache-2.0

/// Reads an entry bundle (C2SP tlog-tiles, "Log entries"): for each entry its length as a
/// big-endian uint16, then its bytes.
public enum EntryBundle {
    /// Hands out each entry in order.
    ///
    /// - Parameters:
    ///   - path: the file, for the error.
    ///   - count: how many of its entries are wanted; the bundle may hold more only when
    ///     `allowsMore`.
    /// - Throws: `malformedBundle` when it ends early or holds more; what `body` throws.
    public static func forEach(
        _ bundle: UnsafeRawBufferPointer, path: String, count: Int, allowsMore: Bool = false,
        _ body: (_ position: Int, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        var offset = 0
        for position in 0..<count {
            guard let length = length(bundle, at: offset),
                offset + LogLimits.entryPrefixLength + length <= bundle.count
            else {
                throw TransparencyError(
                    .malformedBundle, at: path,
                    "ends inside entry \(position), expected \(count) entries")
            }
            offset += LogLimits.entryPrefixLength
            try body(
                position, UnsafeRawBufferPointer(rebasing: bundle[offset..<(offset + length)]))
            offset += length
        }
        guard allowsMore || offset == bundle.count else {
            throw TransparencyError(
                .malformedBundle, at: path,
                "\(bundle.count - offset) bytes follow the last of \(count) entries")
        }
    }

    /// The length of the entry whose prefix is at `offset`; nil when the prefix is cut off.
    @inline(__always)
    static func length(_ bundle: UnsafeRawBufferPointer, at offset: Int) -> Int? {
        guard offset + LogLimits.entryPrefixLength <= bundle.count else { return nil }
        return Int(bundle[offset]) << 8 | Int(bundle[offset + 1])
    }

    /// Adds one entry to a bundle.
    ///
    /// - Parameter entry: at most 65,535 bytes.
    public static func append(_ entry: UnsafeRawBufferPointer, to bundle: inout [UInt8]) {
        precondition(entry.count <= LogLimits.entryLength)
        bundle.append(UInt8(truncatingIfNeeded: entry.count >> 8))
        bundle.append(UInt8(truncatingIfNeeded: entry.count))
        bundle.append(contentsOf: entry)
    }
}
