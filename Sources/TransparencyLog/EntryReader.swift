// SPDX-License-Identifier: Apache-2.0
import Cryptography

/// Reads entries of a published log by their index, each checked against its leaf hash.
///
/// That finds rot and careless edits; who distrusts the log's keeper runs `LogVerifier`.
public struct EntryReader<Source: TileSource> {
    private let source: Source
    private let shape: TileShape
    private let prunedBelow: Int
    private let kept: KeptEntries
    private let hasher = MerkleHasher()

    /// - Parameters:
    ///   - size: of the log's checkpoint, or a smaller one.
    ///   - bound: bundles of entries below it may be absent, as the log's pruning statement says.
    ///     They are passed over, wherever they are: an archive may have older ones.
    ///   - kept: what the log keeps of those.
    public init(
        _ source: Source, size: Int, prunedBelow bound: Int = 0, keeping kept: KeptEntries = .init()
    ) {
        self.source = source
        shape = TileShape(size: size)
        prunedBelow = min(bound, size)
        self.kept = kept
    }

    /// Hands out the entries of a range in order; what is not there is left out.
    ///
    /// - Parameters:
    ///   - keep: is given what is kept of an absent bundle, instead of `body`.
    ///   - body: is given the index and the bytes, which are valid during the call; answers
    ///     false to stop.
    public func scan(
        _ range: Range<Int>,
        kept keep: ((_ index: Int, UnsafeRawBufferPointer) throws -> Bool)? = nil,
        while body: (_ index: Int, UnsafeRawBufferPointer) throws -> Bool
    ) throws {
        let range = range.clamped(to: 0..<shape.size)
        guard !range.isEmpty else { return }
        let first = range.lowerBound / LogLimits.tileWidth
        for tile in first...((range.upperBound - 1) / LogLimits.tileWidth) {
            if let bundle = try bundle(tile) {
                guard try read(bundle, tile, range, body) else { return }
            } else {
                let goesOn =
                    if let keep {
                        try readKept(tile, range, keep)
                    } else {
                        try readKept(tile, range, body)
                    }
                guard goesOn else { return }
            }
        }
    }

    /// Whether the bundle with the entries of tile `index` of level 0 is there.
    public func isPresent(_ index: Int) throws -> Bool { try bundle(index) != nil }

    /// - Returns: nil when it was pruned.
    /// - Throws: `missing` when it was not; now and then also when the hashes are not there, which
    ///   every log keeps: a claim to have pruned what never was ends a search soon.
    private func bundle(_ index: Int) throws -> StoredBundle? {
        guard index * LogLimits.tileWidth < prunedBelow else {
            return try source.bundle(index, shape: shape)
        }
        if let bundle = try source.storedBundle(index, shape: shape) { return bundle }
        if index % LogLimits.tileWidth == 0 {
            _ = try source.tile(level: 0, index: index, shape: shape)
        }
        return nil
    }

    private func readKept(
        _ tile: Int, _ range: Range<Int>,
        _ body: (_ index: Int, UnsafeRawBufferPointer) throws -> Bool
    ) throws -> Bool {
        let start = tile * LogLimits.tileWidth
        for entry in kept.entries(in: range.clamped(to: start..<(start + LogLimits.tileWidth))) {
            guard try entry.bytes.withUnsafeBytes({ try body(entry.index, $0) }) else {
                return false
            }
        }
        return true
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

    private func read(
        _ bundle: StoredBundle, _ tile: Int, _ range: Range<Int>,
        _ body: (_ index: Int, UnsafeRawBufferPointer) throws -> Bool
    ) throws -> Bool {
        let hashes = try source.tile(level: 0, index: tile, shape: shape)
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
