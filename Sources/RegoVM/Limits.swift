// SPDX-License-Identifier: Apache-2.0

/// Bounds of the engine, each with its unit.
public enum Limits {
    /// Bytes of an arena that are kept between evaluations.
    public static let arenaChunkBytes = 64 * 1024
    /// Bytes of values that one evaluation may hold.
    public static let arenaBytes = 256 * 1024 * 1024
    /// Nested arrays and objects in JSON text.
    public static let jsonDepth = 512
    /// Work units (instructions of loops and calls) that one decision may spend.
    public static let workUnits: Int64 = 100_000_000
    /// Rules and functions active at once in one decision.
    public static let callDepth = 512
    /// Entries that a builtin may make in one collection.
    public static let collectionEntries = 4_000_000
    /// Bytes of a string that a builtin may make.
    public static let stringBytes = 64 * 1024 * 1024
}
