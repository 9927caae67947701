// SPDX-License-Identifier: Apache-2.0
import RegoCompiler
import RegoVM

/// What a bundle says of itself in `.manifest`.
public struct BundleManifest: Sendable, Equatable {
    /// The file's name in a bundle's root.
    static let file = ".manifest"
    static let signatures = ".signatures.json"

    /// As it was given.
    public var bundle: String
    /// Empty when it has none.
    public var revision = ""
    /// Paths under `data` that the bundle owns, each as its parts; one empty path owns all.
    public var roots: [[String]] = [[]]

    init(bundle: String) { self.bundle = bundle }

    init(_ text: [UInt8], bundle: String) throws(LoadError) {
        self.bundle = bundle
        let file = bundle + "/" + Self.file
        let arena = Arena(limit: .max)
        defer { arena.destroy() }
        let parsed = text.withUnsafeBufferPointer { try? JSONReader.read($0, into: arena) }
        guard let parsed else { throw LoadError(.malformedJSON, file, "malformed JSON") }
        guard parsed.kind == .object else {
            throw LoadError(.manifest, file, "expected an object, got \(parsed.typeName)")
        }
        for (key, value) in zip(parsed.keys, parsed.values) {
            switch key.asString {
            case "revision":
                guard let revision = value.asString else {
                    throw LoadError(.manifest, file, "expected `revision` to be a string")
                }
                self.revision = revision
            case "roots": roots = try Self.roots(value, file)
            default: break
            }
        }
    }

    private static func roots(_ value: Value, _ file: String) throws(LoadError) -> [[String]] {
        guard value.kind == .array else {
            throw LoadError(.manifest, file, "expected `roots` to be an array of strings")
        }
        var roots: [[String]] = []
        for element in value.elements {
            guard let root = element.asString else {
                throw LoadError(.manifest, file, "expected `roots` to be an array of strings")
            }
            roots.append(root.split(separator: "/").map(String.init))
        }
        for (index, root) in roots.enumerated() {
            for other in roots[..<index] where root.starts(with: other) || other.starts(with: root)
            {
                throw LoadError(
                    .manifest, file,
                    "roots `\(root.joined(separator: "/"))` and `\(other.joined(separator: "/"))` "
                        + "overlap")
            }
        }
        return roots
    }

    /// True when the bundle owns `path`, a package's for example.
    func owns(_ path: [String]) -> Bool { roots.contains { path.starts(with: $0) } }

    /// A path at which the bundle has data that it does not own.
    func foreignPath(in value: Value, at path: [String] = []) -> [String]? {
        if owns(path) { return nil }
        // A root may lie deeper.
        guard value.kind == .object, roots.contains(where: { $0.starts(with: path) }) else {
            return path
        }
        for (key, below) in zip(value.keys, value.values) {
            if let foreign = foreignPath(in: below, at: path + [key.asString ?? ""]) {
                return foreign
            }
        }
        return nil
    }

    /// Refuses a module whose package lies outside of the roots. What cannot be parsed is reported
    /// when it is compiled.
    func check(_ source: Source) throws(LoadError) {
        guard !owns([]) else { return }
        let module =
            (try? Parser.parse(source, file: 0))
            ?? (try? Parser.parse(source, file: 0, version: .v0))
        guard let module, !owns(module.package) else { return }
        let list = roots.map { $0.joined(separator: "/") }.joined(separator: " ")
        throw LoadError(
            .manifest, source.name,
            "manifest roots [\(list)] do not permit "
                + "package `\(module.package.joined(separator: "."))`")
    }
}
