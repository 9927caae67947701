// SPDX-License-Identifier: Apache-2.0
import TransparencyLog

/// A log in a dictionary, made as the sequencer makes it.
public final class MemoryTiles: TileSource {
    public var files: [String: [UInt8]] = [:]
    public let signer: NoteSigner

    public init(signer: NoteSigner) { self.signer = signer }

    public func read(_ path: String) -> [UInt8]? { files[path] }

    /// Publishes at each of `sizes`, in order.
    public func publish(at sizes: [Int], entry: (Int) -> [UInt8]) throws {
        let builder = LogBuilder()
        for size in sizes {
            while builder.size < size {
                try builder.writeFull { self.files[$0] = Array($1) }
                entry(builder.size).withUnsafeBytes { builder.append($0) }
            }
            try builder.writeFull { self.files[$0] = Array($1) }
            try builder.writePartial { self.files[$0] = Array($1) }
            let checkpoint = builder.checkpoint(origin: signer.verifierKey.name)
            files[TilePath.checkpoint] = try checkpoint.signed(by: signer).bytes
        }
    }
}
