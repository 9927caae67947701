// SPDX-License-Identifier: Apache-2.0

/// `net.lookup_ip_addr`: asks the system's resolver. It waits for the network.
enum AddressLookup {
    /// Answers of this decision: equal operands give equal results.
    private final class Answers {
        var addresses: [String: [String]] = [:]
    }

    static func addresses(of name: Value, _ evaluation: Evaluation) throws(BuiltinError) -> Value {
        let host = name.asString ?? ""
        let key = ObjectIdentifier(Answers.self)
        let answers = evaluation.decisionCaches[key] as? Answers ?? Answers()
        evaluation.decisionCaches[key] = answers
        let addresses: [String]
        if let known = answers.addresses[host] {
            addresses = known
        } else {
            addresses = try resolve(host, evaluation)
            answers.addresses[host] = addresses
        }
        let result = CollectionBuilder.set(in: evaluation.arena)
        for address in addresses { result.insert(evaluation.string(address)) }
        return result.finish()
    }

    private static func resolve(
        _ host: String, _ evaluation: Evaluation
    ) throws(BuiltinError) -> [String] {
        guard !host.isEmpty, host.utf8.count <= Limits.hostNameBytes, !host.utf8.contains(0) else {
            throw .failed("lookup \(host): no such host")
        }
        guard let network = evaluation.network else {
            evaluation.missedNetwork = true
            throw .failed("no network is available")
        }
        do throws(NetworkFailure) {
            return try network.transport.addresses(of: host, evaluation.patience)
        } catch {
            switch error {
            case .disallowed: throw .failed("disallowed host: \(host)")
            case .invalid(let message), .failed(let message):
                throw .failed("lookup \(host): \(message)")
            case .timedOut:
                throw BuiltinError(.cancelled, "lookup \(host): context deadline exceeded")
            }
        }
    }
}
