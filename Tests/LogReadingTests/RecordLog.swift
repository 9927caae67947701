// SPDX-License-Identifier: Apache-2.0
import Cryptography
import TestSupport
import Testing
import TransparencyLog

@testable import LogReading

/// A log in memory whose entries are records.
final class RecordLog: TileSource {
    var files: [String: [UInt8]] = [:]
    let signer: NoteSigner
    private static let second: Int64 = 1_000_000_000
    static let start: Int64 = 1_795_363_200 * second

    /// - Parameter record: the JSON of each entry.
    init(_ count: Int, _ record: (Int) -> String = RecordLog.decision) throws {
        let key = try Ed25519PrivateKey(seed: SHA256.hash(Array("test".utf8)).bytes)
        signer = try NoteSigner(name: "example.org/decisions", privateKey: key)
        let tiles = MemoryTiles(signer: signer)
        try tiles.publish(at: [count]) { Array(record($0).utf8) }
        files = tiles.files
    }

    func read(_ path: String) -> [UInt8]? { files[path] }

    func view() throws -> LogView<RecordLog> { try LogView(self, keys: [signer.verifierKey]) }

    /// Ten a second, of three agents; each seventh is denied.
    static func decision(_ index: Int) -> String {
        let time = start + Int64(index) * second / 10
        let isDenied = index % 7 == 6
        let reasons = isDenied ? ",\"reasons\":[{\"code\":\"tool_not_allowed\"}]" : ""
        return """
            {"v":1,"time":"\(Moment.text(time))","decision_id":"\(id(index))",\
            "agent":{"id":"spiffe://acme/agent/\(index % 3)","provenance":"attested"},\
            "trace":{"id":"\(index % 2)"},\
            "action":{"protocol":"mcp","operation":"tools/call","tool":"tool_\(index % 4)",\
            "destination":{"host":"host-\(index % 2).example","internal":false}},\
            "answer":{"action":"\(isDenied ? "deny" : "allow")","allowed":\(!isDenied)\(reasons)}}
            """
    }

    static func id(_ index: Int) -> String {
        let milliseconds = (start + Int64(index) * second / 10) / 1_000_000
        let time = String(milliseconds, radix: 16)
        let digits = String(repeating: "0", count: 12 - time.count) + time
        let number = String(index, radix: 16)
        let end = String(repeating: "0", count: 12 - number.count) + number
        return "\(digits.prefix(8))-\(digits.dropFirst(8))-7000-8000-\(end)"
    }
}
