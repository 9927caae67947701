// SPDX-License-Identifier: Apache-2.0
import Authorization
import Glibc

/// Writes a check again as a serialized `envoy.service.auth.v3.CheckRequest`, without its
/// credentials: what is kept for replay.
///
/// The values of headers that name credentials, of the query and of forms are `*`, wherever they
/// stand. Fields that are not known are left out, since nobody can tell what is in them.
/// `CheckRequestReader` reads the result as it reads Envoy's own messages.
public struct CheckRequestWriter: ~Copyable {
    private var wire = ReverseWriter(capacity: 8192)

    public init() {}

    /// - Returns: the message, valid until the next call.
    public mutating func encode(
        _ context: AttributeContext, _ mask: CheckRequestMask
    ) -> Bytes {
        // All text is the request's, once; an entry without text takes more room than it came with.
        let room = 4 * context.message.count + 2 * (mask.newBody?.count ?? 0)
        wire.begin(room: room + mask.newTextBytes + 4096)
        let start = wire.mark
        if mask.parts.contains(.allButBody) {
            wire.body(context.attributes, mask)
        } else {
            wire.attributes(context.attributes, mask)
        }
        wire.close(1, since: start)
        return wire.bytes
    }
}

// The messages, each with its last field first. They are methods of the writer: as a property of
// another type each use of it would pay for access.
extension ReverseWriter {
    fileprivate typealias Attributes = AttributeContext.Attributes

    /// `AttributeContext`
    fileprivate mutating func attributes(
        _ known: UnsafeMutablePointer<Attributes>, _ mask: CheckRequestMask
    ) {
        let without = mask.parts
        if known.pointee.routeMetadata.isPresent, !without.contains(.routeMetadata) {
            metadata(13, known.pointee.routeMetadata)
        }
        if let session = known.pointee.tlsSession, !without.contains(.tlsSession) {
            let start = mark
            text(1, session.sni)
            close(12, since: start)
        }
        if known.pointee.metadata.isPresent, !without.contains(.metadata) {
            metadata(11, known.pointee.metadata)
        }
        if !without.contains(.contextExtensions) {
            pairs(10, known.pointee.contextExtensions, hasSecrets: true)
        }
        if let request = known.pointee.request { self.request(known, request, mask) }
        if known.pointee.destination.isPresent, !without.contains(.destination) {
            peer(2, known.pointee.destination, known.pointee.destinationLabels, mask)
        }
        if known.pointee.source.isPresent, !without.contains(.source) {
            peer(1, known.pointee.source, known.pointee.sourceLabels, mask)
        }
    }

    /// `AttributeContext.Peer`
    private mutating func peer(
        _ number: UInt8, _ peer: AttributeContext.Peer,
        _ labels: Table<AttributeContext.StringPair>,
        _ mask: CheckRequestMask
    ) {
        let start = mark
        if !mask.parts.contains(.principal) {
            text(5, peer.certificate)
            text(4, peer.principal)
        }
        pairs(3, labels, hasSecrets: false)
        text(2, peer.service)
        address(peer.address)
        close(number, since: start)
    }

    /// `core.v3.Address`
    private mutating func address(_ address: AttributeContext.Address) {
        let start = mark
        switch address {
        case .absent: return
        case .empty: break
        case .socket(let socket):
            self.socket(socket)
            close(1, since: start)
        case .pipe(let path, let mode):
            number(2, UInt64(mode))
            text(1, path)
            close(2, since: start)
        case .envoyInternal(let listener, let endpoint, let hasListener):
            text(2, endpoint)
            if hasListener { field(1, listener) }
            close(3, since: start)
        }
        close(1, since: start)
    }

    private mutating func socket(_ socket: AttributeContext.SocketAddress) {
        text(7, socket.networkNamespace)
        if socket.ipv4Compatible { field(6, varint: 1) }
        text(5, socket.resolver)
        switch socket.port {
        case .absent: break
        case .value(let port): field(3, varint: UInt64(port))
        case .named(let name): field(4, name)
        }
        text(2, socket.address)
        number(1, UInt64(socket.protocol))
    }

    /// `AttributeContext.Request`
    private mutating func request(
        _ known: UnsafeMutablePointer<Attributes>, _ request: AttributeContext.Request,
        _ mask: CheckRequestMask
    ) {
        let start = mark
        if let http = known.pointee.http { self.http(known, http, mask) }
        if let time = request.time {
            let inner = self.mark
            number(2, UInt64(bitPattern: Int64(time.nanos)))
            number(1, UInt64(bitPattern: time.seconds))
            close(1, since: inner)
        }
        close(4, since: start)
    }

    /// `AttributeContext.HttpRequest`
    private mutating func http(
        _ known: UnsafeMutablePointer<Attributes>, _ http: AttributeContext.HTTPRequest,
        _ mask: CheckRequestMask
    ) {
        let start = mark
        if known.pointee.hasHeaderMap {
            headers(known, mask, isMap: true)
            close(13, since: start)
        }
        body(http, mask)
        text(10, http.protocol)
        number(9, UInt64(bitPattern: size(http, mask)))
        if !http.query.isEmpty, !mask.parts.contains(.path) { masked(7, .init(query: http.query)) }
        text(6, http.scheme)
        if !mask.parts.contains(.host) { text(5, http.host) }
        if !mask.parts.contains(.path) { target(4, mask.newPath ?? http.path) }
        if !known.pointee.hasHeaderMap { headers(known, mask, isMap: false) }
        text(2, http.method)
        text(1, http.id)
        close(2, since: start)
    }

    /// Of the body as it is kept, when it is another one.
    private func size(
        _ http: AttributeContext.HTTPRequest, _ mask: CheckRequestMask
    ) -> Int64 {
        guard http.size != 0, let body = mask.newBody else { return http.size }
        return Int64(body.count)
    }

    /// The body alone, in its place.
    fileprivate mutating func body(
        _ known: UnsafeMutablePointer<Attributes>, _ mask: CheckRequestMask
    ) {
        guard let http = known.pointee.http else { return }
        let start = mark
        body(http, mask)
        close(2, since: start)
        close(4, since: start)
    }

    private mutating func body(_ http: AttributeContext.HTTPRequest, _ mask: CheckRequestMask) {
        switch mask.body {
        case .none: return
        case .whole:
            if !http.rawBody.isEmpty { text(12, mask.newBody ?? http.rawBody) }
            if !http.body.isEmpty { text(11, mask.newBody ?? http.body) }
        case .form:
            if !http.rawBody.isEmpty { masked(12, .init(query: http.rawBody)) }
            if !http.body.isEmpty { masked(11, .init(query: http.body)) }
        }
    }

    // MARK: Headers

    /// Entries of `headers`, or of `core.v3.HeaderMap`.
    private mutating func headers(
        _ known: UnsafeMutablePointer<Attributes>, _ mask: CheckRequestMask, isMap: Bool
    ) {
        let fields = known.pointee.headers
        var index = fields.count
        while index > 0 {
            index -= 1
            let header = fields[index]
            guard let value = kept(header, mask) else { continue }
            let start = mark
            headerValue(isMap && header.isRaw ? 3 : 2, value)
            field(1, header.name)
            close(isMap ? 1 : 3, since: start)
        }
    }

    /// The value that is kept; nil leaves the header out.
    @inline(__always)
    private func kept(
        _ header: AttributeContext.HeaderField, _ mask: CheckRequestMask
    ) -> Bytes? {
        if header.name.namesSecret { return header.value.isEmpty ? .empty : Bytes("*") }
        return mask.isPlain ? header.value : changed(header, mask)
    }

    private func changed(
        _ header: AttributeContext.HeaderField, _ mask: CheckRequestMask
    ) -> Bytes? {
        if header.name.equals(":path") {
            return mask.parts.contains(.path) ? nil : mask.newPath ?? header.value
        }
        if mask.parts.contains(.host), header.name.equals(":authority") { return nil }
        if let replacement = mask.replacement(of: header.name) { return replacement.value }
        return mask.parts.contains(.headers) ? nil : header.value
    }

    /// Whatever stands behind a `?` may be a query.
    @inline(__always)
    private mutating func headerValue(_ number: UInt8, _ value: Bytes) {
        guard let start = value.start, memchr(start, 0x3F, value.count) != nil else {
            return field(number, value)
        }
        masked(number, .init(value))
    }

    private mutating func target(_ number: UInt8, _ whole: Bytes) {
        guard let start = whole.start, !whole.isEmpty else { return }
        let isPlain =
            memchr(start, 0x3F, whole.count) == nil && memchr(start, 0x23, whole.count) == nil
        if isPlain { field(number, whole) } else { masked(number, .init(whole)) }
    }

    /// The parts of a target come first to last: they are collected, then written.
    private mutating func masked(_ number: UInt8, _ target: MaskedTarget) {
        var forwards = target
        var total = 0
        while let part = forwards.next() { total += part.count }
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: max(1, total)) { buffer in
            guard let base = buffer.baseAddress else { return }
            var parts = target
            var filled = 0
            while let part = parts.next(), let source = part.start {
                (base + filled).update(from: source, count: part.count)
                filled += part.count
            }
            field(number, Bytes(start: base, count: filled))
        }
    }

    // MARK: Tables

    /// A `map<string, string>`; with `hasSecrets` values of names that name credentials are `*`.
    private mutating func pairs(
        _ number: UInt8, _ table: Table<AttributeContext.StringPair>, hasSecrets: Bool
    ) {
        var index = table.count
        while index > 0 {
            index -= 1
            let start = mark
            let isSecret = hasSecrets && table[index].key.namesSecret
            field(2, isSecret ? Bytes("*") : table[index].value)
            field(1, table[index].key)
            close(number, since: start)
        }
    }

    /// `core.v3.Metadata`
    private mutating func metadata(_ number: UInt8, _ metadata: AttributeContext.Metadata) {
        let start = mark
        pairs(2, metadata.typed, hasSecrets: false)
        pairs(1, metadata.filter, hasSecrets: false)
        close(number, since: start)
    }
}
