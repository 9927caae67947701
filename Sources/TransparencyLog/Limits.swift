// SPDX-License-Identifier: Apache-2.0

/// Sizes that C2SP tlog-tiles, signed-note and tlog-checkpoint fix or recommend.
public enum LogLimits {
    /// Hashes in a full tile, entries in a full bundle.
    public static let tileWidth = 256
    /// Levels of the tree that one tile spans: 2^8 = 256.
    public static let tileHeight = 8
    /// Bytes in the largest entry: its length is a uint16.
    public static let entryLength = 65_535
    /// Bytes before each entry in a bundle.
    public static let entryPrefixLength = 2
    /// Bytes in the largest entry bundle.
    public static let bundleLength = tileWidth * (entryPrefixLength + entryLength)
    /// Signatures on one note: a parser must accept at least 16.
    public static let signaturesPerNote = 64
    /// Bytes in one signed note.
    public static let noteLength = 1_000_000
    /// Entries in a log: a checkpoint that claims more is none. A million a second take nine years.
    public static let entries = 1 << 48
    /// Bytes in a full tile.
    public static let tileLength = tileWidth * 32
    /// Bytes in a compressed bundle: gzip adds little to what it cannot make smaller.
    public static let compressedLength = bundleLength + bundleLength >> 8
    /// Bytes in the file with what is kept of pruned entries.
    public static let keptLength = 1 << 30
    /// Bytes in a key's name.
    public static let keyNameLength = 1_024
    /// Hashes in one proof: a tree of 2^63 leaves is 63 levels high.
    public static let proofHashes = 63
    /// Bytes in a proof file's extra data.
    public static let proofExtraLength = 65_536
    /// Changes of a log's key that a verifier follows.
    public static let successions = 1_000
    /// Entries between two calls of a progress report.
    public static let progressInterval = 65_536
}
