// SPDX-License-Identifier: Apache-2.0
import Authorization

/// Entries of protobuf maps, which are messages of a key (1) and a value (2), either of which may
/// be missing and then is empty.
enum MapReader {
    typealias Table = [AttributeContext.StringPair]

    /// One entry of a `map<string, string>`, appended: of equal keys the last counts.
    static func readStrings(
        _ reader: inout WireReader, into table: inout Table
    ) throws(CheckRequestError) {
        guard table.count < Limits.tableEntries else { throw reader.error(.tooManyEntries) }
        let (key, value) = try stringEntry(reader.message())
        table.append(AttributeContext.StringPair(key: key, value: value))
    }

    @inline(__always)
    static func stringEntry(_ reader: WireReader) throws(CheckRequestError) -> (Bytes, Bytes) {
        var reader = reader
        var key = Bytes.empty
        var value = Bytes.empty
        while let field = try reader.next() {
            switch field {
            case 1: key = try reader.string()
            case 2: value = try reader.string()
            default: try reader.skip()
            }
        }
        return (key, value)
    }
}
