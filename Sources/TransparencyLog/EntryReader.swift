// SPDX-License-Identifier: Apache-2.0
import Cryptography

/// Reads entries of a published log by their index, each checked against its leaf hash.
///
/// That finds rot and careless edits; who distrusts the log's keeper runs `LogVerifier`.
public struct EntryReader<Source: TileSource> {
    private let source: Source
    private let shape: TileShape
    private let hasher = MerkleHasher()

    /// - Parameter size: of the log's checkpoint, or a smaller one.
    public init(_ source: Source, size: Int) {
        self.source = source
        shape = TileShape(size: size)
    }

    /// Hands out the entries of a range in order; what lies beyond the log is left out.
    ///
    /// - Parameter body: is given the index and the bytes, which are valid during the call; answers
    ///   false to stop.
    public func scan(
        _ range: Range<Int>, while body: (_ index: Int, UnsafeRawBufferPointer) throws -> Bool
    ) throws {
        let range = range.clamped(to: 0..<shape.size)
        guard !range.isEmpty else { return }
        let first = range.lowerBound / LogLimits.tileWidth
        for tile in first...((range.upperBound - 1) / LogLimits.tileWidth) {
            guard try readBundle(tile, range, body) else { return }
        }
    }

    /// Hands out the entries of a range in order.
    public func forEach(
        in range: Range<Int>, _ body: (_ index: Int, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        try scan(range) { index, entry in
            try body(index, entry)
            return true
        }
    }

    /// One entry.
    public func entry(_ index: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        guard index >= 0, index < shape.size else {
            throw TransparencyError(.missing, "entry \(index): the log has \(shape.size) entries")
        }
        try forEach(in: index..<(index + 1)) { _, entry in bytes = [UInt8](entry) }
        return bytes
    }

    private func readBundle(
        _ tile: Int, _ range: Range<Int>,
        _ body: (_ index: Int, UnsafeRawBufferPointer) throws -> Bool
    ) throws -> Bool {
        let hashes = try source.tile(level: 0, index: tile, shape: shape)
        let bundle = try source.bundle(tile, shape: shape)
        let first = tile * LogLimits.tileWidth
        var goesOn = true
        try bundle.bytes.withUnsafeBytes { bytes in
            try EntryBundle.forEach(
                bytes, path: bundle.path, count: shape.width(level: 0, index: tile),
                allowsMore: bundle.isFull
            ) { position, entry in
                guard goesOn, range.contains(first + position) else { return }
                guard hashes.holds(hasher.leaf(entry), at: position) else {
                    throw TransparencyError(
                        .entryDiffers, at: bundle.path,
                        "entry \(first + position) differs from its hash in `\(hashes.path)`")
                }
                goesOn = try body(first + position, entry)
            }
        }
        return goesOn
    }
}
