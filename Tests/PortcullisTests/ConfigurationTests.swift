// SPDX-License-Identifier: Apache-2.0
import DecisionLog
import Inspection
import Server
import Testing

@testable import portcullis

@Suite struct ConfigurationTests {
    private func errors(_ yaml: String) -> [String] {
        do {
            _ = try Configuration(yaml: yaml, file: "p.yaml")
            return []
        } catch {
            return error.errors.map(\.description)
        }
    }

    @Test func everythingHasADefault() throws {
        for yaml in ["", "{}", "# nothing\n", "log:\n", "listen: {}"] {
            let configuration = try Configuration(yaml: yaml, file: "p.yaml")
            #expect(configuration.listen.addresses == [.tcp(host: "127.0.0.1", port: 9191)])
            #expect(configuration.loops >= 1)
            #expect(configuration.policies == ["policies"] && configuration.data == ["data"])
            #expect(configuration.entrypoint == "portcullis.authz.decision")
            #expect(
                configuration.log.key == "log.key" && configuration.log.journal == "log.journal")
        }
    }

    @Test func everySettingIsRead() throws {
        let configuration = try Configuration(
            yaml: """
                listen: {tcp: ["0.0.0.0:1", "[::1]:65535"], unix: /run/p.sock}
                loops: 3
                policies: [a, b]
                data: c
                entrypoint: data.x.y
                route_entrypoints: [routes/tools/decision]
                scopes: {header: X-Scopes, separator: ";"}
                agents: {key: "header:X-Agent", trust_domains: [acme.example], maximum: 10}
                destinations: {internal: [acme.example, 10.0.0.0/8]}
                inspection: {deny: [mismatch, batch]}
                log: {enabled: false, directory: /l/, origin: o/x, create: never,
                      durability: durable,
                      checkpoint_interval: 200ms, segment: 8MiB, backlog: 1GiB, key: /k}
                limits: {message: 1MiB, connections: 5, deadline: 1.5s, drain: 0s, work: 5000,
                         memory: 2MiB}
                telemetry: {level: debug, format: logfmt}
                """, file: "p.yaml")
        #expect(
            configuration.listen.addresses == [
                .tcp(host: "0.0.0.0", port: 1), .tcp(host: "::1", port: 65535),
                .unix(path: "/run/p.sock"),
            ])
        #expect(
            configuration.loops == 3 && configuration.policies == ["a", "b"]
                && configuration.data == ["c"])
        #expect(
            configuration.entrypoint == "x.y"
                && configuration.routeEntrypoints == ["routes.tools.decision"])
        #expect(configuration.scopes.header == "x-scopes" && configuration.scopes.separator == 0x3B)
        #expect(
            configuration.agents.key == .header("x-agent") && configuration.agents.maximum == 10)
        #expect(configuration.deniedDoubts == [.mismatch, .batch])
        let log = configuration.log
        #expect(
            !log.isEnabled && log.directory == "/l" && log.journal == "/l.journal"
                && log.key == "/k")
        #expect(!log.isCreatedFirst && log.options.durability == .durable)
        #expect(
            log.options.checkpointInterval == 200_000_000 && log.options.segmentBytes == 8 << 20)
        #expect(configuration.limits.deadline == 1_500_000_000 && configuration.limits.drain == 0)
        #expect(
            configuration.telemetry.level == .debug && configuration.telemetry.format == .logfmt)
    }

    @Test func unixAloneReplacesTheDefault() throws {
        let configuration = try Configuration(yaml: "listen: {unix: ['@p']}", file: "p.yaml")
        #expect(configuration.listen.addresses == [.unix(path: "@p")])
    }

    @Test func allErrorsAreListedWithTheirPlaces() {
        #expect(
            errors(
                "entrypont: a/b\nloops: many\nlog:\n  durabilty: durable\n"
                    + "  durability: durables\n"
            ) == [
                "p.yaml:1:1: unknown key `entrypont`\n  hint: did you mean `entrypoint`?",
                "p.yaml:2:8: expected an integer, got `many` for `loops`",
                "p.yaml:4:3: unknown key `durabilty` in `log`\n  hint: did you mean `durability`?",
                """
                p.yaml:5:15: expected one of `buffered`, `durable`, got `durables` \
                for `log.durability`
                  hint: did you mean `durable`?
                """,
            ])
    }

    @Test func anUnknownKeyNamesThoseThatAreKnown() {
        let found = errors("x: 1\n")
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("p.yaml:1:1: unknown key `x`\n  hint: known are `") == true)
        #expect(found.first?.contains("`entrypoint`, ") == true)
    }

    @Test(arguments: [
        ("loops: 0", "p.yaml:1:8: expected 1 to 256, got 0 for `loops`"),
        ("loops: [1]", "p.yaml:1:8: expected an integer, got a list for `loops`"),
        ("- 1", "p.yaml:1:1: expected a mapping, got a list"),
        ("log: on", "p.yaml:1:6: expected a mapping, got `on` for `log`"),
        (
            "log: {enabled: maybe}",
            "p.yaml:1:16: expected true or false, got `maybe` for `log.enabled`"
        ),
        (
            "limits: {message: 1KiB}",
            "p.yaml:1:19: expected 64KiB to 64MiB, got `1KiB` for `limits.message`"
        ),
        (
            "limits: {deadline: fast}",
            """
            p.yaml:1:20: expected a duration, got `fast` for `limits.deadline`
              hint: such as `200ms`, `5s`, `1h`
            """
        ),
        ("listen: {tcp: nine}", "p.yaml:1:15: expected `host:port`, got `nine` for `listen.tcp`"),
        (
            "listen: {tcp: 'h:70000'}",
            "p.yaml:1:15: expected `host:port`, got `h:70000` for `listen.tcp`"
        ),
        (
            "entrypoint: a//b",
            "p.yaml:1:13: expected a path such as `portcullis/authz/decision`, got `a//b` "
                + "for `entrypoint`"
        ),
        (
            "scopes: {separator: ab}",
            "p.yaml:1:21: expected one character that is no letter or digit, got `ab` "
                + "for `scopes.separator`"
        ),
        (
            "agents: {trust_domains: [A]}",
            "p.yaml:1:26: expected a SPIFFE trust domain, got `A` for `agents.trust_domains`"
        ),
        (
            "destinations: {internal: ['10.0.0.1/8']}",
            """
            p.yaml:1:27: expected a domain or an address range, got `10.0.0.1/8` \
            for `destinations.internal`
            """
        ),
        (
            "log: {directory: l, journal: l/j}",
            "p.yaml:1:30: expected a folder outside of the log's, got `l/j` for `log.journal`"
        ),
        ("a: 1\na: 2", "p.yaml:1:1: key `a` occurs twice"),
        ("a: [", "p.yaml:2:1: did not find expected node content"),
    ])
    func refused(_ yaml: String, _ message: String) {
        #expect(errors(yaml).first == message)
    }

    @Test func missingFile() {
        #expect(throws: ConfigurationFailure.self) { try Configuration.load("/nowhere/p.yaml") }
    }

    @Test func suggestions() {
        #expect(Suggestion.distance("durability", "durabiltiy") == 1)
        #expect(Suggestion.distance("", "abc") == 3)
        #expect(Suggestion.closest(to: "polices", among: ["policies", "data"]) == "policies")
        #expect(Suggestion.closest(to: "zzz", among: ["policies", "data"]) == nil)
    }

    @Test func units() {
        #expect(
            Units.duration("1.5s") == 1_500_000_000 && Units.duration("2h") == 7_200_000_000_000)
        #expect(
            Units.duration("5") == nil && Units.duration("-1s") == nil && Units.duration("s") == nil
        )
        #expect(Units.size("64 KiB") == 65536 && Units.size("10") == 10 && Units.size("1e3") == nil)
        #expect(
            Units.text(nanoseconds: 90_000_000_000) == "90s" && Units.text(bytes: 4 << 20) == "4MiB"
        )
    }
}
