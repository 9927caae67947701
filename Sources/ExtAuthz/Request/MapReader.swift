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
        if let entry = plainEntry(reader.rest) { return entry }
        return try anyEntry(reader)
    }

    /// An entry as every encoder writes it, in ASCII and with lengths below 128: a key, a value,
    /// nothing else. Headers are most of a message, and nearly all of them are of this shape; then
    /// the lengths and tags are ASCII too, and the entry is checked in one go.
    @inline(__always)
    private static func plainEntry(_ entry: Bytes) -> (Bytes, Bytes)? {
        guard entry.count >= 4, entry[0] == 0x0A else { return nil }
        let keyEnd = 2 + Int(entry[1])
        guard keyEnd + 2 <= entry.count, entry[keyEnd] == 0x12,
            keyEnd + 2 + Int(entry[keyEnd + 1]) == entry.count, UTF8Check.isASCII(entry)
        else { return nil }
        return (entry[2..<keyEnd], entry[keyEnd + 2..<entry.count])
    }

    private static func anyEntry(_ reader: WireReader) throws(CheckRequestError) -> (Bytes, Bytes) {
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
