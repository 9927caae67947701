// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ThreatIntelligence

@Suite struct ListTests {
    private func read(
        _ text: String, _ change: (inout ThreatListReader.Options) -> Void = { _ in }
    ) throws -> [String] {
        var options = ThreatListReader.Options()
        change(&options)
        let list = try ThreatListReader.read(
            Array(text.utf8), file: "feed.txt", name: "feed", options)
        return list.entries.map { entry in
            [
                "\(entry.kind.word)", String(decoding: entry.value, as: UTF8.self),
                "\(entry.severity)", String(decoding: entry.id, as: UTF8.self),
                String(decoding: entry.category, as: UTF8.self),
            ].joined(separator: "|")
        }
    }

    private func failure(
        _ text: String, _ change: (inout ThreatListReader.Options) -> Void = { _ in }
    ) throws -> [String] {
        do {
            _ = try read(text, change)
            return []
        } catch let failure as ThreatListFailure {
            return failure.errors.map { "\($0)" }
        }
    }

    @Test func readsLines() throws {
        let hash = String(repeating: "Ab", count: 32)
        let entries = try read(
            """
            \u{FEFF}# a comment
            Evil.Example.
              *.bad.example severity=90 category=phishing id=X-1   # why

            203.0.113.9\r
            2001:db8::/32
            \(hash)
            0.0.0.0 localhost tracker.example ads.example # hosts
            127.0.0.1 0.0.0.0
            """)
        #expect(
            entries == [
                "domain|evil.example|70||", "domain|bad.example|90|X-1|phishing",
                "address|203.0.113.9|70||", "range|2001:db8::/32|70||",
                "hash|\(hash.lowercased())|70||", "domain|tracker.example|70||",
                "domain|ads.example|70||",
            ])
    }

    @Test func readsTextPatterns() throws {
        let entries = try read("# c\n ignore # all = previous \tseverity=80\tid=P 1\nsk-live-") {
            $0.kind = .text
            $0.category = "injection"
            $0.severity = 10
        }
        #expect(
            entries == [
                "text|ignore # all = previous|80|P 1|injection", "text|sk-live-|10||injection",
            ])
    }

    @Test func readsTables() throws {
        let table = """
            id,Value,kind,severity,notes\r
            1,evil.example,domain,90,"a, ""b""
            c"\r
            2,"ignore, all",text,,x

            3,10.0.0.0/8,,5,
            """
        let entries = try read(table) { $0.format = .csv }
        #expect(
            entries == [
                "domain|evil.example|90|1|", "text|ignore, all|70|2|", "range|10.0.0.0/8|5|3|",
            ])
    }

    @Test(arguments: [
        (
            "ok.example\nfoo bar",
            "feed.txt:2: expected a domain, an address, a range or a SHA-256 hash, got `foo`\n  hint: a list of text patterns needs `kind: text`"
        ),
        (
            "com",
            "feed.txt:1: expected a domain, an address, a range or a SHA-256 hash, got `com`\n  hint: a list of text patterns needs `kind: text`"
        ),
        ("a.example severity=101", "feed.txt:1: expected a severity from 0 to 100, got `101`"),
        (
            "a.example severty=1",
            "feed.txt:1: unknown name `severty`\n  hint: known are `severity`, `category` and `id`"
        ),
        ("a.example phishing", "feed.txt:1: expected `name=value`, got `phishing`"),
        (
            "10.0.0.1/8",
            "feed.txt:1: expected a domain, an address, a range or a SHA-256 hash, got `10.0.0.1/8`\n  hint: a list of text patterns needs `kind: text`"
        ),
    ])
    func tellsWhatIsWrong(_ text: String, _ message: String) throws {
        #expect(try failure(text) == [message])
    }

    @Test(arguments: [
        ("abc", ThreatKind.text, "feed.txt:1: expected a pattern of at least 4 bytes, got `abc`"),
        (
            "abc", .hash,
            "feed.txt:1: expected the 64 hexadecimal digits of a SHA-256 hash, got `abc`"
        ),
        (
            "10.0.0.1/8", .range,
            "feed.txt:1: expected an address or a range, got `10.0.0.1/8`\n  hint: bits behind the prefix must be zero"
        ),
        ("ex ample", .domain, "feed.txt:1: expected a domain, got `ex`"),
    ])
    func tellsWhatIsWrongForAKind(_ text: String, _ kind: ThreatKind, _ message: String) throws {
        #expect(try failure(text) { $0.kind = kind } == [message])
    }

    @Test(arguments: [
        (
            "name,severity\na,1",
            "feed.txt:1: expected a column `value` in the first line\n  hint: others are `kind`, `severity`, `category` and `id`"
        ),
        ("value,id\nevil.example", "feed.txt:2: expected 2 fields, got 1"),
        ("value\n\"evil.example", "feed.txt:2: the quote is never closed"),
        (
            "value,kind\nevil.example,dmain",
            "feed.txt:2: expected a kind among `domain`, `address`, `range`, `hash`, `text`, got `dmain`"
        ),
    ])
    func tellsWhatIsWrongInATable(_ text: String, _ message: String) throws {
        #expect(try failure(text) { $0.format = .csv } == [message])
    }

    @Test func stopsAfterTenErrors() throws {
        let errors = try failure(String(repeating: "?\n", count: 50))
        #expect(errors.count == 10)
    }
}
