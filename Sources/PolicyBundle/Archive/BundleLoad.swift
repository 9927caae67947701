// SPDX-License-Identifier: Apache-2.0
import Compression

/// Bundles: folders and archives with a manifest.
extension Load {
    static func isArchive(_ path: String) -> Bool {
        path.hasSuffix(".tar.gz") || path.hasSuffix(".tgz")
    }

    mutating func addBundleFolder(
        _ path: String, _ entry: FileTree.Entry
    ) throws(LoadError) {
        let folder = path.hasSuffix("/") ? String(path.dropLast()) : path
        let isSigned = try FileTree.entryIfPresent(folder + "/" + BundleManifest.signatures) != nil
        if !loader.skipsVerification && (isSigned || loader.verification != nil) {
            // What is verified is what is loaded, whatever happens to the folder meanwhile.
            var files: [BundleVerification.File] = []
            try Self.readAll(folder, "", depth: 0, into: &files)
            return try addFiles(files, of: folder)
        }
        var manifest = BundleManifest(bundle: folder)
        let file = folder + "/" + BundleManifest.file
        if try FileTree.entryIfPresent(file) != nil {
            manifest = try BundleManifest(try FileTree.read(file), bundle: folder)
        }
        try own(manifest) { load throws(LoadError) in try load.addFolder(root: folder, entry) }
    }

    /// All files below a folder, hidden ones too.
    private static func readAll(
        _ path: String, _ name: String, depth: Int, into files: inout [BundleVerification.File]
    ) throws(LoadError) {
        guard depth < Limits.folderDepth, files.count < Limits.files else {
            throw LoadError(.tooLarge, path, "expected fewer files and folders in a bundle")
        }
        for part in try FileTree.names(path, hidden: true) {
            let below = path + "/" + part
            let belowName = name.isEmpty ? part : name + "/" + part
            switch try FileTree.entry(below).kind {
            case .folder: try readAll(below, belowName, depth: depth + 1, into: &files)
            case .file: files.append((belowName, try FileTree.read(below)))
            case .other: break
            }
        }
    }

    mutating func addArchive(_ path: String) throws(LoadError) {
        try addFiles(try Self.files(path).map { ($0.name, Array($0.content)) }, of: path)
    }

    private mutating func addFiles(
        _ files: [BundleVerification.File], of path: String
    ) throws(LoadError) {
        var names: Set<String> = []
        for file in files where !names.insert(file.name).inserted {
            throw LoadError(.archive, path, "file `\(file.name)` is there twice")
        }
        try verify(files, path)
        var manifest = BundleManifest(bundle: path)
        if let file = files.first(where: { $0.name == BundleManifest.file }) {
            manifest = try BundleManifest(file.content, bundle: path)
        }
        try own(manifest) { load throws(LoadError) in
            for file in files {
                load.attempt { load throws(LoadError) in
                    try load.addMember(file.name, file.content, of: path)
                }
            }
        }
    }

    private func verify(_ files: [BundleVerification.File], _ path: String) throws(LoadError) {
        if loader.skipsVerification { return }
        if let verification = loader.verification {
            return try verification.verify(files, bundle: path)
        }
        guard !files.contains(where: { $0.name == BundleManifest.signatures }) else {
            throw LoadError(
                .signature, path, "bundle is signed, and there is no key to verify it with")
        }
    }

    private static func files(_ path: String) throws(LoadError) -> [TarReader.File] {
        let archive: [UInt8]
        let compressed = try FileTree.read(path)
        do throws(Gunzip.Failure) {
            archive = try Gunzip.read(compressed, limit: Limits.archiveBytes)
        } catch {
            switch error {
            case .tooLarge(let limit):
                throw LoadError(.tooLarge, path, "expected at most \(limit) bytes, got more")
            case .malformed: throw LoadError(.archive, path, "malformed gzip data")
            case .truncated: throw LoadError(.archive, path, "gzip data ends early")
            case .memory: throw LoadError(.unreadable, path, "out of memory")
            }
        }
        var reader = TarReader(archive)
        var files: [TarReader.File] = []
        do throws(TarReader.Failure) {
            while let file = try reader.next() { files.append(file) }
        } catch {
            throw LoadError(.archive, path, error.message)
        }
        return files
    }

    /// Adds a bundle's files and holds what came against its manifest.
    private mutating func own(
        _ manifest: BundleManifest, _ add: (inout Load) throws(LoadError) -> Void
    ) throws(LoadError) {
        let known = policies.count
        let outer = document.replaceRoot(with: .emptyObject)
        defer { manifests.append(manifest) }
        do throws(LoadError) {
            try add(&self)
        } catch {
            _ = document.replaceRoot(with: outer)
            throw error
        }
        let own = document.replaceRoot(with: outer)
        for policy in policies[known...] {
            attempt { _ throws(LoadError) in try manifest.check(policy) }
        }
        if let path = manifest.foreignPath(in: own) {
            let list = manifest.roots.map { $0.joined(separator: "/") }.joined(separator: " ")
            throw LoadError(
                .manifest, manifest.bundle,
                "manifest roots [\(list)] do not permit "
                    + "data at path `/\(path.joined(separator: "/"))`")
        }
        try document.add(own, from: manifest.bundle)
    }
}
