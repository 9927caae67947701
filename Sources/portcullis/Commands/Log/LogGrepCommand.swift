// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import LogReading
import TransparencyLog

struct LogGrepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grep", abstract: "Print the records that fit.",
        discussion: """
            As with grep(1), the exit code is 1 when none does, and 2 when something is wrong.

            portcullis log grep log --agent '*/researcher' --decision deny --since 2h
            """)

    /// As grep(1) ends.
    private enum Status {
        static let none: Int32 = 1
        static let trouble: Int32 = 2
    }

    @OptionGroup var log: LogArguments
    @OptionGroup var keys: OptionalKeys
    @OptionGroup(title: "Which records") var filters: FilterOptions

    @Option(name: [.customShort("m"), .long], help: "Stop after so many.")
    var limit: Int?

    @Flag(name: [.short, .long], help: "Print only how many there are.")
    var count = false

    @Option(name: .long, help: "text, or json: records as they were signed, one a line.")
    var format = LineFormat.text

    func validate() throws {
        if let limit, limit < 0 { throw ValidationError("--limit: expected a number of records") }
    }

    func run() throws {
        let found = try LogFailure.reported(as: Status.trouble) {
            let view = try LogView(try log.open(), keys: try keys.keys())
            defer { view.destroy() }
            return try search(view)
        }
        if count { Output.print("\(found)\n") }
        if found == 0 { throw ExitCode(Status.none) }
    }

    private func search(_ view: LogView<LogFolder>) throws -> Int {
        let filter = try filters.filter()
        if limit == 0 { return 0 }
        let text = RecordText(isColored: showsColors)
        var output = LineOutput()
        var found = 0
        let progress = Progress("read", prints: !count)
        try view.scan(try view.range(filter)) { record in
            progress.read(record.index, of: view.size)
            guard filter.matches(record) else { return true }
            found += 1
            if !count { output.write(format.line(record, text)) }
            return found < limit ?? .max
        }
        output.flush()
        return found
    }
}
