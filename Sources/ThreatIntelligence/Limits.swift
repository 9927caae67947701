// SPDX-License-Identifier: Apache-2.0

/// Bounds of threat intelligence, each with its unit.
public enum Limits {
    /// Lists that are loaded at once.
    public static let lists = 256
    /// Entries of all lists together.
    public static let entries = 1_000_000
    /// Bytes of one list's file.
    public static let fileBytes = 64 << 20
    /// Bytes of all text patterns together; each takes about 12 bytes of memory.
    public static let patternBytes = 16 << 20
    /// Bytes of the shortest text pattern. Shorter ones match everywhere and slow down each search.
    public static let shortestPattern = 4
    /// Bytes of one value, and of an entry's id or category.
    public static let valueBytes = 1024
    public static let nameBytes = 128
    /// Errors that are told of one file.
    static let errors = 10
    /// Matches that are told of one check; more set `isCut`.
    public static let matches = 32
    /// Bytes of text that are searched in one check; more set `isCut`.
    public static let textBytes = 1 << 20
    /// Bytes of a host name (RFC 1035 section 2.3.4, without the final dot).
    static let hostBytes = 253
    /// Bytes of the longest spelling of an IPv6 address.
    static let addressBytes = 45
}
