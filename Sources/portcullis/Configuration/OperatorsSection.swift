// SPDX-License-Identifier: Apache-2.0
import Admin
import Server

extension Configuration {
    /// `operators`: the API of operators and detectors. Nothing listens on TCP unless told to.
    struct Operators {
        /// `operators.enabled`. Without the API nobody restricts, releases or approves.
        var isEnabled = true
        /// `operators.unix`: a socket file, made with mode 0600: only the user who runs this, and
        /// root, get in. Default: the log's directory with `.operators.sock`.
        var unix = "log.operators.sock"
        /// `operators.tcp`: `host:port`. Needs `tls` with `client_authorities`, or `tokens`; off
        /// loopback it needs `tls` in any case. Default: none.
        var tcp: ListenAddress?
        /// `operators.tls` and `operators.tokens`. Their files are read again when they change, and
        /// on SIGHUP. What cannot be used then changes nothing; only a token whose file is gone
        /// counts no more.
        var tls: TLS?
        var tokens: [Token] = []
        /// `operators.certificates`: a list of `subject` (as RFC 4514 writes it, `CN=alice,O=Acme`)
        /// and `may`. Default: every certificate of `client_authorities` may `operate`.
        var certificates: [OperatorCertificate]?

        /// PEM files.
        struct TLS {
            /// `operators.tls.certificate`, with its chain.
            var certificate = ""
            /// `operators.tls.key`; only its owner may be able to read it.
            var key = ""
            /// `operators.tls.client_authorities`: whose certificates say who an operator is.
            /// Default: none, then tokens do.
            var clientAuthorities: String?
        }

        /// An element of `operators.tokens`.
        struct Token {
            /// `name`: the operator is `token:<name>` in the log.
            var name: String
            /// `file`: the token, at least 16 bytes; only its owner may be able to read it.
            var file: String
            /// `may`: `observe`, `signal` or `operate`. Default: `observe`.
            var permission: Permission
        }
    }
}

extension Configuration.Operators {
    /// Bytes of a socket's path: what the kernel's address holds.
    private static let pathBytes = 107
    private static let permissions = Permission.allCases.map { ($0.rawValue, $0) }

    mutating func read(_ section: Section, log: Configuration.Log) {
        isEnabled = section.flag("enabled", isEnabled)
        unix = section.text("unix", log.directory + ".operators.sock")
        if isEnabled, unix.utf8.count > Self.pathBytes || unix.hasPrefix("@") || unix.isEmpty {
            section.reject(
                "unix", "expected a path of at most \(Self.pathBytes) bytes, got `\(unix)`")
        }
        tcp = section.text("tcp", nil, expected: "`host:port`") {
            Configuration.Listen.address($0).map { .some($0) }
        }
        if section.has("tls") {
            var tls = TLS()
            tls.read(section.section("tls"))
            self.tls = tls
        } else {
            _ = section.section("tls")
        }
        tokens = section.sections("tokens").map { Self.token($0) }
        let listed = section.sections("certificates").map { entry in
            OperatorCertificate(
                subject: entry.text("subject", ""),
                permission: entry.choice("may", .observe, Self.permissions))
        }
        certificates = section.has("certificates") ? listed : nil
        check(section)
    }

    private static func token(_ section: Section) -> Token {
        let token = Token(
            name: section.text("name", ""), file: section.text("file", ""),
            permission: section.choice("may", .observe, permissions))
        let isName =
            !token.name.isEmpty
            && token.name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        if !isName { section.reject("name", "expected a name without spaces, got `\(token.name)`") }
        if token.file.isEmpty { section.reject("file", "expected the path of a file") }
        return token
    }

    private func check(_ section: Section) {
        if Set(tokens.map(\.name)).count < tokens.count {
            section.reject("tokens", "expected each name once")
        }
        if certificates != nil, tls?.clientAuthorities == nil {
            section.reject("certificates", "expected `tls.client_authorities` beside it")
        }
        guard let tcp else { return }
        if tokens.isEmpty, tls?.clientAuthorities == nil {
            section.reject(
                "tcp", "expected `tokens` or `tls.client_authorities` beside it",
                hint: "nobody gets in without saying who it is")
        }
        if !tcp.isLocal, tls == nil {
            section.reject("tcp", "expected `tls` beside it", hint: "tokens would go in the clear")
        }
    }
}

extension Configuration.Operators.TLS {
    fileprivate mutating func read(_ section: Section) {
        certificate = section.text("certificate", "")
        key = section.text("key", "")
        clientAuthorities = section.optionalText("client_authorities")
        if certificate.isEmpty { section.reject("certificate", "expected the path of a file") }
        if key.isEmpty { section.reject("key", "expected the path of a file") }
    }
}
