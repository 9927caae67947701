// SPDX-License-Identifier: Apache-2.0
import Server
import TLS

extension Configuration.Listen {
    /// PEM files. They are read again when they change, and on SIGHUP; what cannot be used then
    /// changes nothing.
    struct TLS {
        /// `listen.tls.certificate`, with its chain.
        var certificate = ""
        /// `listen.tls.key`; only its owner may be able to read it.
        var key = ""
        /// `listen.tls.client_authorities`: who signs the certificates that clients must show.
        /// When they change, connections that are open are made anew. Default: clients need no
        /// certificate. Danger: then whoever reaches the port is answered.
        var clientAuthorities: String?
        /// `listen.tls.clients`: SPIFFE IDs that may connect, `spiffe://acme.example/gateway`, or
        /// all below one, `spiffe://acme.example/gateways/*`. Default: every certificate of
        /// `client_authorities`.
        var clients: [ClientPattern]?
    }

    /// Something that works and that nobody should want.
    struct Warning: CustomStringConvertible {
        /// Stable; the field of a log line.
        let code: String
        let message: String
        let hint: String

        var description: String { "warning: \(message)\n  hint: \(hint)" }
    }

    mutating func readTLS(_ section: Section) {
        let below = section.section("tls")
        guard section.has("tls") else { return }
        var tls = TLS()
        tls.read(below)
        self.tls = tls
        if tcpAddresses.isEmpty {
            section.reject("tls", "expected `tcp` beside it", hint: "Unix sockets stay clear")
        }
    }

    private var tcpAddresses: [ListenAddress] {
        addresses.filter { if case .tcp = $0 { true } else { false } }
    }

    var warnings: [Warning] {
        let open = tcpAddresses.filter { !$0.isLocal }.map { "`\($0)`" }.joined(separator: ", ")
        if open.isEmpty || tls?.clientAuthorities != nil { return [] }
        if tls == nil {
            return [
                Warning(
                    code: "listen_unencrypted",
                    message: "\(open) takes checks in the clear, from whoever reaches it",
                    hint: "set `listen.tls`, or listen on loopback or a Unix socket")
            ]
        }
        return [
            Warning(
                code: "listen_unauthenticated",
                message: "\(open) takes checks from whoever reaches it",
                hint: "set `listen.tls.client_authorities`")
        ]
    }
}

extension Configuration.Listen.TLS {
    fileprivate mutating func read(_ section: Section) {
        certificate = section.text("certificate", "")
        key = section.text("key", "")
        clientAuthorities = section.optionalText("client_authorities")
        let listed = section.list(
            "clients", [], expected: "a SPIFFE ID, or one with `/*` at its end",
            ClientPattern.init)
        if certificate.isEmpty { section.reject("certificate", "expected the path of a file") }
        if key.isEmpty { section.reject("key", "expected the path of a file") }
        guard section.has("clients") else { return }
        clients = listed
        if clientAuthorities == nil {
            section.reject("clients", "expected `client_authorities` beside it")
        }
    }
}
