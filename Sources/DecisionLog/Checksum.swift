// SPDX-License-Identifier: Apache-2.0
import CXXHash

/// XXH64 (the xxHash specification, version 0.1.1): finds torn and rotten journal batches at memory
/// speed. It is no protection against intent; the tree's hashes are.
enum Checksum {
    static func of(_ bytes: UnsafeRawBufferPointer, seed: UInt64 = 0) -> UInt64 {
        cxxhash_64(bytes.baseAddress, bytes.count, seed)
    }
}
