// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import portcullis

/// `listen.tls`, and what is warned of.
@Suite struct ListenConfigurationTests {
    private static let pair = "certificate: c.pem, key: k.pem"

    private func errors(_ listen: String) -> [String] {
        do {
            _ = try Configuration(yaml: "listen: {\(listen)}", file: "p.yaml")
            return []
        } catch {
            return error.errors.map(\.message)
        }
    }

    private func warnings(_ listen: String) throws -> [String] {
        try Configuration(yaml: "listen: {\(listen)}", file: "p.yaml").listen.warnings.map(\.code)
    }

    @Test func everySettingIsRead() throws {
        let yaml = """
            listen:
              tcp: 0.0.0.0:9191
              unix: /run/p.sock
              tls:
                certificate: c.pem
                key: k.pem
                client_authorities: a.pem
                clients: [spiffe://acme.example/gateway, "spiffe://acme.example/gateways/*"]
            """
        let tls = try Configuration(yaml: yaml, file: "p.yaml").listen.tls
        #expect(tls?.certificate == "c.pem" && tls?.key == "k.pem")
        #expect(tls?.clientAuthorities == "a.pem")
        #expect(
            tls?.clients?.map(\.text) == [
                "spiffe://acme.example/gateway", "spiffe://acme.example/gateways/*",
            ])
        #expect(try Configuration(yaml: "", file: "p.yaml").listen.tls == nil)
    }

    @Test(arguments: [
        ("tls: {}", "expected the path of a file for `listen.tls.certificate`"),
        ("tls: {certificate: c.pem}", "expected the path of a file for `listen.tls.key`"),
        ("unix: /run/p.sock, tls: {\(pair)}", "expected `tcp` beside it for `listen.tls`"),
        (
            "tls: {\(pair), clients: [spiffe://a/b]}",
            "expected `client_authorities` beside it for `listen.tls.clients`"
        ),
        (
            "tls: {\(pair), client_authorities: a, clients: [acme.example]}",
            "expected a SPIFFE ID, or one with `/*` at its end, got `acme.example` "
                + "for `listen.tls.clients`"
        ),
        ("tls: {\(pair), ca: a.pem}", "unknown key `ca` in `listen.tls`"),
    ])
    func whatDoesNotFitIsTold(listen: String, message: String) {
        #expect(errors(listen).contains(message), "\(errors(listen))")
    }

    @Test func openListenersAreWarnedOf() throws {
        let open = "tcp: 0.0.0.0:9191"
        #expect(try warnings("") == [])
        #expect(try warnings("tcp: [127.0.0.2:1, \"[::1]:1\", localhost:1]") == [])
        #expect(try warnings("unix: /run/p.sock") == [])
        #expect(try warnings(open) == ["listen_unencrypted"])
        #expect(try warnings("\(open), tls: {\(Self.pair)}") == ["listen_unauthenticated"])
        #expect(try warnings("\(open), tls: {\(Self.pair), client_authorities: a}") == [])
        #expect(try warnings("tls: {\(Self.pair)}") == [])
    }
}
