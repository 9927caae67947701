// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import LogReading
import TransparencyLog

struct LogStatsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Count what is in a log, and the bytes that it takes.",
        discussion: "portcullis log stats log --format json")

    @OptionGroup var log: LogArguments

    @Option(name: .long, help: "text or json.")
    var format = ReportFormat.text

    func run() throws {
        try LogFailure.reported(format) {
            let source = try log.open()
            let view = try LogView(source)
            defer { view.destroy() }
            var statistics = LogStatistics()
            let progress = Progress("read")
            try view.scan(0..<view.size) { record in
                statistics.add(record)
                progress.read(record.index, of: view.size)
                return true
            }
            let disk = try source.diskUse(size: view.size)
            switch format {
            case .text: Output.print(text(view, statistics, disk))
            case .json: Output.print(json(view, statistics, disk))
            }
        }
    }

    private func text(
        _ view: LogView<LogFolder>, _ statistics: LogStatistics, _ disk: DiskUse
    ) -> String {
        var lines = [
            "`\(view.checkpoint.origin)`: \(view.size) entries, \(statistics.records) of them here"
        ]
        if let first = statistics.firstTime, let last = statistics.lastTime {
            lines.append("from \(first) to \(last)")
        }
        lines += statistics.outcomes.sorted { $0.key < $1.key }.map { "  \($0.key) \($0.value)" }
        lines.append(
            "\(statistics.recordBytes / max(1, statistics.records)) bytes a record; on disk "
                + "\(disk.total / max(1, view.size)) bytes an entry: "
                + "\(disk.plain) in bundles, \(disk.compressed) in compressed ones, "
                + "\(disk.hashes) in tiles")
        return lines.joined(separator: "\n") + "\n"
    }

    private func json(
        _ view: LogView<LogFolder>, _ statistics: LogStatistics, _ disk: DiskUse
    ) -> [UInt8] {
        LogJSON.text {
            $0.field("origin", view.checkpoint.origin)
            $0.field("size", view.size)
            $0.field("records", statistics.records)
            $0.field("record_bytes", statistics.recordBytes)
            $0.field("first_time", statistics.firstTime)
            $0.field("last_time", statistics.lastTime)
            $0.key("outcomes")
            $0.object {
                for (outcome, count) in statistics.outcomes.sorted(by: { $0.key < $1.key }) {
                    $0.field(outcome, count)
                }
            }
            $0.field("bundle_bytes", disk.plain)
            $0.field("compressed_bytes", disk.compressed)
            $0.field("tile_bytes", disk.hashes)
        }
    }
}
