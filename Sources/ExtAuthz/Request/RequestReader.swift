// SPDX-License-Identifier: Apache-2.0
import Authorization

/// `AttributeContext.Request` and `AttributeContext.HttpRequest`.
enum RequestReader {
    static func read(
        _ reader: WireReader, into context: inout AttributeContext.Attributes
    ) throws(CheckRequestError) {
        var reader = reader
        var request = context.request ?? AttributeContext.Request()
        while let field = try reader.next() {
            switch field {
            case 1:
                var time = request.time ?? AttributeContext.Timestamp()
                try readTime(reader.message(), into: &time)
                request.time = time
            case 2:
                if context.http == nil { context.http = AttributeContext.HTTPRequest() }
                try readHTTP(reader.message(), into: &context)
            default: try reader.skip()
            }
        }
        context.request = request
    }

    private static func readTime(
        _ reader: WireReader, into time: inout AttributeContext.Timestamp
    ) throws(CheckRequestError) {
        var reader = reader
        while let field = try reader.next() {
            switch field {
            case 1: time.seconds = Int64(bitPattern: try reader.number())
            case 2: time.nanos = Int32(truncatingIfNeeded: try reader.number())
            default: try reader.skip()
            }
        }
    }

    private static func readHTTP(
        _ reader: WireReader, into context: inout AttributeContext.Attributes
    ) throws(CheckRequestError) {
        var reader = reader
        while let field = try reader.next() {
            switch field {
            case 1: context.http?.id = try reader.string()
            case 2: context.http?.method = try reader.string()
            case 3: try readHeader(&reader, into: &context)
            case 4: context.http?.path = try reader.string()
            case 5: context.http?.host = try reader.string()
            case 6: context.http?.scheme = try reader.string()
            case 7: context.http?.query = try reader.string()
            case 8: context.http?.fragment = try reader.string()
            case 9: context.http?.size = Int64(bitPattern: try reader.number())
            case 10: context.http?.protocol = try reader.string()
            case 11: context.http?.body = try reader.string()
            case 12: context.http?.rawBody = try reader.data()
            case 13: try readHeaderMap(&reader, into: &context)
            default: try reader.skip()
            }
        }
    }

    @inline(__always)
    private static func readHeader(
        _ reader: inout WireReader, into context: inout AttributeContext.Attributes
    ) throws(CheckRequestError) {
        guard !context.hasHeaderMap else { throw reader.error(.ambiguousHeaders) }
        if reader.skipEntries(to: plainHeadersEnd(reader, into: &context.headers)) { return }
        try readUnusualHeader(&reader, into: &context)
    }

    @inline(never)
    private static func plainHeadersEnd(
        _ reader: WireReader, into headers: inout Table<AttributeContext.HeaderField>
    ) -> Int {
        MapReader.takePlain(reader, into: &headers) { name, value in
            AttributeContext.HeaderField(name: name, value: value)
        }
    }

    @inline(never)
    private static func readUnusualHeader(
        _ reader: inout WireReader, into context: inout AttributeContext.Attributes
    ) throws(CheckRequestError) {
        guard context.headers.count < Limits.tableEntries else {
            throw reader.error(.tooManyEntries)
        }
        let (name, value) = try MapReader.entry(reader.message())
        context.headers.append(AttributeContext.HeaderField(name: name, value: value))
    }

    private static func readHeaderMap(
        _ reader: inout WireReader, into context: inout AttributeContext.Attributes
    ) throws(CheckRequestError) {
        if !context.hasHeaderMap, !context.headers.isEmpty { throw reader.error(.ambiguousHeaders) }
        context.hasHeaderMap = true
        var map = try reader.message()
        while let field = try map.next() {
            guard field == 1 else {
                try map.skip()
                continue
            }
            guard context.headers.count < Limits.tableEntries else {
                throw map.error(.tooManyEntries)
            }
            context.headers.append(try readHeaderValue(&map))
        }
    }

    private static func readHeaderValue(
        _ map: inout WireReader
    ) throws(CheckRequestError) -> AttributeContext.HeaderField {
        var reader = try map.message()
        var name = Bytes.empty
        var text = Bytes.empty
        var raw = Bytes.empty
        while let field = try reader.next() {
            switch field {
            case 1: name = try reader.string()
            case 2: text = try reader.string()
            case 3: raw = try reader.data()
            default: try reader.skip()
            }
        }
        guard text.isEmpty || raw.isEmpty else { throw map.error(.ambiguousHeaders) }
        return AttributeContext.HeaderField(
            name: name, value: raw.isEmpty ? text : raw, isRaw: !raw.isEmpty)
    }
}
