// SPDX-License-Identifier: Apache-2.0

/// Bounds of what is loaded, each with its unit.
public enum Limits {
    /// Bytes of one file.
    public static let fileBytes = 256 << 20
    /// Bytes of all files of one load.
    public static let totalBytes = 1 << 30
    /// Bytes of one archive, uncompressed.
    public static let archiveBytes = 512 << 20
    /// Files of one load.
    public static let files = 20_000
    /// Nested folders.
    public static let folderDepth = 32
    /// Values in one YAML document, counted with every use of an anchor.
    public static let yamlValues = 2_000_000
    /// Nested collections in YAML.
    public static let yamlDepth = 512
}
