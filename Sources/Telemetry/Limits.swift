// SPDX-License-Identifier: Apache-2.0

/// Bounds of what is told about ourselves, each with its unit.
public enum Limits {
    /// Bytes of one log line after which no more fields are added to it.
    public static let lineBytes = 16 << 10
    /// Bytes of one value in a log line; a longer one is cut.
    public static let valueBytes = 4 << 10
}
