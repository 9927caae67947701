// SPDX-License-Identifier: Apache-2.0

/// Comma-separated values (RFC 4180), with the names of the columns in the first line.
extension ThreatListReader {
    mutating func readTable(_ text: ArraySlice<UInt8>) {
        var table = TableRows(text)
        guard let header = table.next() else { return }
        let names = header.fields.map { String(decoding: $0, as: UTF8.self).lowercased() }
        guard let place = names.firstIndex(of: "value") else {
            return reject(
                header.line, "expected a column `value` in the first line",
                hint: "others are `kind`, `severity`, `category` and `id`")
        }
        let kindPlace = names.firstIndex(of: "kind")
        while isReadable, let row = table.next() {
            if row.fields.count == 1, row.fields[0].isEmpty { continue }
            guard row.fields.count == names.count else {
                reject(
                    row.line, "expected \(names.count) fields, got \(row.fields.count)")
                continue
            }
            readRow(row, names, place, kindPlace)
        }
        if let line = table.unclosed { reject(line, "the quote is never closed") }
    }

    private mutating func readRow(
        _ row: TableRows.Row, _ names: [String], _ place: Int, _ kindPlace: Int?
    ) {
        var kind = options.kind
        if let kindPlace, !row.fields[kindPlace].isEmpty {
            let word = String(decoding: row.fields[kindPlace], as: UTF8.self)
            kind = ThreatKind.allCases.first { "\($0.word)" == word }
            guard kind != nil else {
                let words = ThreatKind.allCases.map { "`\($0.word)`" }.joined(separator: ", ")
                return reject(row.line, "expected a kind among \(words), got `\(word)`")
            }
        }
        guard var entry = parse(row.fields[place][...].trimmed, kind: kind, row.line) else {
            return
        }
        for (index, name) in names.enumerated()
        where ["severity", "category", "id"].contains(name) && !row.fields[index].isEmpty {
            guard set(name, row.fields[index][...].trimmed, &entry, row.line) else { return }
        }
        add(entry)
    }
}

/// Rows of a table, one after the other.
private struct TableRows {
    struct Row {
        /// The line on which it begins, counted from 1.
        let line: Int
        let fields: [[UInt8]]
    }

    private var rest: ArraySlice<UInt8>
    private var line = 1
    /// The line of a quote that the text never closes.
    private(set) var unclosed: Int?

    init(_ text: ArraySlice<UInt8>) { rest = text }

    mutating func next() -> Row? {
        guard !rest.isEmpty else { return nil }
        let first = line
        var fields: [[UInt8]] = []
        var field: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\"") where field.isEmpty: field = quoted()
            case UInt8(ascii: ","):
                fields.append(field)
                field = []
            case UInt8(ascii: "\r"): continue
            case UInt8(ascii: "\n"):
                line += 1
                return Row(line: first, fields: fields + [field])
            default: field.append(byte)
            }
        }
        return Row(line: first, fields: fields + [field])
    }

    /// What stands up to the closing quote; two quotes are one.
    private mutating func quoted() -> [UInt8] {
        let first = line
        var field: [UInt8] = []
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\n") { line += 1 }
            if byte != UInt8(ascii: "\"") {
                field.append(byte)
            } else if rest.first == byte {
                field.append(byte)
                rest.removeFirst()
            } else {
                return field
            }
        }
        unclosed = first
        return field
    }
}
