// SPDX-License-Identifier: Apache-2.0
import RegoVM

/// The members of a JSON body, each asked for by name; every fault is told at once.
///
/// Strict: one object, no key twice, none that is not known, no value out of its bounds.
struct BodyFields {
    private let object: Value
    private var asked: [String] = []
    private var faults: [(pointer: String, detail: String)] = []

    /// Reads `body` and lets `read` ask for its members.
    static func read<Result>(
        _ body: [UInt8], _ read: (inout BodyFields) -> Result
    ) throws(Problem) -> Result {
        let arena = Arena(chunk: 4096, limit: Limits.valueBytes)
        defer { arena.destroy() }
        let outcome = body.withUnsafeBufferPointer { text in
            Swift.Result { () throws(Problem) in
                var fields = BodyFields(try parse(text, arena))
                let result = read(&fields)
                try fields.finish()
                return result
            }
        }
        return try outcome.get()
    }

    /// The same for a body that may be empty.
    static func readOptional<Result>(
        _ body: [UInt8], _ read: (inout BodyFields) -> Result
    ) throws(Problem) -> Result {
        try Self.read(body.isEmpty ? Array("{}".utf8) : body, read)
    }

    private init(_ object: Value) { self.object = object }

    private static func parse(
        _ text: UnsafeBufferPointer<UInt8>, _ arena: Arena
    ) throws(Problem) -> Value {
        var reader = JSONReader(text, arena: arena)
        let value: Value
        do throws(JSONReader.Failure) {
            value = try reader.document()
        } catch {
            throw .invalid(error.code.rawValue, "the body is no JSON at byte \(error.offset)")
        }
        guard !arena.isExhausted else { throw .bodyTooLarge }
        guard !reader.hasDuplicateKeys else {
            throw .invalid("json_duplicate_key", "a key of the body occurs twice")
        }
        guard value.kind == .object else {
            throw .invalid("invalid_body", "expected an object, got \(value.typeName)")
        }
        return value
    }

    // MARK: Asking

    /// A text of 1 to `limit` bytes without control characters.
    mutating func text(_ name: String, _ limit: Int) -> String {
        guard let text = optionalText(name, limit) else {
            if !hasFault(name) { fault(name, "expected a string, got nothing") }
            return ""
        }
        if text.isEmpty { fault(name, "expected a string that is not empty") }
        return text
    }

    /// Nil when it is absent.
    mutating func optionalText(_ name: String, _ limit: Int) -> String? {
        let value = value(name)
        guard value.isDefined else { return nil }
        guard let text = value.asString else {
            fault(name, "expected a string, got \(value.typeName)")
            return nil
        }
        guard text.utf8.count <= limit else {
            fault(name, "expected at most \(limit) bytes, got \(text.utf8.count)")
            return nil
        }
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            fault(name, "expected no control characters")
            return nil
        }
        return text
    }

    mutating func integer(_ name: String, _ range: ClosedRange<Int64>) -> Int64 {
        let value = value(name)
        guard let number = Self.integer(value), range.contains(number) else {
            let got = value.isDefined ? "\(value.isNumber ? "\(value)" : "\(value.typeName)")" : ""
            fault(
                name,
                "expected an integer from \(range.lowerBound) to \(range.upperBound), "
                    + "got \(got.isEmpty ? "nothing" : got)")
            return range.lowerBound
        }
        return number
    }

    /// Also `60.0` and `6e1`: JSON Schema has them for integers.
    private static func integer(_ value: Value) -> Int64? {
        guard value.isNumber else { return nil }
        return value.asInteger ?? Double("\(value)").flatMap { Int64(exactly: $0) }
    }

    /// Says that a member does not have the form it must have.
    mutating func fault(_ name: String, _ detail: String) {
        faults.append(("/" + name, detail))
    }

    private func hasFault(_ name: String) -> Bool { faults.contains { $0.pointer == "/" + name } }

    private mutating func value(_ name: String) -> Value {
        asked.append(name)
        for (key, value) in zip(object.keys, object.values) where key.asString == name {
            return value
        }
        return .undefined
    }

    private mutating func finish() throws(Problem) {
        for key in object.keys {
            let name = key.asString ?? ""
            if !asked.contains(name) {
                let shown = name.utf8.count <= Limits.nameBytes ? name : "..."
                fault(
                    Self.pointerToken(shown),
                    "unknown member, known are "
                        + asked.map { "`\($0)`" }.joined(separator: ", "))
            }
        }
        guard let first = faults.first else { return }
        var problem = Problem.invalid(
            "invalid_body", "`\(first.pointer.dropFirst())`: \(first.detail)")
        problem.errors = faults
        throw problem
    }

    /// RFC 6901 section 3.
    private static func pointerToken(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "~": result += "~0"
            case "/": result += "~1"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
