// SPDX-License-Identifier: Apache-2.0
import Authorization

/// Entries of protobuf maps, which are messages of a key (1) and a value (2), either of which may
/// be missing and then is empty.
enum MapReader {
    typealias Pairs = Table<AttributeContext.StringPair>

    /// Entries of a `map<string, string>`, appended: of equal keys the last counts.
    @inline(__always)
    static func readStrings(
        _ reader: inout WireReader, into table: inout Pairs
    ) throws(CheckRequestError) {
        if reader.skipEntries(to: plainEnd(reader, into: &table)) { return }
        try readUnusual(&reader, into: &table)
    }

    @inline(never)
    private static func readUnusual(
        _ reader: inout WireReader, into table: inout Pairs
    ) throws(CheckRequestError) {
        guard table.count < Limits.tableEntries else { throw reader.error(.tooManyEntries) }
        let (key, value) = try entry(reader.message())
        table.append(AttributeContext.StringPair(key: key, value: value))
    }

    /// Not part of its callers, whose loops would leave no registers for this one.
    @inline(never)
    private static func plainEnd(_ reader: WireReader, into table: inout Pairs) -> Int {
        takePlain(reader, into: &table, AttributeContext.StringPair.init(key:value:))
    }

    /// Takes the entry that `next()` has found, and those of the same tag that follow it, as long
    /// as they are as every encoder writes them: a key, a value, nothing else, in ASCII and with
    /// lengths below 128. Headers are most of a message, and nearly all of them are of this shape;
    /// then the lengths and tags are ASCII too, and bytes are checked without a look at what they
    /// are.
    ///
    /// - Returns: where the first entry lies that is not so.
    @inline(__always)
    static func takePlain<Element>(
        _ reader: WireReader, into table: inout Table<Element>,
        _ element: (Bytes, Bytes) -> Element
    ) -> Int {
        reader.entriesEnd { entry, count in
            guard count >= 4, entry[0] == 0x0A, table.count < Limits.tableEntries else {
                return false
            }
            let keyCount = Int(entry[1])
            guard keyCount &+ 4 <= count, entry[keyCount &+ 2] == 0x12 else { return false }
            let valueCount = Int(entry[keyCount &+ 3])
            guard keyCount &+ 4 &+ valueCount == count else { return false }
            table.append(
                element(
                    Bytes(start: entry + 2, count: keyCount),
                    Bytes(start: entry + (keyCount &+ 4), count: valueCount)))
            return true
        }
    }

    /// An entry of any form.
    static func entry(_ reader: WireReader) throws(CheckRequestError) -> (Bytes, Bytes) {
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
