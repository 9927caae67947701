// SPDX-License-Identifier: Apache-2.0
import Authorization
import Glibc
import RegoVM

/// Compares an answer that was made again with the recorded one.
///
/// Both are JSON of the same writer, so equal bytes are equal answers, which is nearly always
/// enough. Otherwise both are read, and told apart part by part.
struct ReplayComparison {
    private static let keys: [StaticString] = [
        "answer", "approval", "mutations", "labels", "restrictions",
    ]

    let arena: Arena

    /// - Parameters:
    ///   - record: the whole record.
    ///   - outcome: as `RecordWriter.encodeOutcome` made it.
    /// - Returns: names of the parts that differ; none when the answers are equal.
    func differences(_ record: UnsafeRawBufferPointer, _ outcome: Bytes) -> [String] {
        if Self.isSame(record, outcome) { return [] }
        let again = Self.object(outcome)
        return again.withUnsafeBytes { again in
            guard let recorded = read(record), let again = read(again) else { return ["answer"] }
            return Self.keys.filter { !isEqual(recorded, again, $0) }.map(\.description)
        }
    }

    private static func object(_ members: Bytes) -> [UInt8] {
        [UInt8(ascii: "{")] + Array(members.buffer) + [UInt8(ascii: "}")]
    }

    private func read(_ text: UnsafeRawBufferPointer) -> Value? {
        try? JSONReader.read(text.bindMemory(to: UInt8.self), into: arena)
    }

    private func isEqual(_ recorded: Value, _ again: Value, _ key: StaticString) -> Bool {
        if key.description == "approval" {
            // Who asks again for an approval gets another id.
            return recorded[key]["state"].isEqual(to: again[key]["state"])
        }
        guard key.description == "mutations", recorded["approval"].isDefined else {
            return recorded[key].isEqual(to: again[key])
        }
        // The body names the approval's id.
        return without(recorded[key]).isEqual(to: without(again[key]))
    }

    private func without(_ mutations: Value) -> Value {
        let rest = CollectionBuilder.object(in: arena)
        for (index, key) in mutations.keys.enumerated() where !key.equals("body") {
            rest.insert(key, mutations.values[index])
        }
        return rest.finish()
    }

    /// Whether the record has exactly these members. A text that looks like a key cannot stand
    /// inside a JSON string, whose quotes are escaped.
    private static func isSame(_ record: UnsafeRawBufferPointer, _ outcome: Bytes) -> Bool {
        guard let base = record.baseAddress, let expected = outcome.start,
            let start = answer(in: Bytes(record))
        else { return false }
        let end = start + outcome.count
        guard end < record.count, memcmp(base + start, expected, outcome.count) == 0 else {
            return false
        }
        let rest = Bytes(UnsafeRawBufferPointer(rebasing: record[end...]))
        if rest.equals("}") { return true }
        for key in keys.dropFirst() {
            let text = ",\"" + key.description + "\":"
            if rest.count >= text.utf8.count, rest.buffer.starts(with: text.utf8) { return false }
        }
        return rest[0] == UInt8(ascii: ",")
    }

    /// Where the answer begins.
    private static func answer(in record: Bytes) -> Int? {
        let key: StaticString = "\"answer\":{"
        let length = key.utf8CodeUnitCount
        guard let base = record.start else { return nil }
        var place = 0
        while place + length <= record.count {
            guard let found = memchr(base + place, 0x22, record.count - place) else { return nil }
            place = UnsafeRawPointer(base).distance(to: UnsafeRawPointer(found))
            guard place + length <= record.count else { return nil }
            if record[place..<(place + length)].equals(key) { return place }
            place += 1
        }
        return nil
    }
}
