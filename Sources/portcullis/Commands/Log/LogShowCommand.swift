// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import LogReading
import TransparencyLog

struct LogShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one record.",
        discussion: """
            portcullis log show log 12
            portcullis log show log 0199aa5e-6f2c-7b31-9c1d-2f3a4b5c6d7e --format json | jq .answer
            """)

    @OptionGroup var log: LogArguments
    @OptionGroup var keys: OptionalKeys

    @Argument(help: "An index, or the id of a record.")
    var record: String

    @Option(name: .long, help: "text, or json: the record as it was signed, byte for byte.")
    var format = ReportFormat.text

    func run() throws {
        try LogFailure.reported {
            let view = try LogView(try log.open(), keys: try keys.keys())
            defer { view.destroy() }
            let index = try Int(record) ?? LogProveCommand.find(record, view)
            let bytes = try view.entry(index)
            if format == .json { return Output.print(bytes + [UInt8(ascii: "\n")]) }
            let leaf = bytes.withUnsafeBytes { MerkleHasher().leaf($0) }
            let text = RecordText(isColored: showsColors)
            try view.scan(index..<(index + 1)) { record in
                Output.print(
                    text.summary(record, origin: view.checkpoint.origin, leaf: leaf.description))
                return false
            }
            Output.print("\n")
            Output.print(IndentedRecord.text(bytes))
        }
    }
}
