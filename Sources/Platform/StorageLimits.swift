// SPDX-License-Identifier: Apache-2.0

/// Bounds of the storage half of this module.
enum StorageLimits {
    /// Changed files and folders that `sync` flushes one by one; beyond it the whole file system.
    static let listedChanges = 48

    /// New content before its rename, in the folder's root.
    static let temporaryName = ".replacing"

    /// What Linux draws at random at each boot (random(4)).
    static let bootPath = "/proc/sys/kernel/random/boot_id"

    /// Bytes of it: a UUID.
    static let bootBytes = 36
}
