// SPDX-License-Identifier: Apache-2.0
import Testing
import ThreatIntelligence

@testable import portcullis

@Suite struct ThreatConfigurationTests {
    private func read(_ yaml: String) throws -> Configuration {
        try Configuration(yaml: yaml, file: "p.yaml")
    }

    private func errors(_ yaml: String) -> [String] {
        do {
            _ = try read(yaml)
            return []
        } catch {
            return (error as? ConfigurationFailure)?.errors.map(\.description) ?? ["\(error)"]
        }
    }

    @Test func listsAreOffByDefault() throws {
        #expect(try read("").threat.files.isEmpty)
        #expect(try read("").confidenceHeader == "x-agent-confidence")
    }

    @Test func everyListIsRead() throws {
        let threat = try read(
            """
            inspection: {confidence_header: X-Sure}
            threat:
              interval: 1m
              files:
                - lists/domains.txt
                - {path: a/b.csv, name: feed, severity: 90, category: phishing}
                - {path: c.txt, kind: text, format: lines}
            """
        ).threat
        #expect(threat.interval == 60_000_000_000)
        #expect(threat.files.map(\.path) == ["lists/domains.txt", "a/b.csv", "c.txt"])
        #expect(threat.files.map(\.name) == ["domains.txt", "feed", "c.txt"])
        #expect(threat.files.map(\.options.format) == [.lines, .csv, .lines])
        #expect(threat.files.map(\.options.kind) == [nil, nil, .text])
        #expect(threat.files.map(\.options.severity) == [70, 90, 70])
        #expect(threat.files[1].options.category == "phishing")
        #expect(try read("threat: {files: one.txt}").threat.files.map(\.path) == ["one.txt"])
    }

    @Test(arguments: [
        ("threat: {files: [{kind: text}]}", "expected the path of a threat list"),
        ("threat: {files: [{path: a, kind: domian}]}", "did you mean `domain`?"),
        ("threat: {files: [{path: a, severity: 101}]}", "expected 0 to 100, got 101"),
        ("threat: {files: [{path: a, sevrity: 1}]}", "unknown key `sevrity` in `threat.files[0]`"),
        ("threat: {interval: 10ms}", "expected 1s to 24h, got `10ms` for `threat.interval`"),
        ("inspection: {confidence_header: a b}", "expected a header name"),
    ])
    func mistakesAreTold(_ yaml: String, _ message: String) {
        let errors = errors(yaml)
        #expect(errors.count == 1 && errors[0].contains(message), "\(errors)")
    }
}
