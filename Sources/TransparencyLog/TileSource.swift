// SPDX-License-Identifier: Apache-2.0
import Cryptography

/// Where a reader of a log gets its files from: a folder, memory, a web server.
public protocol TileSource {
    /// The content of a file below the log's prefix; nil when there is none.
    func read(_ path: String) throws -> [UInt8]?
}

extension TileSource {
    /// The hashes of a tile as a tree of `shape` has it, side by side. A full tile may stand in for a
    /// partial one, which logs delete once the full one exists.
    ///
    /// - Parameter path: set to the file that was read, or looked for.
    func tile(
        level: Int, index: Int, shape: TileShape, path: inout String
    ) throws -> [UInt8] {
        let width = shape.width(level: level, index: index)
        path = TilePath.hashes(level: level, index: index, width: width)
        if let bytes = try read(path) {
            return try checkLength(bytes, width, path)
        }
        guard width < LogLimits.tileWidth,
            let full = try read(TilePath.hashes(level: level, index: index))
        else {
            throw TransparencyError(
                .missing, at: path, "missing, the tree of \(shape.size) entries needs it")
        }
        path = TilePath.hashes(level: level, index: index)
        let bytes = try checkLength(full, LogLimits.tileWidth, path)
        return Array(bytes.prefix(width * Digest.byteCount))
    }

    private func checkLength(_ bytes: [UInt8], _ width: Int, _ path: String) throws -> [UInt8] {
        guard bytes.count == width * Digest.byteCount else {
            throw TransparencyError(
                .malformedTile, at: path,
                "expected \(width * Digest.byteCount) bytes, got \(bytes.count)")
        }
        return bytes
    }

    /// The bundle with the entries of tile `index`, and whether it may hold more than the tree does.
    func bundle(
        _ index: Int, shape: TileShape, path: inout String
    ) throws -> (bytes: [UInt8], isFull: Bool) {
        let width = shape.width(level: 0, index: index)
        path = TilePath.entries(index, width: width)
        if let bytes = try read(path) { return (bytes, false) }
        if width < LogLimits.tileWidth {
            let full = TilePath.entries(index)
            if let bytes = try read(full) {
                path = full
                return (bytes, true)
            }
        }
        throw TransparencyError(
            .missing, at: path, "missing, the tree of \(shape.size) entries needs it")
    }
}

extension TreeEdge {
    /// Reads the right edge of a tree from its partial tiles.
    public init(size: Int, from source: some TileSource) throws {
        let shape = TileShape(size: size)
        try self.init(size: size) { level in
            var path = ""
            return try source.tile(
                level: level, index: shape.fullTiles(level: level), shape: shape, path: &path)
        }
    }
}
