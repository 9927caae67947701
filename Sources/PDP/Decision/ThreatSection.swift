// SPDX-License-Identifier: Apache-2.0
import RegoVM
import ThreatIntelligence

/// `input.threat`: undefined when no threat lists are loaded.
///
/// `matches` and `severity` are about all parts; a policy that reads `input.threat.destination`
/// alone pays for no more than looking up the destination.
final class ThreatSection: InputSection {
    /// nil when no threat lists are loaded.
    var lookup: ThreatLookup?

    override func value(in arena: Arena) -> Value {
        guard lookup != nil else { return .undefined }
        let builder = CollectionBuilder.object(in: arena, capacity: 3 + ThreatPart.allCases.count)
        func put(_ key: StaticString) {
            builder.insert(.string(key), value(of: .string(key), in: arena))
        }
        put("matches")
        put("severity")
        put("truncated")
        for part in ThreatPart.allCases { put(part.word) }
        return builder.finish()
    }

    override func value(of key: Value, in arena: Arena) -> Value {
        guard let lookup else { return .undefined }
        if key.equals("matches") {
            lookup.lookAtAll()
            return Self.value(lookup.scan, only: nil, arena)
        }
        if key.equals("severity") {
            lookup.lookAtAll()
            return .integer(Int(lookup.scan.severity))
        }
        if key.equals("truncated") {
            lookup.lookAtAll()
            return .boolean(lookup.scan.isCut)
        }
        for part in ThreatPart.allCases where key.equals(part.word) {
            lookup.look(part)
            return Self.value(lookup.scan, only: part, arena)
        }
        return .undefined
    }

    /// Matches as an array, of one part or of all.
    private static func value(_ scan: ThreatScan, only part: ThreatPart?, _ arena: Arena) -> Value {
        let matches = scan.matches
        guard !matches.isEmpty else { return .emptyArray }
        let memory = arena.values(matches.count)
        var count = 0
        for match in matches where part == nil || match.part == part {
            memory[count] = value(match, arena)
            count += 1
        }
        return count == 0 ? .emptyArray : .array(sharing: memory, count: count)
    }

    /// `{"in", "kind", "value", "list", "id", "category", "severity"}`; texts live in the index,
    /// which the loop holds until its next check.
    static func value(_ match: ThreatMatch, _ arena: Arena) -> Value {
        let builder = CollectionBuilder.object(in: arena, capacity: 7)
        builder.insert(.string("in"), .string(match.part.word))
        builder.insert(.string("kind"), .string(match.kind.word))
        builder.insert(.string("value"), .checked(match.value))
        builder.insert(.string("list"), .checked(match.list))
        if !match.id.isEmpty { builder.insert(.string("id"), .checked(match.id)) }
        if !match.category.isEmpty { builder.insert(.string("category"), .checked(match.category)) }
        builder.insert(.string("severity"), .integer(Int(match.severity)))
        return builder.finish()
    }

    /// What a record says of the matches, as JSON; nil when nothing was found or nothing asked.
    func record(in arena: Arena) -> UnsafeBufferPointer<UInt8>? {
        guard let scan = lookup?.scan, !scan.matches.isEmpty else { return nil }
        var output = ByteBuilder(arena)
        output.append("{\"severity\":")
        output.append(Int64(scan.severity))
        output.append(",\"matches\":[")
        var isCut = scan.isCut
        for (index, match) in scan.matches.enumerated() {
            guard output.count < Limits.threatRecordBytes else {
                isCut = true
                break
            }
            if index > 0 { output.append(UInt8(ascii: ",")) }
            JSONWriter.append(Self.value(match, arena), to: &output)
        }
        output.append(isCut ? "],\"truncated\":true}" : "]}")
        return output.bytes
    }
}
