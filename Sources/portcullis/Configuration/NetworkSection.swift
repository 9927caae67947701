// SPDX-License-Identifier: Apache-2.0
import HTTPClient
import RegoVM
import Server

extension Configuration {
    /// What policies may reach of the network, and who waits for it. Policies that never wait are
    /// evaluated where their check came in, and none of this concerns them.
    struct Network {
        /// `network.allow`: host names and addresses that `http.send` and `net.lookup_ip_addr` may
        /// reach, as URLs have them; `[]` for none. Default: all, as in OPA. Danger: without it,
        /// whoever writes a policy reaches whatever this machine reaches.
        var allowed = AllowedHosts.all
        /// `network.workers`: threads that evaluate policies which may wait.
        var workers = WaitingLimits.workers
        /// `network.queue`: checks that may wait for a worker; more are denied with
        /// `waiting_queue_full`.
        var queue = WaitingLimits.queue
        /// `network.cache`: bytes of responses that are kept between decisions.
        var cache = Int64(RegoVM.Limits.httpCacheBytes)
    }
}

extension Configuration.Network {
    mutating func read(_ section: Section) {
        if section.has("allow") {
            let hosts = section.list("allow", [], expected: "a host without port", Self.host)
            allowed = .only(hosts)
        }
        workers = section.integer("workers", workers, in: 1...1024)
        queue = section.integer("queue", queue, in: 0...100_000)
        cache = section.size("cache", cache, in: 0...16 << 30)
    }

    /// A name or address; ports, paths and schemes are mistakes.
    private static func host(_ text: String) -> String? {
        let isAddress = text.hasPrefix("[") || text.filter { $0 == ":" }.count > 1
        let isBare = !text.isEmpty && !text.contains { "/?#@ ".contains($0) }
        return isBare && (isAddress || !text.contains(":")) ? text : nil
    }

    /// The network of all evaluations.
    var network: RegoVM.Network {
        RegoVM.Network(CurlTransport(allowed), cache: HTTPCache(bytes: Int(cache)))
    }
}
