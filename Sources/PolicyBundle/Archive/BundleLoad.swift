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
        try refuseVerification(path)
        let folder = path.hasSuffix("/") ? String(path.dropLast()) : path
        var manifest = BundleManifest(bundle: folder)
        let file = folder + "/" + BundleManifest.file
        if (try? FileTree.entry(file))?.kind == .file {
            manifest = try BundleManifest(try FileTree.read(file), bundle: folder)
        }
        try own(manifest) { load throws(LoadError) in try load.addFolder(root: folder, entry) }
    }

    mutating func addArchive(_ path: String) throws(LoadError) {
        try refuseVerification(path)
        let files = try Self.files(path)
        var manifest = BundleManifest(bundle: path)
        if let file = files.last(where: { $0.name == BundleManifest.file }) {
            manifest = try BundleManifest(Array(file.content), bundle: path)
        }
        try own(manifest) { load throws(LoadError) in
            var names: Set<String> = []
            for file in files {
                guard names.insert(file.name).inserted else {
                    throw LoadError(.archive, path, "file `\(file.name)` is there twice")
                }
                load.attempt { load throws(LoadError) in
                    try load.addMember(file.name, Array(file.content), of: path)
                }
            }
        }
    }

    private func refuseVerification(_ path: String) throws(LoadError) {
        guard loader.requiresSignatures else { return }
        throw LoadError(
            .signature, path,
            "`\(BundleManifest.signatures)` cannot be verified: signed bundles are not supported")
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
