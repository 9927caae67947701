// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import LogReading
import TransparencyLog

/// A line for people, or the record as it was signed.
enum LineFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json

    func line(_ record: Record, _ text: RecordText) -> [UInt8] {
        switch self {
        case .text: Array(text.line(record).utf8)
        case .json: Array(record.bytes) + [UInt8(ascii: "\n")]
        }
    }
}

struct LogTailCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail", abstract: "Print the last records, and those that come.",
        discussion: """
            Records come with the checkpoint that covers them (`log.checkpoint_interval`). With -f \
            it ends when nobody reads its output any more.

            portcullis log tail log -f --decision refused
            """)

    @OptionGroup var log: LogArguments
    @OptionGroup var keys: OptionalKeys
    @OptionGroup(title: "Which records") var filters: FilterOptions

    @Flag(name: [.short, .long], help: "Go on with those that come.")
    var follow = false

    @Option(
        name: .customShort("n", allowingJoined: true), help: "How many of those that are there.")
    var number = 10

    @Option(name: .long, help: "text, or json: records as they were signed, one a line.")
    var format = LineFormat.text

    func run() throws {
        try LogFailure.reported {
            let source = try log.open()
            let filter = try filters.filter()
            let text = RecordText(isColored: showsColors)
            var next = try printLast(source, filter, text)
            while follow, Output.pause(ReadingLimits.followInterval) {
                next = try printNew(source, filter, text, from: next)
            }
        }
    }

    private func printLast(
        _ source: LogFolder, _ filter: RecordFilter, _ text: RecordText
    ) throws -> Int {
        let view = try LogView(source, keys: try keys.keys())
        defer { view.destroy() }
        for index in try view.last(max(0, number), filter) {
            try view.scan(index..<(index + 1)) { record in
                Output.print(format.line(record, text))
                return false
            }
        }
        return view.size
    }

    private func printNew(
        _ source: LogFolder, _ filter: RecordFilter, _ text: RecordText, from next: Int
    ) throws -> Int {
        let view = try LogView(source, keys: try keys.keys())
        defer { view.destroy() }
        guard view.size >= next else {
            throw TransparencyError(
                .shrunk, at: TilePath.checkpoint,
                "expected at least \(next) entries, got \(view.size)")
        }
        var done = next
        do {
            try view.scan(next..<view.size) { record in
                if filter.matches(record) { Output.print(format.line(record, text)) }
                done = record.index + 1
                return true
            }
        } catch let error as TransparencyError where error.code == .missing {
            // The log went on and dropped a partial tile: the next look has a newer checkpoint.
        }
        return done
    }
}
