// SPDX-License-Identifier: Apache-2.0

/// Bounds of what is read from Envoy and written to it.
public enum Limits {
    /// Entries of one table (headers, labels, extensions, namespaces) of a CheckRequest. Envoy's
    /// own default is 100 headers; without a bound, two wire bytes cost 33 bytes of memory.
    public static let tableEntries = 4096
    /// Nesting of `google.protobuf.Struct`, in messages; protobuf implementations stop at 100.
    public static let structDepth = 100
    /// Headers, removals and query parameters of one answer.
    public static let mutations = 256
    /// Bytes of one encoded CheckResponse.
    public static let responseBytes = 1 << 20
    /// HTTP statuses that Envoy delivers intact (it hangs on 100 and breaks on 1000).
    public static let httpStatus = 200...599
}
