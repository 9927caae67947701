// SPDX-License-Identifier: Apache-2.0
import Cryptography

/// File names of a log (C2SP tlog-tiles, "Tile layout"), below its prefix.
public enum TilePath {
    public static let checkpoint = "checkpoint"
    /// The newest checkpoint that witnesses cosigned, with their signatures.
    public static let witnessed = "checkpoint.witnessed"
    /// The log's statement about entries that it keeps no more (`PruningStatement`).
    public static let pruned = "pruned"
    /// Where what is kept of pruned entries lies, each file under a name of its own.
    public static let keptFolder = "kept"

    /// The statement by which the key with id `keyID` handed over to the next one.
    public static func succession(_ keyID: String) -> String { "succession/" + keyID }

    /// What is kept of pruned entries, by the hash of the file.
    public static func kept(_ digest: Digest) -> String {
        let names = digest.bytes.prefix(16).map { byte in
            String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }
        return keptFolder + "/" + names.joined()
    }

    /// `tile/<level>/<index>`, with `.p/<width>` when the tile is partial.
    ///
    /// - Parameters:
    ///   - level: 0 holds leaf hashes.
    ///   - width: 1...256 hashes.
    public static func hashes(level: Int, index: Int, width: Int = LogLimits.tileWidth) -> String {
        "tile/\(level)/" + number(index) + suffix(width)
    }

    /// `tile/entries/<index>`, with `.p/<width>` when the bundle is partial.
    public static func entries(_ index: Int, width: Int = LogLimits.tileWidth) -> String {
        "tile/entries/" + number(index) + suffix(width)
    }

    /// Where a full bundle lies once it is compressed: the same bytes, with gzip.
    public static func compressed(_ bundle: String) -> String { bundle + ".gz" }

    /// Bytes in a file of a log at most.
    public static func limit(of path: String) -> Int {
        if path.hasPrefix("tile/entries/") {
            return path.hasSuffix(".gz") ? LogLimits.compressedLength : LogLimits.bundleLength
        }
        if path.hasPrefix("tile/") { return LogLimits.tileLength }
        return path.hasPrefix(keptFolder + "/") ? LogLimits.keptLength : LogLimits.noteLength
    }

    private static func suffix(_ width: Int) -> String {
        precondition(width > 0 && width <= LogLimits.tileWidth)
        return width == LogLimits.tileWidth ? "" : ".p/\(width)"
    }

    /// Groups of three digits, all but the last with `x` before them: 1234067 is `x001/x234/067`.
    static func number(_ index: Int) -> String {
        precondition(index >= 0)
        var text = padded(index % 1_000)
        var rest = index / 1_000
        while rest > 0 {
            text = "x" + padded(rest % 1_000) + "/" + text
            rest /= 1_000
        }
        return text
    }

    private static func padded(_ group: Int) -> String {
        let digits = String(group)
        return String(repeating: "0", count: 3 - digits.utf8.count) + digits
    }
}

/// Which tiles a tree of a given size has.
public struct TileShape: Sendable {
    public let size: Int

    public init(size: Int) {
        precondition(size >= 0)
        self.size = size
    }

    /// Levels that have at least one hash.
    public var levels: Int {
        var count = 0
        while hashes(level: count) > 0 { count += 1 }
        return count
    }

    /// How many hashes level `level` holds: floor(size / 256^level).
    public func hashes(level: Int) -> Int {
        let shift = LogLimits.tileHeight * level
        return shift < Int.bitWidth ? size >> shift : 0
    }

    public func fullTiles(level: Int) -> Int { hashes(level: level) / LogLimits.tileWidth }

    /// Hashes in the partial tile at the right edge; 0 when there is none.
    public func partialWidth(level: Int) -> Int { hashes(level: level) % LogLimits.tileWidth }

    /// Hashes in tile `index`; 0 when the tree has no such tile.
    public func width(level: Int, index: Int) -> Int {
        let full = fullTiles(level: level)
        if index < full { return LogLimits.tileWidth }
        return index == full ? partialWidth(level: level) : 0
    }
}
