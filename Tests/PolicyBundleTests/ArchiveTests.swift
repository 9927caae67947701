// SPDX-License-Identifier: Apache-2.0
import CZlib
import Compression
import Foundation
import RegoVM
import Testing

@testable import PolicyBundle

@Suite struct ArchiveTests {
    private func load(
        _ files: [(String, String)], change: (inout [UInt8]) -> Void = { _ in },
        asBundle: Bool = true
    ) throws -> PolicySources {
        var archive = TarWriter.archive(files)
        change(&archive)
        let folder = try TemporaryFolder(["a": ""])
        let path = folder.path + "/b.tar.gz"
        try Data(try TarWriter.gzip(archive)).write(to: URL(fileURLWithPath: path))
        let loader = PolicyLoader()
        return asBundle ? try loader.load([], bundles: [path]) : try loader.load([path])
    }

    private func error(
        _ files: [(String, String)], change: (inout [UInt8]) -> Void = { _ in }
    ) -> String {
        do {
            _ = try load(files, change: change)
            return ""
        } catch let failure as LoadFailure {
            return failure.errors.map { "\($0.code.rawValue): \($0.message)" }.joined(
                separator: "\n")
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: [true, false])
    func readsPoliciesDataAndManifest(asBundle: Bool) throws {
        let sources = try load(
            [
                ("/.manifest", #"{"revision": "r7", "roots": ["a", "b/c"]}"#),
                ("./a/data.json", #"{"x": 1}"#), ("b/c/data.yaml", "y: 2"),
                ("a/p.rego", "package a.p"), ("a/other.json", "{"), ("policy.wasm", "\0asm"),
            ], asBundle: asBundle)
        #expect(sources.data.description == #"{"a":{"x":1},"b":{"c":{"y":2}}}"#)
        #expect(sources.policies.map(\.text) == ["package a.p"])
        #expect(sources.policies[0].name.hasSuffix("/b.tar.gz/a/p.rego"))
        #expect(sources.manifests.map(\.revision) == ["r7"])
        #expect(sources.manifests[0].roots == [["a"], ["b", "c"]])
    }

    @Test func ownsItsRootsOnly() {
        let manifest = (".manifest", #"{"roots": ["a"]}"#)
        #expect(
            error([manifest, ("b/data.json", "{\"x\": 1}")])
                == "load_manifest: manifest roots [a] do not permit data at path `/b`")
        #expect(
            error([manifest, ("b/p.rego", "package b.p")])
                == "load_manifest: manifest roots [a] do not permit package `b.p`")
        #expect(error([manifest, ("p.rego", "package a.p")]) == "")
        #expect(
            error([(".manifest", #"{"roots": ["a", "a/b"]}"#)])
                == "load_manifest: roots `a/b` and `a` overlap")
        #expect(error([(".manifest", "[]")]).hasPrefix("load_manifest: expected an object"))
    }

    @Test func refusesWhatIsNoBundle() {
        #expect(
            error([("a/../../p.rego", "package p")])
                == "load_malformed_archive: name `a/../../p.rego` leads out of the archive")
        #expect(
            error([("p.rego", "package p"), ("./p.rego", "package q")])
                == "load_malformed_archive: file `p.rego` is there twice")
        #expect(
            error([("p.rego", "package p")], change: { $0[0] ^= 1 })
                == "load_malformed_archive: header with a wrong checksum")
        #expect(
            error([("p.rego", "package p")], change: { $0.removeLast(1024 + 505) })
                == "load_malformed_archive: archive ends within a file")
        let link = { (archive: inout [UInt8]) in
            archive[156] = UInt8(ascii: "2")
            TarWriter.seal(&archive)
        }
        #expect(
            error([("p.rego", "")], change: link)
                == "load_malformed_archive: expected files and folders, "
                + "got a link or device `p.rego`"
        )
    }

    @Test func gunzipEndsWhereItMust() throws {
        let text = [UInt8](repeating: 7, count: 600_000)
        let compressed = try TarWriter.gzip(text)
        #expect(try Gunzip.read(compressed, limit: 600_000) == text)
        #expect(try Gunzip.read(compressed + compressed, limit: .max) == text + text)
        #expect(throws: Gunzip.Failure.tooLarge(limit: 599_999)) {
            try Gunzip.read(compressed, limit: 599_999)
        }
        for length in [0, 1, 9, 20, compressed.count - 1] {
            #expect(throws: Gunzip.Failure.truncated) {
                try Gunzip.read(Array(compressed.prefix(length)), limit: .max)
            }
        }
        #expect(throws: Gunzip.Failure.malformed) { try Gunzip.read([1, 2, 3], limit: .max) }
    }

    /// Whatever stands in an archive, reading it ends with files or an error.
    @Test func damagedArchivesEnd() {
        var random = SystemRandomNumberGenerator()
        let archive = TarWriter.archive([("a/p.rego", "package p"), ("data.json", "{}")])
        for _ in 0..<2_000 {
            var damaged = archive
            for _ in 0..<3 {
                damaged[Int.random(in: 0..<1024, using: &random)] = UInt8.random(in: 0...255)
            }
            TarWriter.seal(&damaged)
            var reader = TarReader(damaged)
            while let file = try? reader.next() {
                #expect(!file.name.split(separator: "/").contains(".."))
            }
        }
    }
}

/// Writes archives for tests.
enum TarWriter {
    static func archive(_ files: [(name: String, text: String)]) -> [UInt8] {
        var archive: [UInt8] = []
        for (name, text) in files {
            var header = [UInt8](repeating: 0, count: 512)
            func put(_ text: String, _ offset: Int) {
                for (index, byte) in text.utf8.enumerated() { header[offset + index] = byte }
            }
            put(name, 0)
            put("0000644", 100)
            let size = String(text.utf8.count, radix: 8)
            put(String(repeating: "0", count: 11 - size.count) + size, 124)
            put("0", 156)
            put("ustar\0", 257)
            seal(&header)
            archive += header + Array(text.utf8)
            while archive.count % 512 != 0 { archive.append(0) }
        }
        return archive + [UInt8](repeating: 0, count: 1024)
    }

    /// Corrects the checksum of the first header.
    static func seal(_ archive: inout [UInt8]) {
        for index in 148..<156 { archive[index] = UInt8(ascii: " ") }
        let sum = String(archive[..<512].reduce(0) { $0 + Int($1) }, radix: 8)
        let digits = String(repeating: "0", count: 6 - sum.count) + sum
        for (index, byte) in digits.utf8.enumerated() { archive[148 + index] = byte }
        archive[154] = 0
    }

    struct CompressionFailed: Error {}

    static func gzip(_ text: [UInt8]) throws -> [UInt8] {
        var output = [UInt8](repeating: 0, count: text.count + 1024)
        var stream = z_stream()
        guard
            deflateInit2_(
                &stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
                Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { throw CompressionFailed() }
        defer { deflateEnd(&stream) }
        var input = text
        let status = input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(target.count)
                return deflate(&stream, Z_FINISH)
            }
        }
        guard status == Z_STREAM_END else { throw CompressionFailed() }
        return Array(output.prefix(Int(stream.total_out)))
    }
}
