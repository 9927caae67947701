// SPDX-License-Identifier: Apache-2.0
import Authorization
import CExtAuthz

extension Description {
    /// What protobuf-c reads; nil when it refuses the message.
    static func oracle(_ message: [UInt8]) -> Description? {
        guard
            let check = envoy__service__auth__v3__check_request__unpack(nil, message.count, message)
        else { return nil }
        defer { envoy__service__auth__v3__check_request__free_unpacked(check, nil) }
        var description = Description()
        if let attributes = check.pointee.attributes { description.add(attributes.pointee) }
        return description
    }

    private mutating func add(_ attributes: Envoy__Service__Auth__V3__AttributeContext) {
        add("present", true)
        add("source", attributes.source)
        add("destination", attributes.destination)
        if let request = attributes.request?.pointee {
            add("request", true)
            if let time = request.time?.pointee {
                add("seconds", time.seconds)
                add("nanos", time.nanos)
            }
            if let http = request.http?.pointee { add(http) }
        }
        for entry in elements(attributes.context_extensions, attributes.n_context_extensions) {
            add("extension.key", text: entry.pointee.key)
            add("extension.value", text: entry.pointee.value)
        }
        add("metadata", attributes.metadata_context)
        add("routeMetadata", attributes.route_metadata_context)
        if let session = attributes.tls_session { add("sni", text: session.pointee.sni) }
    }

    private mutating func add(
        _ path: String,
        _ peer: UnsafeMutablePointer<Envoy__Service__Auth__V3__AttributeContext__Peer>?
    ) {
        guard let peer = peer?.pointee else { return }
        add(path, true)
        if let address = peer.address?.pointee { add(path, address) }
        add(path + ".service", text: peer.service)
        for entry in elements(peer.labels, peer.n_labels) {
            add(path + ".label.key", text: entry.pointee.key)
            add(path + ".label.value", text: entry.pointee.value)
        }
        add(path + ".principal", text: peer.principal)
        add(path + ".certificate", text: peer.certificate)
    }

    private mutating func add(_ path: String, _ address: Envoy__Config__Core__V3__Address) {
        switch address.address_case {
        case ENVOY__CONFIG__CORE__V3__ADDRESS__ADDRESS_SOCKET_ADDRESS:
            add(path, address.socket_address.pointee)
        case ENVOY__CONFIG__CORE__V3__ADDRESS__ADDRESS_PIPE:
            add(path + ".pipe", text: address.pipe.pointee.path)
            add(path + ".mode", address.pipe.pointee.mode)
        case ENVOY__CONFIG__CORE__V3__ADDRESS__ADDRESS_ENVOY_INTERNAL_ADDRESS:
            let inner = address.envoy_internal_address.pointee
            if inner.address_name_specifier_case.rawValue == 1 {
                add(path + ".listener", text: inner.server_listener_name)
            }
            add(path + ".endpoint", text: inner.endpoint_id)
        default: add(path, "empty address")
        }
    }

    private mutating func add(_ path: String, _ socket: Envoy__Config__Core__V3__SocketAddress) {
        add(
            path + ".protocol",
            UInt32(bitPattern: Int32(truncatingIfNeeded: socket.protocol.rawValue)))
        add(path + ".address", text: socket.address)
        switch socket.port_specifier_case {
        case ENVOY__CONFIG__CORE__V3__SOCKET_ADDRESS__PORT_SPECIFIER_PORT_VALUE:
            add(path + ".port", socket.port_value)
        case ENVOY__CONFIG__CORE__V3__SOCKET_ADDRESS__PORT_SPECIFIER_NAMED_PORT:
            add(path + ".namedPort", text: socket.named_port)
        default: break
        }
        add(path + ".resolver", text: socket.resolver_name)
        add(path + ".ipv4", socket.ipv4_compat != 0)
        add(path + ".namespace", text: socket.network_namespace_filepath)
    }

    private mutating func add(_ http: Envoy__Service__Auth__V3__AttributeContext__HttpRequest) {
        add("id", text: http.id)
        add("method", text: http.method)
        for entry in elements(http.headers, http.n_headers) {
            add("header.name", text: entry.pointee.key)
            add("header.value", text: entry.pointee.value)
        }
        add("path", text: http.path)
        add("host", text: http.host)
        add("scheme", text: http.scheme)
        add("query", text: http.query)
        add("fragment", text: http.fragment)
        add("size", http.size)
        add("protocol", text: http.protocol)
        add("body", text: http.body)
        add("rawBody", data: http.raw_body)
        guard let map = http.header_map?.pointee else { return }
        add("headerMap", true)
        for header in elements(map.headers, map.n_headers) {
            add("headerMap.name", text: header.pointee.key)
            add("headerMap.value", text: header.pointee.value)
            add("headerMap.rawValue", data: header.pointee.raw_value)
        }
    }

    private mutating func add(
        _ path: String, _ metadata: UnsafeMutablePointer<Envoy__Config__Core__V3__Metadata>?
    ) {
        guard let metadata = metadata?.pointee else { return }
        add(path, true)
        for entry in elements(metadata.filter_metadata, metadata.n_filter_metadata) {
            add(path + ".namespace", text: entry.pointee.key)
            if let value = entry.pointee.value { add(path, value.pointee) }
        }
        for entry in elements(metadata.typed_filter_metadata, metadata.n_typed_filter_metadata) {
            add(path + ".typed", text: entry.pointee.key)
            add(path + ".typeUrl", text: entry.pointee.value?.pointee.type_url)
            add(path + ".value", data: entry.pointee.value?.pointee.value ?? ProtobufCBinaryData())
        }
    }

    mutating func add(_ path: String, _ tree: Google__Protobuf__Struct) {
        for entry in elements(tree.fields, tree.n_fields) {
            add(path + ".key", text: entry.pointee.key)
            if let value = entry.pointee.value { add(path + ".value", value.pointee) }
        }
    }

    private mutating func add(_ path: String, _ value: Google__Protobuf__Value) {
        switch value.kind_case {
        case GOOGLE__PROTOBUF__VALUE__KIND_NULL_VALUE: add(path, "null")
        case GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE: add(path, value.number_value.bitPattern)
        case GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE: add(path, text: value.string_value)
        case GOOGLE__PROTOBUF__VALUE__KIND_BOOL_VALUE: add(path, value.bool_value != 0)
        case GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE: add(path, value.struct_value.pointee)
        case GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE:
            let list = value.list_value.pointee
            for element in elements(list.values, list.n_values) {
                add(path + "[]", element.pointee)
            }
        default: add(path, "no kind")
        }
    }
}
