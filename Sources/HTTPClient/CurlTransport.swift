// SPDX-License-Identifier: Apache-2.0
import RegoVM
import Synchronization

/// Reaches the network for policies: HTTP by libcurl, addresses by the system's resolver.
public final class CurlTransport: NetworkTransport {
    private let allowed: AllowedHosts
    private let idle = Mutex<[TransferBox]>([])
    private let resolver = Resolver()

    /// Transfers are used by one thread at a time.
    private struct TransferBox: @unchecked Sendable {
        let transfer: Transfer
    }

    public init(_ allowed: AllowedHosts = .all) { self.allowed = allowed }

    public func exchange(
        _ request: HTTPRequest, _ patience: Patience
    ) throws(NetworkFailure) -> HTTPResponse {
        let box = idle.withLock { $0.popLast() }
        let transfer: Transfer
        if let box { transfer = box.transfer } else { transfer = try Transfer() }
        let response = try transfer.exchange(request, patience, allowed)
        let kept = TransferBox(transfer: transfer)
        idle.withLock { idle in
            if idle.count < ClientLimits.idleTransfers { idle.append(kept) }
        }
        return response
    }

    public func addresses(
        of host: String, _ patience: Patience
    ) throws(NetworkFailure) -> [String] {
        guard allowed.allow(host) else { throw .disallowed(host: host) }
        return try resolver.addresses(of: host, patience)
    }
}
