// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import LogReading
import TransparencyLog

struct LogVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check a whole log: signature, every entry, every tile, the root.",
        discussion: """
            Needs nothing but a copy of the log and its verifier key, and works while the log is \
            written. A log that was re-signed with its own key is caught only by a checkpoint that \
            was kept elsewhere (--checkpoint) or by witnesses (--witness). Exits with 1 when \
            something is wrong with the log.

            portcullis log verify /var/lib/portcullis/log --vkey example.org/log+33ee33cf+AZ...
            """)

    @OptionGroup var log: LogArguments

    @Option(
        name: .long,
        help: "The verifier key, as `log vkey` prints it. Repeated when the log changed its key.")
    var vkey: [String]

    @Flag(name: .long, help: "Trust keys to which the given one handed over.")
    var followRotation = false

    @Option(
        name: .long, parsing: .singleValue,
        help: "A checkpoint seen before, with which the log must begin. May be repeated.")
    var checkpoint: [String] = []

    @Option(
        name: .long, parsing: .singleValue,
        help: "A witness's key, which must have cosigned this log. May be repeated.")
    var witness: [String] = []

    @Option(name: .long, help: "text or json.")
    var format = ReportFormat.text

    func validate() throws {
        _ = try VerifierKey.arguments(vkey)
        _ = try VerifierKey.arguments(witness, kind: .cosignature)
    }

    func run() throws {
        try LogFailure.reported(format) {
            let source = try log.open()
            let (keys, successions) = try allKeys(source)
            var verifier = LogVerifier(keys: keys)
            // Both keys vouched for the tree that was handed over.
            verifier.saved = successions.map(\.checkpoint)
            for path in checkpoint {
                let note = try InputBytes.read(path)
                verifier.saved.append(try Checkpoint(note: note, keys: keys, at: path))
            }
            let witnesses = try WitnessReport(witness, source, keys)
            if let seen = witnesses?.checkpoint { verifier.saved.append(seen) }
            let progress = Progress("verified")
            verifier.progress = { progress.report($0, $1) }
            var report = try verifier.verify(source)
            report.consistentWith -= successions.count
            switch format {
            case .text: Output.print(text(report, witnesses, successions.count))
            case .json: Output.print(json(report, witnesses, successions.count))
            }
        }
    }

    /// The keys that are trusted, and what the log says of their changes.
    private func allKeys(_ source: LogFolder) throws -> ([VerifierKey], [KeySuccession]) {
        let given = try VerifierKey.arguments(vkey)
        var keys = given
        if let last = given.last, let newest = try KeySuccession.chain(from: last, in: source).last
        {
            if followRotation {
                keys += try KeySuccession.chain(from: last, in: source).map(\.new)
            } else {
                Output.error(
                    "note: `\(last.label)` handed over to `\(newest.new.text)`; "
                        + "give it too, or --follow-rotation\n")
            }
        }
        // Each key's own word about the tree that it handed over, whoever got it.
        var texts: Set<String> = []
        let successions = try keys.filter { texts.insert($0.text).inserted }.compactMap {
            try KeySuccession(of: $0, in: source)
        }
        return (keys, successions)
    }

    private func text(
        _ report: LogVerifier.Report, _ witnesses: WitnessReport?, _ changes: Int
    ) -> String {
        let size = report.checkpoint.size
        var lines = ["log verified: \(size) entries of `\(report.checkpoint.origin)`"]
        lines.append("root \(report.checkpoint.rootText)")
        if report.absent > 0 {
            lines.append(
                "not here: \(report.absent) entries that the log pruned; their hashes are, and fit")
        }
        if report.kept > 0 {
            lines.append("kept of pruned entries, because they still hold: \(report.kept)")
        }
        let present = size - report.absent
        if present > 0 {
            lines.append(
                "\(report.entryBytes / present) bytes a record, \(report.tiles) tiles")
        }
        let old = report.consistentWith - (witnesses == nil ? 0 : 1)
        if old > 0 { lines.append("saved checkpoints that it begins with: \(old)") }
        if changes > 0 {
            lines.append("changes of its key, with whose trees it begins: \(changes)")
        }
        lines += witnesses?.lines(size) ?? []
        return lines.joined(separator: "\n") + "\n"
    }

    private func json(
        _ report: LogVerifier.Report, _ witnesses: WitnessReport?, _ changes: Int
    ) -> [UInt8] {
        LogJSON.text {
            $0.key("ok")
            $0.number("true")
            $0.field("origin", report.checkpoint.origin)
            $0.field("size", report.checkpoint.size)
            $0.field("root", report.checkpoint.rootText)
            $0.field("tiles", report.tiles)
            $0.field("entry_bytes", report.entryBytes)
            $0.field("absent", report.absent)
            $0.field("kept", report.kept)
            $0.field("consistent_with", report.consistentWith)
            $0.field("key_changes", changes)
            witnesses?.write(to: &$0)
        }
    }
}

/// What witnesses said of a log.
struct WitnessReport {
    /// The tree that they cosigned, which the log must begin with.
    let checkpoint: Checkpoint
    let cosignatures: [Cosignature]

    /// - Returns: nil when no witness is asked for.
    /// - Throws: when one of them has not cosigned.
    init?(_ keys: [String], _ source: LogFolder, _ logKeys: [VerifierKey]) throws {
        guard !keys.isEmpty else { return nil }
        let witnesses = try VerifierKey.arguments(keys, kind: .cosignature)
        guard let bytes = try source.read(TilePath.witnessed) else {
            throw TransparencyError(
                .unsigned, at: TilePath.witnessed, "missing: no witness has cosigned this log")
        }
        let note = try SignedNote(bytes, at: TilePath.witnessed)
        checkpoint = try Checkpoint(note: bytes, keys: logKeys, at: TilePath.witnessed)
        cosignatures = try witnesses.map {
            try Cosignature(of: $0, on: note, at: TilePath.witnessed)
        }
    }

    func lines(_ size: Int) -> [String] {
        cosignatures.map {
            "witnessed by `\($0.label)` at \(time($0)): \(checkpoint.size) of \(size) entries"
        }
    }

    func write(to json: inout IndentedJSON) {
        json.field("witnessed_size", checkpoint.size)
        json.key("witnesses")
        json.array {
            for cosignature in cosignatures {
                $0.element()
                $0.object {
                    $0.field("key", cosignature.label)
                    $0.field("time", time(cosignature))
                }
            }
        }
    }

    private func time(_ cosignature: Cosignature) -> String {
        let seconds = Int64(clamping: cosignature.time)
        return String(Moment.text(min(seconds, 9_000_000_000) * 1_000_000_000).prefix(19)) + "Z"
    }
}
