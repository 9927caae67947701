// SPDX-License-Identifier: Apache-2.0
import Cryptography
import Platform
import RegoCompiler
import RegoVM

/// Policies and data as they were loaded, before compilation.
public struct PolicySources {
    /// In the order of their names.
    public var policies: [Source]
    /// The base document `data`, which lives as long as `memory`.
    public var data: Value
    public let memory: DataMemory
    /// `sha256:` and the hash over the names and contents of all files: equal for equal files, in
    /// whatever folder they lie.
    public let revision: String
    /// What the bundles among them say of themselves.
    public var manifests: [BundleManifest] = []
}

/// Loads policies and data from files and folders, as OPA does with `--data`.
public struct PolicyLoader {
    /// Load `*_test.rego` too.
    public var includesTests = false

    /// How bundles must be signed. A signed bundle is refused where this is nil: nobody can tell
    /// then whether it is what was signed.
    public var verification: BundleVerification?
    /// Take signed bundles without a look at their signatures.
    public var skipsVerification = false

    public init() {}

    /// Loads all of `paths` and `bundles`.
    ///
    /// A folder's data files, all its JSON and YAML files, are placed under the path of the folder
    /// that they lie in, below the folder given; a file that is given itself at the root, or under
    /// the prefix in `a.b:file.json`. A bundle is a folder or a `.tar.gz` file: of its data only
    /// `data.json`, `data.yaml` and `data.yml` are read, and `.manifest` says what it may hold. A
    /// `.tar.gz` file among `paths` is a bundle too.
    ///
    /// - Throws: all that is wrong, sorted by file.
    public func load(
        _ paths: [String], bundles: [String] = []
    ) throws(LoadFailure) -> PolicySources {
        var load = Load(loader: self)
        for path in paths { load.addArgument(path) }
        for bundle in bundles { load.addBundle(bundle) }
        guard load.errors.isEmpty else {
            throw LoadFailure(load.errors.sorted { $0.file < $1.file })
        }
        load.policies.sort { $0.name < $1.name }
        return PolicySources(
            policies: load.policies, data: load.document.root, memory: load.document.memory,
            revision: load.revision, manifests: load.manifests)
    }
}

/// One load in progress.
struct Load {
    let loader: PolicyLoader
    let document = DataDocument()
    var policies: [Source] = []
    var errors: [LoadError] = []
    var manifests: [BundleManifest] = []
    private var contents: [(name: String, digest: Digest)] = []
    private var totalBytes = 0
    private var seen: Set<FileIdentity> = []
    /// Data files have a name of their own there.
    private var isInBundle = false

    init(loader: PolicyLoader) { self.loader = loader }

    mutating func addArgument(_ argument: String) {
        var (prefix, path) = Self.split(argument)
        if path.hasPrefix("file://") { path.removeFirst("file://".count) }
        while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
        attempt { load throws(LoadError) in
            let entry = try FileTree.entry(path)
            switch entry.kind {
            case .folder: try load.addFolder(path, entry, name: "", at: prefix, above: [])
            case .file where Self.isArchive(path):
                try load.inBundle { load throws(LoadError) in try load.addArchive(path) }
            case .file:
                try load.addFile(path, entry, name: Self.lastPart(path), at: prefix, isGiven: true)
            case .other: throw LoadError(.unreadable, path, "expected a file or folder")
            }
        }
    }

    /// `a.b:path`; a path with a colon but no dotted prefix that could be one is left alone.
    private static func split(_ argument: String) -> (prefix: [String], path: String) {
        guard let colon = argument.firstIndex(of: ":"), !argument.hasPrefix("file:"),
            !argument[..<colon].contains("/"), argument[..<colon] != ""
        else { return ([], argument) }
        let parts = argument[..<colon].split(separator: ".").map(String.init)
        return (
            parts.first == "data" ? Array(parts.dropFirst()) : parts,
            String(argument[argument.index(after: colon)...])
        )
    }

    private static func lastPart(_ path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    /// One file's error does not hide another's.
    mutating func attempt(_ body: (inout Load) throws(LoadError) -> Void) {
        do throws(LoadError) {
            try body(&self)
        } catch {
            errors.append(error)
        }
    }

    /// - Parameters:
    ///   - name: the path below the folder that was given.
    ///   - above: the folders around it, so that a link to one of them is no endless descent.
    private mutating func addFolder(
        _ path: String, _ folder: FileTree.Entry, name: String, at place: [String],
        above: [FileIdentity]
    ) throws(LoadError) {
        guard above.count < Limits.folderDepth else {
            throw LoadError(.tooLarge, path, "nested deeper than \(Limits.folderDepth) folders")
        }
        guard !above.contains(folder.identity) else {
            throw LoadError(.unreadable, path, "links to a folder that holds it")
        }
        for part in try FileTree.names(path) {
            let below = path + "/" + part
            let belowName = name.isEmpty ? part : name + "/" + part
            attempt { load throws(LoadError) in
                let entry = try FileTree.entry(below)
                switch entry.kind {
                case .folder:
                    try load.addFolder(
                        below, entry, name: belowName, at: place + [part],
                        above: above + [folder.identity])
                case .file:
                    try load.addFile(below, entry, name: belowName, at: place, isGiven: false)
                case .other: break
                }
            }
        }
    }

    private enum FileType {
        case policy
        case json
        case yaml
    }

    private func type(of file: String, isGiven: Bool) -> FileType? {
        let name = Self.lastPart(file)
        let isTest = name.hasSuffix("_test.rego")
        if name.hasSuffix(".rego") {
            return isGiven || loader.includesTests || !isTest ? .policy : nil
        }
        let isWanted = isGiven || !isInBundle
        if isWanted ? name.hasSuffix(".json") : name == "data.json" { return .json }
        let isYAML = name.hasSuffix(".yaml") || name.hasSuffix(".yml")
        return (isWanted ? isYAML : name == "data.yaml" || name == "data.yml") ? .yaml : nil
    }

    private mutating func addFile(
        _ path: String, _ entry: FileTree.Entry, name: String, at place: [String], isGiven: Bool
    ) throws(LoadError) {
        guard let type = type(of: path, isGiven: isGiven) else {
            guard isGiven else { return }
            throw LoadError(
                .unknownType, path, "expected a name that ends with .rego, .json, .yaml or .yml")
        }
        // The same file by two ways is one file.
        guard seen.insert(entry.identity).inserted else { return }
        guard seen.count <= Limits.files else {
            throw LoadError(.tooLarge, path, "expected at most \(Limits.files) files, got more")
        }
        try add(try FileTree.read(path), type, path, name: name, at: place)
    }

    private mutating func add(
        _ bytes: [UInt8], _ type: FileType, _ path: String, name: String, at place: [String]
    ) throws(LoadError) {
        totalBytes += bytes.count
        guard totalBytes <= Limits.totalBytes else {
            throw LoadError(
                .tooLarge, path, "expected at most \(Limits.totalBytes) bytes in all, got more")
        }
        contents.append((name, SHA256.hash(bytes)))
        guard type == .policy else {
            return try document.add(bytes, isYAML: type == .yaml, at: place, file: path)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw LoadError(.encoding, path, "expected UTF-8")
        }
        policies.append(Source(name: path, text: text))
    }

    /// A folder with only a bundle's files, or an archive.
    mutating func addBundle(_ path: String) {
        attempt { load throws(LoadError) in
            let entry = try FileTree.entry(path)
            try load.inBundle { load throws(LoadError) in
                switch entry.kind {
                case .folder: try load.addBundleFolder(path, entry)
                case .file: try load.addArchive(path)
                case .other: throw LoadError(.unreadable, path, "expected a file or folder")
                }
            }
        }
    }

    private mutating func inBundle(
        _ add: (inout Load) throws(LoadError) -> Void
    ) throws(LoadError) {
        isInBundle = true
        defer { isInBundle = false }
        try add(&self)
    }

    mutating func addFolder(root path: String, _ entry: FileTree.Entry) throws(LoadError) {
        try addFolder(path, entry, name: "", at: [], above: [])
    }

    /// A file of an archive, which only has a bundle's files. Its name stands below the archive's.
    mutating func addMember(_ name: String, _ bytes: [UInt8], of archive: String) throws(LoadError)
    {
        guard let type = type(of: name, isGiven: false) else { return }
        let folders = name.split(separator: "/").dropLast().map(String.init)
        try add(bytes, type, archive + "/" + name, name: name, at: folders)
    }

    /// Hashes name, zero byte and content hash of each file, in the order of the names.
    var revision: String {
        var text: [UInt8] = []
        for (name, digest) in contents.sorted(by: { $0.name < $1.name }) {
            text += Array(name.utf8) + [0]
            digest.withUnsafeBytes { text += Array($0) }
        }
        let digits = SHA256.hash(text).withUnsafeBytes { bytes in
            bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        }
        return "sha256:" + digits
    }
}
