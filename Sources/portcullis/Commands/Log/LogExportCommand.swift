// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import LogReading
import TransparencyLog

struct LogExportCommand: ParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case jsonl, ocsf
    }

    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write records for other tools, one a line.",
        discussion: """
            `jsonl` is each record as it was signed. `ocsf` makes events of the Open Cybersecurity \
            Schema Framework \(OCSFEvent.version): API Activity (class 6003) for decisions, base \
            events for all else.

            portcullis log export log --format ocsf --since 24h >events.jsonl
            """)

    @OptionGroup var log: LogArguments
    @OptionGroup var keys: OptionalKeys
    @OptionGroup(title: "Which records") var filters: FilterOptions

    @Option(name: .long, help: "jsonl or ocsf.")
    var format = Format.jsonl

    func run() throws {
        try LogFailure.reported {
            let view = try LogView(try log.open(), keys: try keys.keys())
            defer { view.destroy() }
            let filter = try filters.filter()
            let events = OCSFEvent(
                origin: view.checkpoint.origin, productVersion: Version.number)
            var output = LineOutput()
            let progress = Progress("read", prints: true)
            try view.scan(try view.range(filter)) { record in
                progress.read(record.index, of: view.size)
                guard filter.matches(record) else { return true }
                switch format {
                case .jsonl: output.write(record.bytes)
                case .ocsf: output.write(events.json(record))
                }
                output.write(CollectionOfOne(UInt8(ascii: "\n")))
                return true
            }
            output.flush()
        }
    }
}
