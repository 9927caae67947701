// SPDX-License-Identifier: Apache-2.0

/// Why bytes are not a CheckRequest, and where.
public struct CheckRequestError: Error, Equatable {
    public let code: Code
    /// Where the field at fault begins (for UTF-8: the bad sequence), in bytes from the start.
    public let offset: Int

    public init(_ code: Code, _ offset: Int) {
        self.code = code
        self.offset = offset
    }

    /// Stable: also the reason code of the denial.
    public enum Code: String, Sendable, CaseIterable {
        /// A length or a number reaches past the end of its message.
        case truncated = "check_truncated"
        /// A varint of more than 64 bits.
        case varintOverflow = "check_varint_overflow"
        /// Field number 0 or above 2^29-1, or an unknown wire type.
        case invalidTag = "check_invalid_tag"
        /// Groups do not exist in proto3.
        case group = "check_group"
        /// A known field with another wire type than its own.
        case wrongWireType = "check_wrong_wire_type"
        /// A `string` field that is not UTF-8.
        case invalidUTF8 = "check_invalid_utf8"
        /// Nested deeper than `Limits.structDepth`.
        case tooDeep = "check_too_deep"
        /// More entries than `Limits.tableEntries`.
        case tooManyEntries = "check_too_many_entries"
        /// Both `headers` and `header_map`, or both `value` and `raw_value`: two readers of the
        /// message could see different requests.
        case ambiguousHeaders = "check_ambiguous_headers"
        /// One metadata entry or `google.protobuf.Value` with several values.
        case repeatedMetadata = "check_repeated_metadata"
        /// A NaN or infinity in metadata, which is JSON and has no such numbers.
        case notFinite = "check_number_not_finite"
    }
}

extension CheckRequestError: CustomStringConvertible {
    public var description: String {
        "\(words) at byte \(offset) of the check request (\(code.rawValue))"
    }

    private var words: String {
        switch code {
        case .truncated: "a field reaches past the end of its message"
        case .varintOverflow: "a number has more than 64 bits"
        case .invalidTag: "expected a field tag"
        case .group: "expected no group"
        case .wrongWireType: "a known field has the wrong wire type"
        case .invalidUTF8: "expected UTF-8 in a string field"
        case .tooDeep: "metadata is nested deeper than \(Limits.structDepth) messages"
        case .tooManyEntries: "a table has more than \(Limits.tableEntries) entries"
        case .ambiguousHeaders: "headers are given in two ways"
        case .repeatedMetadata: "a metadata entry has several values"
        case .notFinite: "expected a finite number in metadata"
        }
    }
}
