// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import LogReading
import TransparencyLog

struct LogGraphCommand: ParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case dot, mermaid, svg
    }

    static let configuration = CommandConfiguration(
        commandName: "graph",
        abstract: "Draw what an agent did: its decisions, tools and destinations.",
        discussion: """
            Solid lines between decisions are those that the records state, dashed ones join what \
            followed in the same trace or session.

            portcullis log graph log --agent spiffe://acme.example/agent/researcher >agent.svg
            """)

    @OptionGroup var log: LogArguments
    @OptionGroup var keys: OptionalKeys

    @OptionGroup(title: "Which decisions") var filters: FilterOptions

    @Option(name: .long, help: "How many decisions, the newest.")
    var limit = ReadingLimits.graphDecisions

    @Option(name: .long, help: "svg, dot or mermaid.")
    var format = Format.svg

    func validate() throws {
        guard filters.agent != nil else { throw ValidationError("expected --agent") }
    }

    func run() throws {
        try LogFailure.reported {
            let view = try LogView(try log.open(), keys: try keys.keys())
            defer { view.destroy() }
            let graph = try build(view)
            guard !graph.decisions.isEmpty else {
                Output.error("no decision of `\(filters.agent ?? "")`\n")
                throw ExitCode(ExitStatus.failure)
            }
            switch format {
            case .svg: Output.print(graph.svg)
            case .dot: Output.print(graph.dot)
            case .mermaid: Output.print(graph.mermaid)
            }
        }
    }

    private func build(_ view: LogView<LogFolder>) throws -> ExecutionGraph {
        let filter = try filters.filter()
        var builder = ExecutionGraphBuilder(agent: filters.agent ?? "", limit: limit)
        let progress = Progress("read")
        try view.scan(try view.range(filter)) { record in
            progress.read(record.index, of: view.size)
            if record.isDecision, filter.matches(record) { builder.add(record) }
            return true
        }
        return builder.finish()
    }
}
