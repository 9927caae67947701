// SPDX-License-Identifier: Apache-2.0
import Glibc

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
            addresses = try resolve(host)
            answers.addresses[host] = addresses
        }
        let result = CollectionBuilder.set(in: evaluation.arena)
        for address in addresses { result.insert(evaluation.string(address)) }
        return result.finish()
    }

    private static func resolve(_ host: String) throws(BuiltinError) -> [String] {
        guard !host.isEmpty, host.utf8.count <= Limits.hostNameBytes, !host.utf8.contains(0) else {
            throw .failed("lookup \(host): no such host")
        }
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, nil, &hints, &list)
        guard status == 0 else {
            let isMissing = status == EAI_NONAME
            throw .failed(
                "lookup \(host): "
                    + "\(isMissing ? "no such host" : String(cString: gai_strerror(status)))"
            )
        }
        defer { freeaddrinfo(list) }
        var result: [String] = []
        var entry = list
        while let current = entry {
            if let text = text(current.pointee) { result.append(text) }
            entry = current.pointee.ai_next
        }
        return result
    }

    private static func text(_ entry: addrinfo) -> String? {
        guard let address = entry.ai_addr else { return nil }
        var buffer = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        guard
            getnameinfo(
                address, entry.ai_addrlen, &buffer, socklen_t(buffer.count), nil, 0, NI_NUMERICHOST)
                == 0
        else { return nil }
        return String(
            decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
