// SPDX-License-Identifier: Apache-2.0
import Authorization

/// `AttributeContext.Peer` and the addresses of `envoy.config.core.v3`.
enum PeerReader {
    static func read(
        _ reader: WireReader, into peer: inout AttributeContext.Peer,
        _ labels: inout MapReader.Pairs
    ) throws(CheckRequestError) {
        var reader = reader
        peer.isPresent = true
        while let field = try reader.next() {
            switch field {
            case 1: try readAddress(reader.message(), into: &peer.address)
            case 2: peer.service = try reader.string()
            case 3: try MapReader.readStrings(&reader, into: &labels)
            case 4: peer.principal = try reader.string()
            case 5: peer.certificate = try reader.string()
            default: try reader.skip()
            }
        }
    }

    /// A `oneof`: the last member counts, and merges with itself when it comes twice.
    private static func readAddress(
        _ reader: WireReader, into address: inout AttributeContext.Address
    ) throws(CheckRequestError) {
        var reader = reader
        while let field = try reader.next() {
            switch field {
            case 1:
                var socket = AttributeContext.SocketAddress()
                if case .socket(let earlier) = address { socket = earlier }
                try readSocket(reader.message(), into: &socket)
                address = .socket(socket)
            case 2: address = try readPipe(reader.message(), after: address)
            case 3: address = try readInternal(reader.message(), after: address)
            default: try reader.skip()
            }
        }
        if case .absent = address { address = .empty }
    }

    private static func readSocket(
        _ reader: WireReader, into socket: inout AttributeContext.SocketAddress
    ) throws(CheckRequestError) {
        var reader = reader
        while let field = try reader.next() {
            switch field {
            case 1: socket.protocol = UInt32(truncatingIfNeeded: try reader.number())
            case 2: socket.address = try reader.string()
            case 3: socket.port = .value(UInt32(truncatingIfNeeded: try reader.number()))
            case 4: socket.port = .named(try reader.string())
            case 5: socket.resolver = try reader.string()
            case 6: socket.ipv4Compatible = try reader.number() != 0
            case 7: socket.networkNamespace = try reader.string()
            default: try reader.skip()
            }
        }
    }

    @inline(never)
    private static func readPipe(
        _ reader: WireReader, after earlier: AttributeContext.Address
    ) throws(CheckRequestError) -> AttributeContext.Address {
        var reader = reader
        var (path, mode) = (Bytes.empty, UInt32(0))
        if case .pipe(let oldPath, let oldMode) = earlier { (path, mode) = (oldPath, oldMode) }
        while let field = try reader.next() {
            switch field {
            case 1: path = try reader.string()
            case 2: mode = UInt32(truncatingIfNeeded: try reader.number())
            default: try reader.skip()
            }
        }
        return .pipe(path: path, mode: mode)
    }

    @inline(never)
    private static func readInternal(
        _ reader: WireReader, after earlier: AttributeContext.Address
    ) throws(CheckRequestError) -> AttributeContext.Address {
        var reader = reader
        var (listener, endpoint, hasListener) = (Bytes.empty, Bytes.empty, false)
        if case .envoyInternal(let oldListener, let oldEndpoint, let had) = earlier {
            (listener, endpoint, hasListener) = (oldListener, oldEndpoint, had)
        }
        while let field = try reader.next() {
            switch field {
            case 1: (listener, hasListener) = (try reader.string(), true)
            case 2: endpoint = try reader.string()
            default: try reader.skip()
            }
        }
        return .envoyInternal(listener: listener, endpoint: endpoint, hasListener: hasListener)
    }
}
