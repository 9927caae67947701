// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

extension AttributesDocument {
    func peer(
        _ peer: AttributeContext.Peer, _ labels: Table<AttributeContext.StringPair>
    ) -> Value {
        guard peer.isPresent else { return .undefined }
        let object = CollectionBuilder.object(in: arena, capacity: 5)
        object.add("address", address(peer.address))
        object.addText("service", peer.service)
        object.add("labels", pairs(labels))
        object.addText("principal", peer.principal)
        object.addText("certificate", peer.certificate)
        return object.finish()
    }

    private func address(_ address: AttributeContext.Address) -> Value {
        let object = CollectionBuilder.object(in: arena, capacity: 1)
        switch address {
        case .absent: return .undefined
        case .empty: return .emptyObject
        case .socket(let socket): object.add("socketAddress", self.socket(socket))
        case .pipe(let path, let mode):
            let pipe = CollectionBuilder.object(in: arena, capacity: 2)
            pipe.addText("path", path)
            pipe.addNumber("mode", Int64(mode))
            object.add("pipe", pipe.finish())
        case .envoyInternal(let listener, let endpoint, let hasListener):
            let inner = CollectionBuilder.object(in: arena, capacity: 2)
            // A member of a `oneof` is there even when empty.
            if hasListener { inner.add("serverListenerName", .checked(listener)) }
            inner.addText("endpointId", endpoint)
            object.add("envoyInternalAddress", inner.finish())
        }
        return object.finish()
    }

    private func socket(_ socket: AttributeContext.SocketAddress) -> Value {
        let object = CollectionBuilder.object(in: arena, capacity: 7)
        object.addNumber("protocol", Int64(Int32(bitPattern: socket.protocol)))
        object.addText("address", socket.address)
        switch socket.port {
        case .absent: break
        case .value(let port): object.add("portValue", .integer(Int64(port)))
        case .named(let name): object.add("namedPort", .checked(name))
        }
        object.addText("resolverName", socket.resolver)
        if socket.ipv4Compatible { object.add("ipv4Compat", .true) }
        object.addText("networkNamespaceFilepath", socket.networkNamespace)
        return object.finish()
    }
}
