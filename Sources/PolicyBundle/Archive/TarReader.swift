// SPDX-License-Identifier: Apache-2.0

/// Reads the files of a tar archive (POSIX.1-2001 ustar and pax, GNU long names).
///
/// Nothing is ever written to a disk; still a name that would leave the archive's root, a link or a
/// device is an error, so that no archive means different things to different readers.
struct TarReader {
    struct Failure: Error, Equatable {
        let message: String
    }

    struct File {
        /// Parts joined by `/`, without a leading `/` or `./`.
        let name: String
        let content: ArraySlice<UInt8>
    }

    private static let block = 512

    private let archive: [UInt8]
    private var offset = 0
    /// The name that an extended header gives to the next entry.
    private var longName: String?
    private var entries = 0

    init(_ archive: [UInt8]) { self.archive = archive }

    /// The next file; nil at the archive's end.
    mutating func next() throws(Failure) -> File? {
        while let header = try nextHeader() {
            entries += 1
            guard entries <= Limits.files else {
                throw Failure(message: "expected at most \(Limits.files) entries, got more")
            }
            let content = try content(size: try number(header, 124, 12))
            switch header[header.startIndex + 156] {
            case UInt8(ascii: "0"), 0:
                let name = try Self.checked(takeName(header))
                if !name.isEmpty { return File(name: name, content: content) }
            case UInt8(ascii: "5"): _ = try Self.checked(takeName(header))
            case UInt8(ascii: "x"): longName = try paxPath(content) ?? longName
            case UInt8(ascii: "g"): break
            case UInt8(ascii: "L"): longName = Self.text(content)
            default:
                let name = takeName(header)
                throw Failure(message: "expected files and folders, got a link or device `\(name)`")
            }
        }
        return nil
    }

    private mutating func nextHeader() throws(Failure) -> ArraySlice<UInt8>? {
        // Some writers leave out the two empty blocks at the end.
        guard offset < archive.count else { return nil }
        guard archive.count - offset >= Self.block else {
            throw Failure(message: "archive ends within a header")
        }
        let header = archive[offset..<offset + Self.block]
        offset += Self.block
        guard header.contains(where: { $0 != 0 }) else { return nil }
        // The sum counts its own field as spaces.
        var sum = 8 * Int(UInt8(ascii: " "))
        for (index, byte) in header.enumerated() where !(148..<156).contains(index) {
            sum += Int(byte)
        }
        guard try number(header, 148, 8) == sum else {
            throw Failure(message: "header with a wrong checksum")
        }
        return header
    }

    private mutating func content(size: Int) throws(Failure) -> ArraySlice<UInt8> {
        guard size <= Limits.fileBytes else {
            throw Failure(
                message: "expected at most \(Limits.fileBytes) bytes in a file, got \(size)")
        }
        guard size <= archive.count - offset else {
            throw Failure(message: "archive ends within a file")
        }
        let content = archive[offset..<offset + size]
        let padded = (size + Self.block - 1) / Self.block * Self.block
        offset = min(archive.count, offset + padded)
        return content
    }

    /// An octal number with spaces or zero bytes around it.
    private func number(
        _ header: ArraySlice<UInt8>, _ start: Int, _ length: Int
    ) throws(Failure) -> Int {
        var value = 0
        var hasEnded = false
        for byte in header.dropFirst(start).prefix(length) {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "7") where !hasEnded:
                value = value * 8 + Int(byte - UInt8(ascii: "0"))
            case UInt8(ascii: " ") where value == 0 && !hasEnded: break
            case 0, UInt8(ascii: " "): hasEnded = true
            default: throw Failure(message: "header with a malformed number")
            }
        }
        return value
    }

    private mutating func takeName(_ header: ArraySlice<UInt8>) -> String {
        defer { longName = nil }
        if let longName { return longName }
        let name = Self.text(header.prefix(100))
        let isPOSIX = header.dropFirst(257).prefix(6).elementsEqual("ustar\0".utf8)
        let prefix = isPOSIX ? Self.text(header.dropFirst(345).prefix(155)) : ""
        return prefix.isEmpty ? name : prefix + "/" + name
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// The path in a pax header: records `LENGTH KEY=VALUE\n`, the length with all of it.
    private func paxPath(_ content: ArraySlice<UInt8>) throws(Failure) -> String? {
        var rest = content
        var path: String?
        while !rest.isEmpty {
            let digits = rest.prefix { $0 != UInt8(ascii: " ") }
            guard let length = Int(String(decoding: digits, as: UTF8.self)),
                length > digits.count + 2, length <= rest.count
            else { throw Failure(message: "malformed extended header") }
            let record = rest.prefix(length).dropFirst(digits.count + 1).dropLast()
            if record.starts(with: "path=".utf8) { path = Self.text(record.dropFirst(5)) }
            if record.starts(with: "size=".utf8) {
                throw Failure(message: "expected sizes in headers, got an extended one")
            }
            rest = rest.dropFirst(length)
        }
        return path
    }

    /// A name without empty parts and `.`; an error for one that leads upwards.
    private static func checked(_ name: String) throws(Failure) -> String {
        let parts = name.split(separator: "/").filter { $0 != "." }
        guard !parts.contains("..") else {
            throw Failure(message: "name `\(name)` leads out of the archive")
        }
        return parts.joined(separator: "/")
    }
}
