// SPDX-License-Identifier: Apache-2.0

/// What Envoy tells of one request (`envoy.service.auth.v3.AttributeContext`), as slices of the
/// received message.
///
/// One instance belongs to one event loop and is filled again for each Check, so its tables keep
/// their capacity and decoding allocates nothing. Every `Bytes` points into the message; the
/// instance is valid until the message is gone. Presence of a message is kept apart from its
/// content, because `input` shows an empty message as `{}` and an absent one not at all.
///
/// The attributes lie behind a pointer that never changes: as properties of the class each access
/// from another module would pay a run-time exclusivity check, which together cost more than
/// decoding itself.
@dynamicMemberLookup
public final class AttributeContext {
    public let attributes: UnsafeMutablePointer<Attributes>

    public init() {
        attributes = .allocate(capacity: 1)
        attributes.initialize(to: Attributes())
    }

    deinit {
        attributes.pointee.free()
        attributes.deinitialize(count: 1)
        attributes.deallocate()
    }

    /// `context.http` stands for `context.attributes.pointee.http`.
    @inlinable
    public subscript<Value>(dynamicMember path: WritableKeyPath<Attributes, Value>) -> Value {
        @inline(__always) get { attributes.pointee[keyPath: path] }
        @inline(__always) _modify { yield &attributes.pointee[keyPath: path] }
    }

    public struct Attributes {
        /// True when the message held `attributes` at all.
        public var isPresent = false
        /// The downstream peer of this hop.
        public var source = Peer()
        /// The local end of the downstream connection.
        public var destination = Peer()
        /// Absent for Envoy's network filter.
        public var request: Request?
        /// Whether there is a request over HTTP; kept apart from it, so that it is filled and read
        /// in place: an optional one is copied whole.
        public var hasHTTP = false
        /// Empty when there is none.
        public var httpRequest = HTTPRequest()
        /// As received: a name may occur again, and then the last one counts (`header(_:)`).
        public var headers = Table<HeaderField>()
        /// True when the headers came as `header_map` (`encode_raw_headers`): ordered, with
        /// duplicates kept.
        public var hasHeaderMap = false
        public var sourceLabels = Table<StringPair>()
        public var destinationLabels = Table<StringPair>()
        /// Static strings of the virtual host and route: attested by Envoy's configuration.
        public var contextExtensions = Table<StringPair>()
        /// Dynamic metadata of the request (`metadata_context`).
        public var metadata = Metadata()
        /// Metadata of the route (`route_metadata_context`).
        public var routeMetadata = Metadata()
        public var tlsSession: TLSSession?
        /// The whole `CheckRequest` message.
        public var message = Bytes.empty

        public init() {}

        /// `httpRequest` when there is one: a copy, for who needs it whole.
        @inlinable
        public var http: HTTPRequest? {
            @inline(__always) get { hasHTTP ? httpRequest : nil }
            set {
                hasHTTP = newValue != nil
                httpRequest = newValue ?? HTTPRequest()
            }
        }
    }

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

    public struct HeaderField: BitwiseCopyable {
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

    public struct StringPair: BitwiseCopyable {
        public var key: Bytes
        public var value: Bytes
        @inlinable
        public init(key: Bytes, value: Bytes) {
            self.key = key
            self.value = value
        }
    }

    /// `core.v3.Metadata`: namespaces with encoded values, whose well-formedness was checked.
    /// A namespace may occur again, and then the last one counts.
    public struct Metadata {
        public var isPresent = false
        /// Namespace to encoded `google.protobuf.Struct`.
        public var filter = Table<StringPair>()
        /// Namespace to encoded `google.protobuf.Any`.
        public var typed = Table<StringPair>()
        public init() {}

        mutating func reset() {
            isPresent = false
            filter.removeAll()
            typed.removeAll()
        }
    }

    public struct TLSSession {
        public var sni = Bytes.empty
        public init() {}
    }
}

extension AttributeContext.Attributes {
    /// Forgets the last request; keeps the capacity of all tables.
    public mutating func reset() {
        isPresent = false
        source = AttributeContext.Peer()
        destination = AttributeContext.Peer()
        request = nil
        if hasHTTP { http = nil }
        headers.removeAll()
        hasHeaderMap = false
        sourceLabels.removeAll()
        destinationLabels.removeAll()
        contextExtensions.removeAll()
        metadata.reset()
        routeMetadata.reset()
        tlsSession = nil
        message = .empty
    }
}

extension AttributeContext.Attributes {
    fileprivate mutating func free() {
        headers.free()
        sourceLabels.free()
        destinationLabels.free()
        contextExtensions.free()
        metadata.filter.free()
        metadata.typed.free()
        routeMetadata.filter.free()
        routeMetadata.typed.free()
    }
}

extension Table<AttributeContext.HeaderField> {
    /// Where the first header `name` (lower case) lies from `first` on; `count` when there is none.
    public func firstIndex(of name: Bytes, from first: Int) -> Int {
        precondition(first >= 0)
        guard let start else { return count }
        var index = first
        while index < count, start[index].name != name { index &+= 1 }
        return index
    }
}

extension AttributeContext {
    /// Forgets the last request; keeps the capacity of all tables.
    public func reset() { attributes.pointee.reset() }

    /// The last value of header `name` (lower case); nil when it is absent.
    public func header(_ name: Bytes) -> Bytes? {
        var index = attributes.pointee.headers.count
        while index > 0 {
            index -= 1
            if attributes.pointee.headers[index].name == name {
                return attributes.pointee.headers[index].value
            }
        }
        return nil
    }

    /// The last value of context extension `key`; nil when it is absent.
    public func contextExtension(_ key: Bytes) -> Bytes? {
        Self.last(key, in: attributes.pointee.contextExtensions)
    }

    /// The last value under `key`; nil when it is absent.
    @inlinable
    public static func last(_ key: Bytes, in pairs: Table<StringPair>) -> Bytes? {
        var index = pairs.count
        while index > 0 {
            index -= 1
            if pairs[index].key == key { return pairs[index].value }
        }
        return nil
    }
}
