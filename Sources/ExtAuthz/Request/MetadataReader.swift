// SPDX-License-Identifier: Apache-2.0
import Authorization

/// `envoy.config.core.v3.Metadata`.
///
/// The values stay encoded until a policy asks for them, but are walked here, so that what cannot
/// be read is refused now, whichever policy runs.
enum MetadataReader {
    static func read(
        _ reader: WireReader, into metadata: inout AttributeContext.Metadata
    ) throws(CheckRequestError) {
        var reader = reader
        metadata.isPresent = true
        while let field = try reader.next() {
            switch field {
            case 1: try readEntry(&reader, into: &metadata.filter, StructChecker.checkStruct)
            case 2: try readEntry(&reader, into: &metadata.typed, StructChecker.checkAny)
            default: try reader.skip()
            }
        }
    }

    /// One entry of a `map<string, message>`. The value occurs once in all that Envoy writes;
    /// where it comes again the parts would have to be merged, and are refused instead.
    private static func readEntry(
        _ reader: inout WireReader, into table: inout MapReader.Pairs,
        _ check: (WireReader) throws(CheckRequestError) -> Void
    ) throws(CheckRequestError) {
        guard table.count < Limits.tableEntries else { throw reader.error(.tooManyEntries) }
        var entry = try reader.message()
        var key = Bytes.empty
        var value: Bytes?
        while let field = try entry.next() {
            switch field {
            case 1: key = try entry.string()
            case 2:
                guard value == nil else { throw entry.error(.repeatedMetadata) }
                let message = try entry.message()
                try check(message)
                value = message.rest
            default: try entry.skip()
            }
        }
        table.append(AttributeContext.StringPair(key: key, value: value ?? .empty))
    }
}

/// Walks encoded values of `google.protobuf` without building them.
enum StructChecker {
    static func checkStruct(_ reader: WireReader) throws(CheckRequestError) {
        try checkStruct(reader, depth: 1)
    }

    static func checkAny(_ reader: WireReader) throws(CheckRequestError) {
        var reader = reader
        while let field = try reader.next() {
            switch field {
            case 1: _ = try reader.string()
            case 2: _ = try reader.data()
            default: try reader.skip()
            }
        }
    }

    private static func checkStruct(_ reader: WireReader, depth: Int) throws(CheckRequestError) {
        var reader = reader
        while let field = try reader.next() {
            guard field == 1 else {
                try reader.skip()
                continue
            }
            var entry = try reader.message()
            var hasValue = false
            while let part = try entry.next() {
                switch part {
                case 1: _ = try entry.string()
                case 2:
                    guard !hasValue else { throw entry.error(.repeatedMetadata) }
                    hasValue = true
                    try checkValue(&entry, depth: depth + 1)
                default: try entry.skip()
                }
            }
        }
    }

    private static func checkList(_ reader: WireReader, depth: Int) throws(CheckRequestError) {
        var reader = reader
        while let field = try reader.next() {
            if field == 1 {
                try checkValue(&reader, depth: depth + 1)
            } else {
                try reader.skip()
            }
        }
    }

    private static func checkValue(
        _ outer: inout WireReader, depth: Int
    ) throws(CheckRequestError) {
        guard depth < Limits.structDepth else { throw outer.error(.tooDeep) }
        var reader = try outer.message()
        var kinds = 0
        while let field = try reader.next() {
            if (1...6).contains(field) { kinds += 1 }
            guard kinds <= 1 else { throw reader.error(.repeatedMetadata) }
            switch field {
            case 1, 4: _ = try reader.number()
            case 2:
                let number = Double(bitPattern: try reader.fixed64())
                guard number.isFinite else { throw reader.error(.notFinite) }
            case 3: _ = try reader.string()
            case 5: try checkStruct(reader.message(), depth: depth + 1)
            case 6: try checkList(reader.message(), depth: depth + 1)
            default: try reader.skip()
            }
        }
    }
}
