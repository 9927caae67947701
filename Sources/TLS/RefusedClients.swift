// SPDX-License-Identifier: Apache-2.0
import Authorization
import Synchronization

/// Clients with a certificate of the authorities that are none of the configured ones: what a
/// person needs who wrote the list. Bounded; whoever logs them takes them now and then.
public final class RefusedClients: Sendable {
    private let names = Mutex<[String: UInt64]>([:])

    public init() {}

    func note(_ id: SPIFFEID) {
        let name = id.text.string
        names.withLock { names in
            guard names[name] != nil || names.count < Limits.refusedClients else { return }
            names[name, default: 0] += 1
        }
    }

    /// SPIFFE IDs and how often each was refused since the last call.
    public func take() -> [String: UInt64] {
        names.withLock { names in
            defer { names = [:] }
            return names
        }
    }
}
