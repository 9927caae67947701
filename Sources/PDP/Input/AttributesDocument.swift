// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// The parts of `input.attributes`: protobuf's JSON names, as OPA-Envoy gives them. Numbers stay
/// numbers (also 64-bit ones and enums), a timestamp is `{seconds, nanos}`, bytes are base64.
///
/// An absent message is `.undefined`, an empty one `{}`.
struct AttributesDocument {
    typealias Attributes = AttributeContext.Attributes

    let attributes: UnsafePointer<Attributes>
    let arena: Arena

    func whole() throws(InputFailure) -> Value {
        guard attributes.pointee.isPresent else { return .undefined }
        let object = CollectionBuilder.object(in: arena, capacity: 8)
        object.add("source", source())
        object.add("destination", destination())
        object.add("request", request())
        object.add("contextExtensions", pairs(attributes.pointee.contextExtensions))
        object.add("metadataContext", try metadata(attributes.pointee.metadata))
        object.add("tlsSession", tlsSession())
        object.add("routeMetadataContext", try metadata(attributes.pointee.routeMetadata))
        return object.finish()
    }

    func source() -> Value { peer(attributes.pointee.source, attributes.pointee.sourceLabels) }

    func destination() -> Value {
        peer(attributes.pointee.destination, attributes.pointee.destinationLabels)
    }

    func request() -> Value {
        guard let request = attributes.pointee.request else { return .undefined }
        let object = CollectionBuilder.object(in: arena, capacity: 2)
        if let time = request.time { object.add("time", self.time(time)) }
        object.add("http", http())
        return object.finish()
    }

    func time(_ time: AttributeContext.Timestamp) -> Value {
        let object = CollectionBuilder.object(in: arena, capacity: 2)
        object.addNumber("seconds", time.seconds)
        object.addNumber("nanos", Int64(time.nanos))
        return object.finish()
    }

    func http() -> Value {
        guard let http = attributes.pointee.http else { return .undefined }
        let object = CollectionBuilder.object(in: arena, capacity: 16)
        object.addText("id", http.id)
        object.addText("method", http.method)
        object.add("headers", headers())
        object.addText("path", http.path)
        object.addText("host", http.host)
        object.addText("scheme", http.scheme)
        object.addText("query", http.query)
        object.addText("fragment", http.fragment)
        object.addNumber("size", http.size)
        object.addText("protocol", http.protocol)
        object.addText("body", http.body)
        object.addData("rawBody", http.rawBody, in: arena)
        object.add("headerMap", headerMap())
        return object.finish()
    }

    func headers() -> Value {
        let headers = attributes.pointee.headers
        guard !attributes.pointee.hasHeaderMap, !headers.isEmpty else { return .undefined }
        let object = CollectionBuilder.object(in: arena, capacity: headers.count)
        for header in headers { object.update(.checked(header.name), .checked(header.value)) }
        return object.finish()
    }

    func headerMap() -> Value {
        guard attributes.pointee.hasHeaderMap else { return .undefined }
        let headers = attributes.pointee.headers
        let map = CollectionBuilder.object(in: arena, capacity: 1)
        guard !headers.isEmpty else { return map.finish() }
        let elements = arena.values(headers.count)
        for (index, header) in headers.enumerated() {
            let object = CollectionBuilder.object(in: arena, capacity: 2)
            object.addText("key", header.name)
            if header.isRaw {
                object.addData("rawValue", header.value, in: arena)
            } else {
                object.addText("value", header.value)
            }
            elements[index] = object.finish()
        }
        map.add("headers", .array(sharing: elements, count: headers.count))
        return map.finish()
    }

    func tlsSession() -> Value {
        guard let session = attributes.pointee.tlsSession else { return .undefined }
        let object = CollectionBuilder.object(in: arena, capacity: 1)
        object.addText("sni", session.sni)
        return object.finish()
    }

    func metadata(_ metadata: AttributeContext.Metadata) throws(InputFailure) -> Value {
        guard metadata.isPresent else { return .undefined }
        let object = CollectionBuilder.object(in: arena, capacity: 2)
        object.add("filterMetadata", try namespaces(metadata.filter, StructDocument.structure))
        object.add("typedFilterMetadata", try namespaces(metadata.typed, StructDocument.any))
        return object.finish()
    }

    /// A `map<string, string>`; an empty one is not there.
    func pairs(_ table: Table<AttributeContext.StringPair>) -> Value {
        if table.isEmpty { return .undefined }
        let object = CollectionBuilder.object(in: arena, capacity: table.count)
        for pair in table { object.update(.checked(pair.key), .checked(pair.value)) }
        return object.finish()
    }

    private func namespaces(
        _ table: Table<AttributeContext.StringPair>,
        _ decode: (Bytes, Arena) throws(InputFailure) -> Value
    ) throws(InputFailure) -> Value {
        if table.isEmpty { return .undefined }
        let object = CollectionBuilder.object(in: arena, capacity: table.count)
        for pair in table { object.update(.checked(pair.key), try decode(pair.value, arena)) }
        return object.finish()
    }
}
