// SPDX-License-Identifier: Apache-2.0

/// Reads one threat list from the bytes of its file.
///
/// Lines are entries; `#` begins a comment. An entry may say more of itself:
///
///     evil.example severity=90 category=phishing id=FEED-17
///     203.0.113.0/24
///     0.0.0.0 tracker.example ads.example        # as in a hosts file
///
/// In lists of kind `text` the whole line is the pattern, up to a tab:
///
///     ignore all previous instructions<TAB>severity=80
///
/// A file whose first line names columns (`value`, and any of `kind`, `severity`, `category`,
/// `id`) is CSV (RFC 4180); columns of other names are skipped.
public struct ThreatListReader {
    public enum Format: String, Sendable, CaseIterable {
        case lines
        case csv
    }

    /// What holds for entries that do not say otherwise.
    public struct Options: Sendable, Equatable {
        /// nil tells domains, addresses, ranges and hashes apart by their form.
        public var kind: ThreatKind?
        /// 0 to 100.
        public var severity: UInt8 = 70
        public var category = ""
        public var format = Format.lines

        public init() {}
    }

    let file: String
    let options: Options
    private let category: [UInt8]
    private(set) var entries: [ThreatEntry] = []
    private var errors: [ThreatListError] = []

    private init(_ file: String, _ options: Options) {
        self.file = file
        self.options = options
        category = Array(options.category.utf8)
    }

    /// - Parameter file: its name in errors.
    public static func read(
        _ bytes: [UInt8], file: String, name: String, _ options: Options
    ) throws(ThreatListFailure) -> ThreatList {
        var reader = ThreatListReader(file, options)
        guard bytes.count <= Limits.fileBytes else {
            let message = "expected at most \(Limits.fileBytes) bytes, got \(bytes.count)"
            throw ThreatListFailure([ThreatListError(file: file, line: 0, message: message)])
        }
        var text = bytes[...]
        if text.starts(with: [0xEF, 0xBB, 0xBF]) { text.removeFirst(3) }
        switch options.format {
        case .lines: reader.readLines(text)
        case .csv: reader.readTable(text)
        }
        guard reader.errors.isEmpty else { throw ThreatListFailure(reader.errors) }
        return ThreatList(name: name, entries: reader.entries)
    }

    /// False when it is no use to go on.
    var isReadable: Bool { errors.count < Limits.errors && entries.count <= Limits.entries }

    mutating func reject(_ line: Int, _ message: String, hint: String? = nil) {
        guard errors.count < Limits.errors else { return }
        errors.append(ThreatListError(file: file, line: line, message: message, hint: hint))
    }

    /// An entry with what the options say.
    func entry(_ kind: ThreatKind, _ value: [UInt8]) -> ThreatEntry {
        var entry = ThreatEntry(kind: kind, value: value, severity: options.severity)
        entry.category = category
        return entry
    }

    mutating func add(_ entry: ThreatEntry) { entries.append(entry) }

    // MARK: Lines

    private mutating func readLines(_ text: ArraySlice<UInt8>) {
        var number = 0
        for line in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            guard isReadable else { return }
            let line = line.trimmed
            guard let first = line.first, first != UInt8(ascii: "#") else { continue }
            if options.kind == .text {
                readFields(line.split(separator: UInt8(ascii: "\t")), number)
            } else {
                readFields(line.withoutComment.split(whereSeparator: \.isBlank), number)
            }
        }
    }

    private mutating func readFields(_ fields: [ArraySlice<UInt8>], _ line: Int) {
        guard let value = fields.first?.trimmed else { return }
        if options.kind != .text, fields.count > 1, !fields[1].contains(UInt8(ascii: "=")),
            ThreatValue.isAddress(value)
        {
            return readHosts(fields.dropFirst(), line)
        }
        guard var entry = parse(value, kind: options.kind, line) else { return }
        for field in fields.dropFirst() {
            let parts = field.trimmed.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else {
                return reject(line, "expected `name=value`, got `\(field.text)`")
            }
            guard set(parts[0].text, parts[1], &entry, line) else { return }
        }
        add(entry)
    }

    /// `0.0.0.0 name name`; the address is where the hosts file sends them, and says nothing. A
    /// hosts file's own names (`localhost`, `broadcasthost`) have one label.
    private mutating func readHosts(_ names: ArraySlice<ArraySlice<UInt8>>, _ line: Int) {
        for name in names where name.contains(UInt8(ascii: ".")) && !ThreatValue.isAddress(name) {
            if let entry = parse(name, kind: .domain, line) { add(entry) }
        }
    }

    // MARK: Entries

    /// An entry from its value; nil, and an error, when it cannot be one.
    mutating func parse(_ value: ArraySlice<UInt8>, kind: ThreatKind?, _ line: Int)
        -> ThreatEntry?
    {
        switch ThreatValue.parse(value, kind: kind) {
        case .success(let parsed): return entry(parsed.kind, parsed.value)
        case .failure(let problem):
            reject(line, problem.message, hint: problem.hint)
            return nil
        }
    }

    /// Sets one of an entry's other parts.
    ///
    /// - Returns: false, and an error, when it cannot be.
    mutating func set(
        _ name: String, _ value: ArraySlice<UInt8>, _ entry: inout ThreatEntry, _ line: Int
    ) -> Bool {
        switch name {
        case "severity":
            guard let number = UInt8(value.text), number <= 100 else {
                reject(line, "expected a severity from 0 to 100, got `\(value.text)`")
                return false
            }
            entry.severity = number
        case "id", "category":
            guard value.count <= Limits.nameBytes, value.isText else {
                reject(line, "expected at most \(Limits.nameBytes) bytes of text as `\(name)`")
                return false
            }
            if name == "id" { entry.id = Array(value) } else { entry.category = Array(value) }
        default:
            reject(
                line, "unknown name `\(name)`", hint: "known are `severity`, `category` and `id`")
            return false
        }
        return true
    }
}

extension ArraySlice<UInt8> {
    var text: String { String(decoding: prefix(80), as: UTF8.self) }

    /// UTF-8 without control characters.
    var isText: Bool {
        allSatisfy { $0 >= 0x20 && $0 != 0x7F } && String(validating: self, as: UTF8.self) != nil
    }

    /// Without blanks at its ends.
    var trimmed: ArraySlice<UInt8> {
        var slice = self
        while let first = slice.first, first.isBlank { slice.removeFirst() }
        while let last = slice.last, last.isBlank { slice.removeLast() }
        return slice
    }

    /// Up to a `#` that follows a blank.
    var withoutComment: ArraySlice<UInt8> {
        for index in indices.dropFirst()
        where self[index] == UInt8(ascii: "#") && self[index - 1].isBlank {
            return self[startIndex..<index]
        }
        return self
    }
}

extension UInt8 {
    var isBlank: Bool { self == 0x20 || self == 0x09 || self == 0x0D }
}
