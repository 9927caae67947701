// SPDX-License-Identifier: Apache-2.0

/// Which hosts policies may reach (`allow_net` in OPA's capabilities).
public struct AllowedHosts: Sendable {
    /// nil for all.
    private let names: Set<String>?

    /// Every host.
    public static let all = AllowedHosts(names: nil)

    /// Only these names and addresses, as URLs have them; case does not matter.
    public static func only(_ names: [String]) -> AllowedHosts {
        AllowedHosts(names: Set(names.map(normal)))
    }

    func allow(_ host: String) -> Bool {
        guard let names else { return true }
        return names.contains(Self.normal(host))
    }

    /// In lower case, without an address's brackets and a name's last dot.
    private static func normal(_ host: String) -> String {
        var host = host.lowercased()[...]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        if host.hasSuffix(".") { host = host.dropLast() }
        return String(host)
    }
}
