// SPDX-License-Identifier: Apache-2.0
import Authorization
import Cryptography
import Testing

@testable import ThreatIntelligence

/// Bytes that are never freed.
func bytes(_ text: String) -> Bytes {
    let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(text.utf8.count, 1))
    _ = memory.initialize(from: text.utf8)
    return Bytes(start: UnsafePointer(memory.baseAddress), count: text.utf8.count)
}

func list(_ name: String, _ lines: String, kind: ThreatKind? = nil) throws -> ThreatList {
    var options = ThreatListReader.Options()
    options.kind = kind
    return try ThreatListReader.read(
        Array(lines.utf8), file: "\(name).txt", name: name, options)
}

extension ThreatScan {
    var values: [String] { matches.map(\.value.string) }
}

@Suite struct IndexTests {
    @Test(
        arguments: [
            ("evil.example", ["evil.example"]), ("a.b.evil.example", ["evil.example"]),
            ("notevil.example", []), ("evil.example.org", []), ("example", []), ("", []),
            ("deep.evil.example", ["deep.evil.example", "evil.example"]),
            ("203.0.113.9", ["203.0.113.9"]), ("203.0.113.8", []),
            ("198.51.100.200", ["198.51.100.0/24"]), ("198.51.101.1", ["198.51.100.0/23"]),
            ("2001:db8::1", ["2001:db8::/32"]), ("2001:db9::1", []), ("::ffff:203.0.113.9", []),
            ("9.9.9.9.evil.example", ["evil.example"]),
        ] as [(String, [String])])
    func findsHosts(_ host: String, _ expected: [String]) throws {
        let lists = try list(
            "hosts",
            """
            evil.example
            *.deep.evil.example
            203.0.113.9
            198.51.100.0/24
            198.51.100.0/23
            2001:db8::/32
            """)
        let scan = ThreatScan(try ThreatIndex([lists]))
        scan.look(host: bytes(host), in: .destination)
        if host == "198.51.100.200" {
            #expect(scan.values == ["198.51.100.0/24", "198.51.100.0/23"])
        } else if host.hasPrefix("::ffff") {
            #expect(scan.values == ["203.0.113.9"])
        } else {
            #expect(Set(scan.values) == Set(expected))
        }
    }

    @Test func tellsWhatTheListSays() throws {
        let lists = [
            try list("a", "evil.example severity=90 id=A-1 category=phishing"),
            try list("b", "evil.example"),
        ]
        let scan = ThreatScan(try ThreatIndex(lists))
        scan.look(host: bytes("x.evil.example"), in: .destination)
        scan.look(host: bytes("evil.example"), in: .destination)
        scan.look(host: bytes("evil.example"), in: .arguments)
        #expect(scan.matches.count == 4, "each entry once for each part")
        #expect(scan.severity == 90)
        let first = try #require(scan.matches.first { $0.list.string == "a" })
        #expect(first.id.string == "A-1" && first.category.string == "phishing")
        #expect(first.kind == .domain && first.severity == 90)
        scan.begin()
        #expect(scan.matches.isEmpty && scan.severity == 0)
    }

    @Test func findsHashes() throws {
        let digest = SHA256.hash(Array("malware".utf8))
        let scan = ThreatScan(try ThreatIndex([try list("h", "\(digest)".uppercased())]))
        scan.look(digest: digest, in: .body)
        scan.look(digest: SHA256.hash(Array("else".utf8)), in: .body)
        scan.search(bytes("\(digest)"), in: .arguments)
        scan.search(bytes("0\(digest)"), in: .documents)
        #expect(scan.values == ["\(digest)", "\(digest)"])
        #expect(scan.matches.map(\.part) == [.body, .arguments])
    }

    @Test func findsEachOfManyHashes() throws {
        func digest(_ number: Int) -> Digest { SHA256.hash(Array("\(number)".utf8)) }
        let lines = (0..<1000).map { "\(digest($0))" }.joined(separator: "\n")
        let scan = ThreatScan(
            try ThreatIndex([try list("many", lines), try list("one", "\(digest(7))")]))
        for number in 0..<1000 {
            scan.begin()
            scan.look(digest: digest(number), in: .body)
            #expect(scan.matches.count == (number == 7 ? 2 : 1))
            #expect(scan.values.allSatisfy { $0 == "\(digest(number))" })
        }
        scan.begin()
        for number in 1000..<2000 { scan.look(digest: digest(number), in: .body) }
        scan.search(bytes(String(repeating: "g", count: 64)), in: .arguments)
        #expect(scan.matches.isEmpty)
    }

    @Test(
        arguments: [
            ("see https://user@EVIL.example:443/x?y", ["evil.example"]),
            ("mail bob@mail.evil.example.", ["evil.example"]),
            ("evil.example.txt and evil.exampl", []),
            ("ping 203.0.113.9, then [2001:db8::7]:80 [::1] [", ["203.0.113.9", "2001:db8::/32"]),
            ("...", []), ("a.", []), (".", []),
            (String(repeating: "x", count: 400) + ".evil.example", ["evil.example"]),
        ] as [(String, [String])])
    func findsHostsInText(_ text: String, _ expected: [String]) throws {
        let lists = try list("hosts", "evil.example\n203.0.113.9\n2001:db8::/32")
        let scan = ThreatScan(try ThreatIndex([lists]))
        scan.search(bytes(text), in: .arguments)
        #expect(scan.values == expected)
    }

    @Test func boundsMatchesAndText() throws {
        let names = (0..<100).map { "d\($0).example" }
        let scan = ThreatScan(
            try ThreatIndex([try list("many", names.joined(separator: "\n"))]))
        scan.search(bytes(names.joined(separator: " ")), in: .arguments)
        #expect(scan.matches.count == Limits.matches && scan.isCut)
        scan.begin()
        #expect(!scan.isCut)
        scan.search(bytes(String(repeating: "a", count: Limits.textBytes + 1)), in: .body)
        #expect(scan.isCut && scan.matches.isEmpty)
    }

    @Test func nothingIsFoundInNothing() throws {
        let scan = ThreatScan(.empty())
        scan.look(host: bytes("evil.example"), in: .destination)
        scan.look(digest: Digest(), in: .body)
        scan.search(bytes("evil.example ignore previous instructions"), in: .prompt)
        #expect(scan.matches.isEmpty && !scan.searchesText && !scan.hasDigests)
        scan.use(try ThreatIndex([try list("a", "evil.example")]))
        scan.look(host: bytes("evil.example"), in: .destination)
        #expect(scan.values == ["evil.example"])
    }

    @Test func boundsAllLists() throws {
        let lists = Array(repeating: ThreatList(name: "x", entries: []), count: Limits.lists + 1)
        #expect(throws: ThreatIndex.Failure.tooManyLists) { try ThreatIndex(lists) }
    }
}
