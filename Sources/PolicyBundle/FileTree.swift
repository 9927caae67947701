// SPDX-License-Identifier: Apache-2.0
import Glibc
import Platform

/// Finds and reads files.
struct FileTree {
    enum Kind {
        case file
        case folder
        case other
    }

    /// What lies at a path; symbolic links are followed.
    struct Entry {
        let kind: Kind
        let size: Int
        let identity: FileIdentity
    }

    /// Nil when nothing lies there. What cannot be looked at is not absent: it throws.
    static func entryIfPresent(_ path: String) throws(LoadError) -> Entry? {
        do {
            return try entry(path)
        } catch let error where error.code == .notFound {
            return nil
        }
    }

    static func entry(_ path: String) throws(LoadError) -> Entry {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw LoadError(errno == ENOENT ? .notFound : .unreadable, path, reason(errno))
        }
        let kind: Kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .folder
            default: .other
            }
        return Entry(kind: kind, size: Int(status.st_size), identity: FileIdentity(status))
    }

    /// Names in a folder, sorted; those that begin with a dot are left out (editors' files, and
    /// the machinery of Kubernetes' volumes).
    /// - Parameter hidden: with those that begin with one dot.
    static func names(_ path: String, hidden: Bool = false) throws(LoadError) -> [String] {
        guard let folder = opendir(path) else { throw LoadError(.unreadable, path, reason(errno)) }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            let isShown = hidden ? name != "." && !name.hasPrefix("..") : !name.hasPrefix(".")
            if isShown { names.append(name) }
        }
        return names.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
    }

    static func read(_ path: String) throws(LoadError) -> [UInt8] {
        guard let file = fopen(path, "r") else { throw LoadError(.unreadable, path, reason(errno)) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = 64 << 10
        while true {
            let part = [UInt8](unsafeUninitializedCapacity: chunk) { buffer, count in
                count = fread(buffer.baseAddress, 1, buffer.count, file)
            }
            if part.isEmpty { break }
            bytes += part
            guard bytes.count <= Limits.fileBytes else {
                throw LoadError(
                    .tooLarge, path, "expected at most \(Limits.fileBytes) bytes, got more")
            }
            chunk = min(chunk * 2, 8 << 20)
        }
        guard ferror(file) == 0 else { throw LoadError(.unreadable, path, "cannot be read") }
        return bytes
    }

    private static func reason(_ number: Int32) -> String {
        String(cString: strerror(number)).lowercased()
    }
}
