// SPDX-License-Identifier: Apache-2.0

/// Bounds of what a request becomes.
public enum Limits {
    /// Documents of one request that its record and its agent's lineage name: the last ones.
    public static let lineageDocuments = 8
    /// Bytes of a document's tool, and of its name, in a record.
    static let lineageToolBytes = 64
    static let lineageNameBytes = 128
    /// Rules of an entrypoint's package whose outcome a record may name.
    static let recordedRules = 256
    /// Bytes of the names of rules that held, in a record.
    static let recordedRuleBytes = 1024
    /// Segments of `input.parsed_path`.
    public static let pathSegments = 4096
    /// Parameters of a query or of a form body; Go's parser, which OPA-Envoy uses, stops here too.
    public static let queryParameters = 10_000
    /// Parts of a `multipart/form-data` body.
    public static let multipartParts = 1000
    /// Header lines of one part.
    public static let partHeaders = 100
    /// Bytes of an approval's arguments that are kept for the person who decides.
    public static let approvalArgumentBytes = 4096
    /// Seconds that an agent stays isolated when the policy names no time.
    public static let isolationSeconds: Int64 = 30 * 24 * 3600
    /// Signals that an answer may name, and bytes of each name.
    public static let signals = 32
    public static let signalNameBytes = 64
    /// Strings of one check whose hash is looked up in threat lists.
    static let threatDigests = 16
    /// Bytes of a record's threat matches, after which no more are begun.
    static let threatRecordBytes = 4096
}
