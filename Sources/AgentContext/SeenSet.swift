// SPDX-License-Identifier: Apache-2.0

/// Hashes of the last distinct things seen. One that was pushed out counts as new again.
struct SeenSet {
    private var hashes = InlineArray<16, UInt64>(repeating: 0)
    private var next: UInt8 = 0

    func contains(_ hash: UInt64) -> Bool {
        let hash = Self.stored(hash)
        for index in 0..<Limits.seen where hashes[index] == hash { return true }
        return false
    }

    mutating func insert(_ hash: UInt64) {
        guard !contains(hash) else { return }
        hashes[Int(next)] = Self.stored(hash)
        next = UInt8((Int(next) + 1) % Limits.seen)
    }

    /// 0 marks an unused place.
    private static func stored(_ hash: UInt64) -> UInt64 { hash == 0 ? 1 : hash }
}
