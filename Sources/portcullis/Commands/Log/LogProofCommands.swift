// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import LogReading
import Platform
import TransparencyLog

struct LogProveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prove", abstract: "Write a proof that one record is in the log.",
        discussion: """
            The proof is a C2SP tlog-proof file: it stands alone, and whoever has it needs only \
            the verifier key and the record.

            portcullis log prove log --decision 0199... --vkey "$KEY" -o decision.tlog-proof
            """)

    @OptionGroup var log: LogArguments

    @Option(
        name: .long,
        help: "The verifier key: a proof is checked before it goes out. Repeated for older keys.")
    var vkey: [String]

    @Option(name: .long, help: "The entry's index.")
    var index: Int?

    @Option(name: .long, help: "The record's id: of a decision, or of what else it is.")
    var decision: String?

    @Flag(name: .long, help: "Prove it under the checkpoint that witnesses cosigned.")
    var witnessed = false

    @Option(name: [.short, .long], help: "Where to; standard output when it is left out.")
    var output: String?

    @Option(name: .long, help: "Where to write the record itself, byte for byte.")
    var record: String?

    func validate() throws {
        guard (index == nil) != (decision == nil) else {
            throw ValidationError("expected either --index or --decision")
        }
        _ = try VerifierKey.arguments(vkey)
    }

    func run() throws {
        try LogFailure.reported {
            let source = try log.open()
            let keys = try VerifierKey.arguments(vkey)
            let view = try LogView(source, keys: keys)
            defer { view.destroy() }
            let index = try self.index ?? Self.find(decision ?? "", view)
            let path = witnessed ? TilePath.witnessed : TilePath.checkpoint
            let proof = try ProofFile(of: index, in: source, keys: keys, under: path)
            if let record { try Self.write(try view.entry(index), to: record) }
            guard let output else { return Output.print(proof.bytes) }
            try Self.write(proof.bytes, to: output)
            Output.error("entry \(index) of `\(view.checkpoint.origin)`: proof in `\(output)`\n")
        }
    }

    static func find(_ id: String, _ view: LogView<LogFolder>) throws -> Int {
        guard let index = try view.index(of: id) else {
            throw TransparencyError(
                .missing, "no record with the id `\(id)` among \(view.size) entries")
        }
        return index
    }

    private static func write(_ bytes: [UInt8], to path: String) throws {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { String(path[..<$0]) } ?? "."
        let storage = try StorageFolder(folder.isEmpty ? "/" : folder, creating: false)
        let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
        try bytes.withUnsafeBytes { try storage.replace(name, with: $0, isFlushed: false) }
    }
}

struct LogVerifyProofCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify-proof",
        abstract: "Check a proof file; no log is needed.",
        discussion: """
            Exits with 1 when the proof does not hold.

            portcullis log verify-proof decision.tlog-proof --vkey "$KEY" --record decision.json
            """)

    @Argument(help: "The proof, a C2SP tlog-proof file; `-` for standard input.")
    var file: String

    @Option(name: .long, help: "The log's verifier key. Repeated for older keys.")
    var vkey: [String]

    @Option(name: .long, help: "The record that it is about, byte for byte.")
    var record: String

    @Option(name: .long, parsing: .singleValue, help: "A witness that must have cosigned.")
    var witness: [String] = []

    @Option(name: .long, help: "text or json.")
    var format = ReportFormat.text

    func validate() throws {
        _ = try VerifierKey.arguments(vkey)
        _ = try VerifierKey.arguments(witness, kind: .cosignature)
    }

    func run() throws {
        try LogFailure.reported(format) {
            let proof = try ProofFile(try InputBytes.read(file))
            let entry = try InputBytes.read(record)
            let keys = try VerifierKey.arguments(vkey)
            let leaf = entry.withUnsafeBytes { MerkleHasher().leaf($0) }
            let checkpoint = try proof.verify(leaf: leaf, keys: keys)
            let note = try SignedNote(proof.checkpoint, at: "the proof's checkpoint")
            for key in try VerifierKey.arguments(witness, kind: .cosignature) {
                _ = try Cosignature(of: key, on: note, at: "the proof's checkpoint")
            }
            switch format {
            case .text:
                Output.print(
                    "proof holds: entry \(proof.index) of \(checkpoint.size) in "
                        + "`\(checkpoint.origin)`\n")
            case .json:
                Output.print(
                    LogJSON.text {
                        $0.key("ok")
                        $0.number("true")
                        $0.field("origin", checkpoint.origin)
                        $0.field("index", proof.index)
                        $0.field("size", checkpoint.size)
                    })
            }
        }
    }
}
