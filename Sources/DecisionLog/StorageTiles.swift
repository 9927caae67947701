// SPDX-License-Identifier: Apache-2.0
import Platform
import TransparencyLog

/// A log's files in a storage folder.
public struct StorageTiles: TileSource, Sendable {
    private let storage: any Storage

    public init(_ storage: any Storage) { self.storage = storage }

    public func read(_ path: String) throws -> [UInt8]? { try storage.read(path) }
}
