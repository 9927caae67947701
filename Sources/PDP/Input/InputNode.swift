// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// A part of `input` that can be made on its own, straight from the request. The names that select
/// one (headers, extensions, namespaces) belong to the policy whose paths were bound.
enum InputNode: Hashable {
    case whole
    case attributes
    case source, destination, sourcePrincipal
    case request, time, http
    case httpText(HTTPText)
    case size, rawBody
    case headers
    case header(Bytes)
    case headerMap
    case contextExtensions
    case contextExtension(Bytes)
    case metadata
    case namespace(Bytes)
    case routeMetadata
    case routeNamespace(Bytes)
    case tlsSession
    case parsedPath, parsedQuery, parsedBody, truncatedBody, version
    /// One of the sections that Portcullis adds, by its place.
    case section(Int)
    /// One key of such a section.
    case sectionKey(Int, Value)
    /// One key of a section that knows its keys by places.
    case sectionPlace(Int, Int)
    case nothing

    enum HTTPText: Hashable {
        case id, method, path, host, scheme, query, fragment, `protocol`, body
    }

    /// The deepest part that holds `path`, and how many steps of the path it takes.
    static func find(_ path: [Value], sections: [String]) -> (node: InputNode, depth: Int) {
        guard let root = path.first?.asString else {
            return path.isEmpty ? (.whole, 0) : (.nothing, 1)
        }
        switch root {
        case "attributes": return findAttribute(path)
        case "parsed_path": return (.parsedPath, 1)
        case "parsed_query": return (.parsedQuery, 1)
        case "parsed_body": return (.parsedBody, 1)
        case "truncated_body": return (.truncatedBody, 1)
        case "version": return (.version, 1)
        case "source_principal": return (.sourcePrincipal, 1)
        default:
            guard let index = sections.firstIndex(of: root) else { return (.nothing, 1) }
            guard path.count > 1, path[1].isString else { return (.section(index), 1) }
            return (.sectionKey(index, path[1]), 2)
        }
    }

    private static func findAttribute(_ path: [Value]) -> (InputNode, Int) {
        guard path.count > 1 else { return (.attributes, 1) }
        let third = path.count > 2 ? path[2] : .undefined
        switch path[1].asString {
        case "source": return third.equals("principal") ? (.sourcePrincipal, 3) : (.source, 2)
        case "destination": return (.destination, 2)
        case "request":
            if third.equals("http") { return findHTTP(path) }
            return third.equals("time") ? (.time, 3) : (.request, 2)
        case "contextExtensions":
            return third.isString ? (.contextExtension(Bytes(third)), 3) : (.contextExtensions, 2)
        case "metadataContext": return findNamespace(path, InputNode.namespace) ?? (.metadata, 2)
        case "routeMetadataContext":
            return findNamespace(path, InputNode.routeNamespace) ?? (.routeMetadata, 2)
        case "tlsSession": return (.tlsSession, 2)
        default: return (.nothing, 2)
        }
    }

    private static func findHTTP(_ path: [Value]) -> (InputNode, Int) {
        guard path.count > 3 else { return (.http, 3) }
        switch path[3].asString {
        case "id": return (.httpText(.id), 4)
        case "method": return (.httpText(.method), 4)
        case "path": return (.httpText(.path), 4)
        case "host": return (.httpText(.host), 4)
        case "scheme": return (.httpText(.scheme), 4)
        case "query": return (.httpText(.query), 4)
        case "fragment": return (.httpText(.fragment), 4)
        case "protocol": return (.httpText(.protocol), 4)
        case "body": return (.httpText(.body), 4)
        case "size": return (.size, 4)
        case "rawBody": return (.rawBody, 4)
        case "headerMap": return (.headerMap, 4)
        case "headers":
            guard path.count > 4, path[4].isString else { return (.headers, 4) }
            return (.header(Bytes(path[4])), 5)
        default: return (.nothing, 4)
        }
    }

    private static func findNamespace(
        _ path: [Value], _ node: (Bytes) -> InputNode
    ) -> (InputNode, Int)? {
        guard path.count > 3, path[2].equals("filterMetadata"), path[3].isString else { return nil }
        return (node(Bytes(path[3])), 4)
    }
}

extension Bytes {
    /// The text of a string value.
    init(_ value: Value) {
        self.init(start: value.bytes.baseAddress, count: value.bytes.count)
    }
}
