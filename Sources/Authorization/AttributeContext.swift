// SPDX-License-Identifier: Apache-2.0

/// What Envoy tells of one request (`envoy.service.auth.v3.AttributeContext`), as slices of the
/// received message.
///
/// One instance belongs to one event loop and is filled again for each Check, so its tables keep
/// their capacity and decoding allocates nothing. Every `Bytes` points into the message; the
/// instance is valid until the message is gone. Presence of a message is kept apart from its
/// content, because `input` shows an empty message as `{}` and an absent one not at all.
public final class AttributeContext {
    /// The downstream peer of this hop.
    public var source = Peer()
    /// The local end of the downstream connection.
    public var destination = Peer()
    /// Absent for Envoy's network filter.
    public var request: Request?
    public var http: HTTPRequest?
    public var headers: [HeaderField] = []
    /// True when the headers came as `header_map` (`encode_raw_headers`): ordered, duplicates kept,
    /// each value in `HeaderField.value` as raw bytes.
    public var hasHeaderMap = false
    public var sourceLabels: [StringPair] = []
    public var destinationLabels: [StringPair] = []
    /// Static strings of the virtual host and route: attested by Envoy's configuration.
    public var contextExtensions: [StringPair] = []
    /// `core.v3.Metadata` as received: dynamic metadata of the request.
    public var metadata: Metadata?
    /// `core.v3.Metadata` as received: metadata of the route.
    public var routeMetadata: Metadata?
    /// Namespaces of `metadata`, then those of `routeMetadata`, as encoded `google.protobuf.Struct`.
    public var filterMetadata: [StringPair] = []
    public var tlsSession: TLSSession?
    /// The whole `CheckRequest` message.
    public var message = Bytes.empty

    public init() {}

    public struct Peer {
        public var isPresent = false
        public var address: Address = .absent
        public var service = Bytes.empty
        public var principal = Bytes.empty
        /// URL-encoded PEM of the leaf certificate.
        public var certificate = Bytes.empty
        public init() {}
    }

    /// `core.v3.Address`; fields as on the wire, zero values absent.
    public enum Address {
        case absent
        /// The message was there with no known member set.
        case empty
        case socket(SocketAddress)
        case pipe(path: Bytes, mode: UInt32)
        case envoyInternal(listener: Bytes, endpoint: Bytes, hasListener: Bool)
    }

    public struct SocketAddress {
        /// 0 TCP, 1 UDP.
        public var `protocol`: UInt32 = 0
        public var address = Bytes.empty
        public var port: Port = .absent
        public var resolver = Bytes.empty
        public var ipv4Compatible = false
        public var networkNamespace = Bytes.empty
        public init() {}

        public enum Port {
            case absent
            case value(UInt32)
            case named(Bytes)
        }
    }

    /// `google.protobuf.Timestamp`.
    public struct Timestamp {
        public var seconds: Int64 = 0
        public var nanos: Int32 = 0
        public init() {}
    }

    public struct Request {
        public var time: Timestamp?
        public init() {}
    }

    public struct HTTPRequest {
        /// Envoy's stream id, a decimal UInt64; not `x-request-id`.
        public var id = Bytes.empty
        public var method = Bytes.empty
        /// The raw target with its query: not decoded, not normalised; empty for CONNECT.
        public var path = Bytes.empty
        public var host = Bytes.empty
        public var scheme = Bytes.empty
        public var query = Bytes.empty
        public var fragment = Bytes.empty
        /// Body bytes received so far (not the length of the body).
        public var size: Int64 = 0
        public var `protocol` = Bytes.empty
        /// Lossy text: bytes that were not UTF-8 are `!`. Never hash or decode it as exact bytes.
        public var body = Bytes.empty
        /// Exact bytes (`pack_as_bytes`).
        public var rawBody = Bytes.empty
        public init() {}
    }

    public struct HeaderField {
        public var name: Bytes
        public var value: Bytes
        /// True when the value came in `raw_value`.
        public var isRaw: Bool
        @inlinable
        public init(name: Bytes, value: Bytes, isRaw: Bool = false) {
            self.name = name
            self.value = value
            self.isRaw = isRaw
        }
    }

    public struct StringPair {
        public var key: Bytes
        public var value: Bytes
        @inlinable
        public init(key: Bytes, value: Bytes) {
            self.key = key
            self.value = value
        }
    }

    public struct Metadata {
        /// Where its namespaces lie in `filterMetadata`.
        public var filter: Range<Int>
        /// `typed_filter_metadata`: namespace to encoded `google.protobuf.Any`.
        public var typed: [StringPair]
        public init(filter: Range<Int>, typed: [StringPair] = []) {
            self.filter = filter
            self.typed = typed
        }
    }

    public struct TLSSession {
        public var sni = Bytes.empty
        public init() {}
    }
}

extension AttributeContext {
    /// Forgets the last request; keeps the capacity of all tables.
    public func reset() {
        source = Peer()
        destination = Peer()
        request = nil
        http = nil
        headers.removeAll(keepingCapacity: true)
        hasHeaderMap = false
        sourceLabels.removeAll(keepingCapacity: true)
        destinationLabels.removeAll(keepingCapacity: true)
        contextExtensions.removeAll(keepingCapacity: true)
        metadata = nil
        routeMetadata = nil
        filterMetadata.removeAll(keepingCapacity: true)
        tlsSession = nil
        message = .empty
    }

    /// The last value of header `name` (lower case); nil when it is absent.
    public func header(_ name: Bytes) -> Bytes? {
        var index = headers.count
        while index > 0 {
            index -= 1
            if headers[index].name == name { return headers[index].value }
        }
        return nil
    }

    /// The last value of context extension `key`; nil when it is absent.
    public func contextExtension(_ key: Bytes) -> Bytes? {
        var index = contextExtensions.count
        while index > 0 {
            index -= 1
            if contextExtensions[index].key == key { return contextExtensions[index].value }
        }
        return nil
    }
}
