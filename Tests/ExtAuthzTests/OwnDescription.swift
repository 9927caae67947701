// SPDX-License-Identifier: Apache-2.0
import Authorization
import CExtAuthz

extension Description {
    /// What `CheckRequestReader` read.
    init(_ context: AttributeContext) {
        guard context.isPresent else { return }
        add("present", true)
        add("source", context.source, context.sourceLabels)
        add("destination", context.destination, context.destinationLabels)
        if let request = context.request {
            add("request", true)
            if let time = request.time {
                add("seconds", time.seconds)
                add("nanos", time.nanos)
            }
        }
        if let http = context.http { add(http, context) }
        for pair in context.contextExtensions { add("extension", pair) }
        add("metadata", context.metadata)
        add("routeMetadata", context.routeMetadata)
        if let session = context.tlsSession { add("sni", text: session.sni) }
    }

    private mutating func add(_ path: String, _ pair: AttributeContext.StringPair) {
        add(path + ".key", text: pair.key)
        add(path + ".value", text: pair.value)
    }

    private mutating func add(
        _ path: String, _ peer: AttributeContext.Peer, _ labels: Table<AttributeContext.StringPair>
    ) {
        guard peer.isPresent else { return }
        add(path, true)
        add(path, peer.address)
        add(path + ".service", text: peer.service)
        for pair in labels { add(path + ".label", pair) }
        add(path + ".principal", text: peer.principal)
        add(path + ".certificate", text: peer.certificate)
    }

    private mutating func add(_ path: String, _ address: AttributeContext.Address) {
        switch address {
        case .absent: break
        case .empty: add(path, "empty address")
        case .socket(let socket):
            add(path + ".protocol", socket.protocol)
            add(path + ".address", text: socket.address)
            switch socket.port {
            case .absent: break
            case .value(let port): add(path + ".port", port)
            case .named(let name): add(path + ".namedPort", text: name)
            }
            add(path + ".resolver", text: socket.resolver)
            add(path + ".ipv4", socket.ipv4Compatible)
            add(path + ".namespace", text: socket.networkNamespace)
        case .pipe(let pipe, let mode):
            add(path + ".pipe", text: pipe)
            add(path + ".mode", mode)
        case .envoyInternal(let listener, let endpoint, let hasListener):
            if hasListener { add(path + ".listener", text: listener) }
            add(path + ".endpoint", text: endpoint)
        }
    }

    private mutating func add(_ http: AttributeContext.HTTPRequest, _ context: AttributeContext) {
        add("id", text: http.id)
        add("method", text: http.method)
        for header in context.headers where !context.hasHeaderMap {
            add("header.name", text: header.name)
            add("header.value", text: header.value)
        }
        add("path", text: http.path)
        add("host", text: http.host)
        add("scheme", text: http.scheme)
        add("query", text: http.query)
        add("fragment", text: http.fragment)
        add("size", http.size)
        add("protocol", text: http.protocol)
        add("body", text: http.body)
        add("rawBody", data: http.rawBody)
        guard context.hasHeaderMap else { return }
        add("headerMap", true)
        for header in context.headers {
            add("headerMap.name", text: header.name)
            add("headerMap.value", text: header.isRaw ? .empty : header.value)
            add("headerMap.rawValue", data: header.isRaw ? header.value : .empty)
        }
    }

    private mutating func add(_ path: String, _ metadata: AttributeContext.Metadata) {
        guard metadata.isPresent else { return }
        add(path, true)
        for pair in metadata.filter {
            add(path + ".namespace", text: pair.key)
            guard
                let tree = google__protobuf__struct__unpack(nil, pair.value.count, pair.value.start)
            else {
                add(path, "unreadable")
                continue
            }
            add(path, tree.pointee)
            google__protobuf__struct__free_unpacked(tree, nil)
        }
        for pair in metadata.typed {
            add(path + ".typed", text: pair.key)
            guard let any = google__protobuf__any__unpack(nil, pair.value.count, pair.value.start)
            else {
                add(path, "unreadable")
                continue
            }
            add(path + ".typeUrl", text: any.pointee.type_url)
            add(path + ".value", data: any.pointee.value)
            google__protobuf__any__free_unpacked(any, nil)
        }
    }
}
