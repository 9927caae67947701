// SPDX-License-Identifier: Apache-2.0
import Compression
import Cryptography

/// Where a reader of a log gets its files from: a folder, memory, a web server.
public protocol TileSource {
    /// The content of a file below the log's prefix; nil when there is none.
    func read(_ path: String) throws -> [UInt8]?
}

/// The hashes of a tile as it was read.
public struct StoredTile {
    /// The file that they came from.
    public let path: String
    /// Side by side; as many as the tree has.
    public let hashes: [UInt8]

    /// Whether hash `position` is `hash`.
    public func holds(_ hash: Digest, at position: Int) -> Bool { hash == self.hash(at: position) }

    public func hash(at position: Int) -> Digest {
        hashes.withUnsafeBytes {
            Digest(UnsafeRawBufferPointer(rebasing: $0[(position * Digest.byteCount)...]))
        }
    }
}

/// An entry bundle as it was read.
public struct StoredBundle {
    public let path: String
    public let bytes: [UInt8]
    /// A full bundle in the place of a partial one: it holds more entries than the tree.
    public let isFull: Bool
}

extension TileSource {
    /// A tile as a tree of `shape` has it. A full tile may stand in for a partial one, which logs
    /// delete once the full one exists.
    public func tile(level: Int, index: Int, shape: TileShape) throws -> StoredTile {
        let width = shape.width(level: level, index: index)
        let path = TilePath.hashes(level: level, index: index, width: width)
        if let bytes = try read(path) {
            return StoredTile(path: path, hashes: try checkLength(bytes, width, path))
        }
        let fullPath = TilePath.hashes(level: level, index: index)
        guard width < LogLimits.tileWidth, let full = try read(fullPath) else {
            throw missing(path, shape)
        }
        let hashes = try checkLength(full, LogLimits.tileWidth, fullPath)
        return StoredTile(path: fullPath, hashes: Array(hashes.prefix(width * Digest.byteCount)))
    }

    /// The bundle with the entries of tile `index` of level 0.
    public func bundle(_ index: Int, shape: TileShape) throws -> StoredBundle {
        guard let bundle = try storedBundle(index, shape: shape) else {
            throw missing(
                TilePath.entries(index, width: shape.width(level: 0, index: index)), shape)
        }
        return bundle
    }

    /// The bundle with the entries of tile `index` of level 0, plain or compressed; nil when it is
    /// not there.
    func storedBundle(_ index: Int, shape: TileShape) throws -> StoredBundle? {
        let width = shape.width(level: 0, index: index)
        let path = TilePath.entries(index, width: width)
        if let bytes = try read(path) {
            return StoredBundle(path: path, bytes: bytes, isFull: false)
        }
        let fullPath = TilePath.entries(index)
        if width < LogLimits.tileWidth {
            return try read(fullPath).map { StoredBundle(path: fullPath, bytes: $0, isFull: true) }
        }
        let compressedPath = TilePath.compressed(fullPath)
        guard let compressed = try read(compressedPath) else { return nil }
        do {
            let bytes = try Gunzip.read(compressed, limit: LogLimits.bundleLength)
            return StoredBundle(path: compressedPath, bytes: bytes, isFull: false)
        } catch {
            throw TransparencyError(
                .malformedBundle, at: compressedPath,
                "is no gzip of at most "
                    + "\(LogLimits.bundleLength) bytes: \(error)")
        }
    }

    private func checkLength(_ bytes: [UInt8], _ width: Int, _ path: String) throws -> [UInt8] {
        guard bytes.count == width * Digest.byteCount else {
            throw TransparencyError(
                .malformedTile, at: path,
                "expected \(width * Digest.byteCount) bytes, got \(bytes.count)")
        }
        return bytes
    }

    private func missing(_ path: String, _ shape: TileShape) -> TransparencyError {
        TransparencyError(
            .missing, at: path, "missing, the tree of \(shape.size) entries needs it")
    }
}

extension TreeEdge {
    /// Reads the right edge of a tree from its partial tiles.
    public init(size: Int, from source: some TileSource) throws {
        let shape = TileShape(size: size)
        try self.init(size: size) { level in
            try source.tile(level: level, index: shape.fullTiles(level: level), shape: shape)
                .hashes
        }
    }
}
