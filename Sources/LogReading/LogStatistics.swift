// SPDX-License-Identifier: Apache-2.0
import TransparencyLog

/// What is in a log, counted.
public struct LogStatistics {
    public private(set) var records = 0
    public private(set) var recordBytes = 0
    /// Of decisions by their answer, of all else by kind.
    public private(set) var outcomes: [String: Int] = [:]
    public private(set) var firstTime: String?
    public private(set) var lastTime: String?

    public init() {}

    public mutating func add(_ record: Record) {
        records += 1
        recordBytes += record.bytes.count
        outcomes[record.isDecision ? record.outcome : record.kind, default: 0] += 1
        guard let time = record.time.asString else { return }
        if firstTime == nil { firstTime = time }
        lastTime = time
    }
}

/// Bytes of a log's files.
public struct DiskUse: Equatable, Sendable {
    /// Entry bundles.
    public var plain = 0
    public var compressed = 0
    /// Tiles of all levels.
    public var hashes = 0

    public var total: Int { plain + compressed + hashes }
}

extension LogFolder {
    /// Measures the files of a tree; archives are not part of it.
    public func diskUse(size: Int) throws -> DiskUse {
        let shape = TileShape(size: size)
        var use = DiskUse()
        for level in 0..<shape.levels {
            use.hashes += shape.hashes(level: level) * 32
        }
        for index in 0..<(shape.hashes(level: 0) + LogLimits.tileWidth - 1) / LogLimits.tileWidth {
            let path = TilePath.entries(index, width: shape.width(level: 0, index: index))
            if let bytes = length(path) {
                use.plain += bytes
            } else if let bytes = length(TilePath.compressed(path)) {
                use.compressed += bytes
            }
        }
        return use
    }
}
