// SPDX-License-Identifier: Apache-2.0
import Glibc
import RegoVM

/// How bundles must be signed, as `opa sign` does it: `.signatures.json` holds one token whose
/// payload lists the bundle's files with their hashes.
public struct BundleVerification: Sendable {
    public let key: VerificationKey
    /// What the token's claim `scope` must be.
    public var scope: String
    /// Patterns (as of a shell, `*` within one folder) of files that need not be listed.
    public var excluded: [String]

    public init(key: VerificationKey, scope: String = "", excluded: [String] = []) {
        self.key = key
        self.scope = scope
        self.excluded = excluded
    }

    /// A file of a bundle; its name begins at the bundle's root.
    typealias File = (name: String, content: [UInt8])

    /// Holds a bundle's files against its signatures: each file must be listed and have its hash,
    /// and each listed one must be there.
    func verify(_ files: [File], bundle: String) throws(LoadError) {
        let arena = Arena(limit: .max)
        defer { arena.destroy() }
        let list = try listed(files, bundle, arena)
        var missing = Set(list.keys)
        for file in files where file.name != BundleManifest.signatures {
            missing.remove(file.name)
            if isExcluded(file.name) { continue }
            let path = bundle + "/" + file.name
            guard let entry = list[file.name] else {
                throw LoadError(.signature, path, "file is not in the bundle's signatures")
            }
            let algorithm = entry["algorithm"].asString ?? ""
            let hashes = try CanonicalFile.texts(file, path).map {
                SignedToken.hash($0, algorithm: algorithm)
            }
            guard hashes.first != .some(nil) else {
                throw LoadError(.signature, path, "hash algorithm `\(algorithm)` is not accepted")
            }
            guard let expected = entry["hash"].asString?.lowercased(), hashes.contains(expected)
            else {
                throw LoadError(.signature, path, "file differs from the one that was signed")
            }
        }
        if let name = missing.filter({ !isExcluded($0) }).min() {
            throw LoadError(.signature, bundle, "signed file `\(name)` is missing")
        }
    }

    private func isExcluded(_ name: String) -> Bool {
        excluded.contains { fnmatch($0, name, FNM_PATHNAME) == 0 }
    }

    /// The token's list of files by name.
    private func listed(
        _ files: [File], _ bundle: String, _ arena: Arena
    ) throws(LoadError) -> [String: Value] {
        let path = bundle + "/" + BundleManifest.signatures
        guard let file = files.first(where: { $0.name == BundleManifest.signatures }) else {
            throw LoadError(.signature, bundle, "bundle has no `\(BundleManifest.signatures)`")
        }
        guard let signatures = Self.object(file.content, arena) else {
            throw LoadError(.signature, path, "expected a JSON object")
        }
        let plugin = signatures["plugin"].asString ?? ""
        guard plugin.isEmpty || plugin == "_default" else {
            throw LoadError(.signature, path, "verifier plugin `\(plugin)` is not known")
        }
        let tokens = signatures["signatures"]
        guard tokens.kind == .array, tokens.count == 1 else {
            throw LoadError(.signature, path, "expected exactly one token in `signatures`")
        }
        let payload: [UInt8]
        do throws(SignedToken.Failure) {
            payload = try SignedToken.payload(of: tokens.elements[0], signedBy: key)
        } catch {
            throw LoadError(.signature, path, error.message)
        }
        guard let claims = Self.object(payload, arena), claims["files"].kind == .array else {
            throw LoadError(.signature, path, "expected a list of `files` in the token")
        }
        guard (claims["scope"].asString ?? "") == scope else {
            throw LoadError(.signature, path, "token is for another scope than `\(scope)`")
        }
        var list: [String: Value] = [:]
        for entry in claims["files"].elements {
            guard let name = entry["name"].asString else {
                throw LoadError(.signature, path, "expected each of `files` to have a `name`")
            }
            list[name] = entry
        }
        return list
    }

    private static func object(_ text: [UInt8], _ arena: Arena) -> Value? {
        let copy = arena.allocate(UInt8.self, count: max(1, text.count))
        copy.update(from: text, count: text.count)
        let bytes = UnsafeBufferPointer(start: UnsafePointer(copy), count: text.count)
        guard let value = try? JSONReader.read(bytes, into: arena), value.kind == .object else {
            return nil
        }
        return value
    }
}

/// What is hashed of a file: structured ones in one form, whatever their white space.
private enum CanonicalFile {
    static func texts(
        _ file: BundleVerification.File, _ path: String
    ) throws(LoadError) -> [[UInt8]] {
        switch file.name.split(separator: "/").last {
        case "data.json", ".manifest": return [try structured(file.content, false, path)]
        case "data.yaml": return [try structured(file.content, true, path)]
        // Its bytes by some versions of OPA, its document by others.
        case "data.yml": return [file.content, try structured(file.content, true, path)]
        default: return [file.content]
        }
    }

    private static func structured(
        _ text: [UInt8], _ isYAML: Bool, _ path: String
    ) throws(LoadError) -> [UInt8] {
        let arena = Arena(limit: .max)
        defer { arena.destroy() }
        var document: Value?
        if isYAML {
            document = try? YAMLDocument.read(
                String(decoding: text, as: UTF8.self), into: arena,
                interner: StringInterner(arena))
        } else {
            document = text.withUnsafeBufferPointer { try? JSONReader.read($0, into: arena) }
        }
        guard let document else { throw LoadError(.signature, path, "malformed document") }
        var output = ByteBuilder(arena)
        JSONWriter.append(document, to: &output)
        return escaped(Array(output.bytes))
    }

    /// U+2028 and U+2029 are escaped, which is the one thing in which the signer's JSON differs.
    private static func escaped(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            if text[index] == 0xE2, index + 2 < text.count, text[index + 1] == 0x80,
                text[index + 2] == 0xA8 || text[index + 2] == 0xA9
            {
                result += text[index + 2] == 0xA8 ? "\\u2028".utf8 : "\\u2029".utf8
                index += 3
            } else {
                result.append(text[index])
                index += 1
            }
        }
        return result
    }
}
