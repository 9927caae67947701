// SPDX-License-Identifier: Apache-2.0
import Authorization

/// `AttributeContext.Request` and `AttributeContext.HttpRequest`.
enum RequestReader {
    static func read(
        _ reader: WireReader, into context: inout AttributeContext.Attributes
    ) throws(CheckRequestError) {
        var reader = reader
        if context.request == nil { context.request = AttributeContext.Request() }
        while let field = try reader.next() {
            switch field {
            case 1:
                var time = context.request?.time ?? AttributeContext.Timestamp()
                try readTime(reader.message(), into: &time)
                context.request?.time = time
            case 2:
                context.hasHTTP = true
                try readHTTP(
                    reader.message(), into: &context.httpRequest, &context.headers,
                    &context.hasHeaderMap)
            default: try reader.skip()
            }
        }
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
        _ reader: WireReader, into http: inout AttributeContext.HTTPRequest,
        _ headers: inout Table<AttributeContext.HeaderField>, _ hasHeaderMap: inout Bool
    ) throws(CheckRequestError) {
        var reader = reader
        while let field = try reader.next() {
            switch field {
            case 1: http.id = try reader.string()
            case 2: http.method = try reader.string()
            case 3:
                guard !hasHeaderMap else { throw reader.error(.ambiguousHeaders) }
                try readHeader(&reader, into: &headers)
            case 4: http.path = try reader.string()
            case 5: http.host = try reader.string()
            case 6: http.scheme = try reader.string()
            case 7: http.query = try reader.string()
            case 8: http.fragment = try reader.string()
            case 9: http.size = Int64(bitPattern: try reader.number())
            case 10: http.protocol = try reader.string()
            case 11: http.body = try reader.string()
            case 12: http.rawBody = try reader.data()
            case 13:
                guard hasHeaderMap || headers.isEmpty else {
                    throw reader.error(.ambiguousHeaders)
                }
                hasHeaderMap = true
                try readHeaderMap(&reader, into: &headers)
            default: try reader.skip()
            }
        }
    }

    @inline(__always)
    private static func readHeader(
        _ reader: inout WireReader, into headers: inout Table<AttributeContext.HeaderField>
    ) throws(CheckRequestError) {
        if reader.skipEntries(to: plainHeadersEnd(reader, into: &headers)) { return }
        try readUnusualHeader(&reader, into: &headers)
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
        _ reader: inout WireReader, into headers: inout Table<AttributeContext.HeaderField>
    ) throws(CheckRequestError) {
        guard headers.count < Limits.tableEntries else { throw reader.error(.tooManyEntries) }
        let (name, value) = try MapReader.entry(reader.message())
        headers.append(AttributeContext.HeaderField(name: name, value: value))
    }

    private static func readHeaderMap(
        _ reader: inout WireReader, into headers: inout Table<AttributeContext.HeaderField>
    ) throws(CheckRequestError) {
        var map = try reader.message()
        while let field = try map.next() {
            guard field == 1 else {
                try map.skip()
                continue
            }
            guard headers.count < Limits.tableEntries else { throw map.error(.tooManyEntries) }
            headers.append(try readHeaderValue(&map))
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
