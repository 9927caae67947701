// SPDX-License-Identifier: Apache-2.0
import AgentContext
import ArgumentParser
import DecisionLog
import LogReading
import PDP
import Platform
import Server
import TransparencyLog

struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Make a log's decisions again, and tell which ones would change.",
        discussion: """
            Verifies the log, rebuilds the agents' context from it, and decides each recorded \
            request again, at the time of its record. Without --policy the configured policy \
            decides. Nothing is written. What cannot be decided again (masked, cut, erased) is \
            counted apart.

            Exits with 0, with 1 when more decisions change than --threshold allows (none without \
            it) or when it is given and nothing could be compared, and with 2 on errors.

            portcullis replay log --config portcullis.yaml --policy candidate --threshold 1%
            """)

    @OptionGroup var configuration: ConfigurationOption

    @Argument(help: "The log's folder. Default: the configured one.")
    var log: String?

    @Option(
        name: .long, parsing: .singleValue,
        help: "Policies to decide with, instead of the configured ones. May be repeated.")
    var policy: [String] = []

    @Option(
        name: .long, parsing: .singleValue,
        help: "Data to decide with, instead of the configured. May be repeated.")
    var data: [String] = []

    @Option(name: .long, help: "A folder to which entry bundles were moved. May be repeated.")
    var archive: [String] = []

    @Option(name: .long, help: "The texts beside the log. Default: the log's folder with .content.")
    var content: String?

    @Option(name: .long, help: "The log's verifier key. Default: from the configured signing key.")
    var vkey: String?

    @Flag(
        name: .long,
        help: "Look up in the configured threat lists, not in those of each decision's time.")
    var currentThreats = false

    @Option(name: .long, help: "Decisions that may change: a number, or a share as `1%`.")
    var threshold: ReplayThreshold?

    @Option(name: .long, help: "text or json.")
    var format = ReplayFormat.text

    func validate() throws { _ = try vkey.map { try VerifierKey.arguments([$0]) } }

    func run() throws {
        let report: ReplayReport
        do {
            report = try replay()
        } catch let failure as ConfigurationFailure {
            Output.error("\(failure)\n")
            throw ExitCode(ReplayStatus.error)
        } catch is Invalid {
            throw ExitCode(ReplayStatus.error)
        } catch {
            Output.error("replay: \(error)\n")
            if let hint = (error as? LogError)?.hint { Output.error("  hint: \(hint)\n") }
            throw ExitCode(ReplayStatus.error)
        }
        if threshold != nil, report.compared == 0 {
            Output.error("replay: no decision could be compared, so none is below --threshold\n")
            throw ExitCode(ReplayStatus.changed)
        }
        if (threshold ?? .count(0)).isPassed(by: report) { throw ExitCode(ReplayStatus.changed) }
    }

    private func replay() throws -> ReplayReport {
        var settings = try configuration.load()
        let folder = log ?? settings.log.directory
        if let log, !StorageFolder.isSame(log, settings.log.directory) {
            // What belongs to a log lies beside its folder.
            let end = log.lastIndex { $0 != "/" }.map { log.index(after: $0) } ?? log.endIndex
            let place = String(log[..<end])
            settings.log.key = place + ".key"
            settings.log.contentDirectory = place + ".content"
            settings.log.threats = place + ".threats"
        }
        if !policy.isEmpty { settings.policies = policy }
        if !data.isEmpty {
            settings.data = data
            settings.isDataRequired = true
        }
        let snapshot = try PolicyCompilation.Failure.orInvalid(settings)
        let tiles = try LogFolder(folder, archives: archive)
        let keys = try keys(settings)
        let checkpoint = try LogVerifier(keys: keys).verify(tiles).checkpoint
        let view = try LogView(tiles, keys: keys)
        defer { view.destroy() }
        let replay = try makeReplay(snapshot, settings)
        let progress = ReplayProgress()
        let report = try replay.run(
            tiles, prunedBelow: view.prunedBelow, keeping: view.kept, size: checkpoint.size
        ) { progress.show($0, of: $1) }
        progress.end()
        Output.print(
            try format.text(report, checkpoint, revision: snapshot.policy.revision))
        return report
    }

    private func makeReplay(
        _ snapshot: PolicySnapshot, _ settings: Configuration
    ) throws -> Replay {
        let texts = content ?? settings.log.contentDirectory
        let isCounted = settings.agents.maximum > 0
        let replay = Replay(
            snapshot, settings: try DecisionPoint.Settings(settings),
            agents: isCounted ? AgentStore(maximumAgents: settings.agents.maximum) : nil,
            content: StorageFolder.exists(texts)
                ? try StorageFolder(texts, creating: false) : nil,
            memory: Int(settings.limits.memory))
        let threats = ReplayThreats(ThreatHistory(folder: settings.log.threats))
        replay.useRecordedThreats { try threats.index($0) }
        guard !settings.threat.files.isEmpty else { return replay }
        var lists = ThreatLists(settings.threat.files)
        let reading = try lists.read()
        if currentThreats {
            replay.use(reading.index)
        } else {
            threats.add(reading.index, reading.snapshot.revision)
        }
        return replay
    }

    /// The log's keys: the given one, or the configured one and those before it.
    private func keys(_ settings: Configuration) throws -> [VerifierKey] {
        if let vkey { return try VerifierKey.arguments([vkey]) }
        let key = try LogKey.load(settings.log).verifierKey
        return try LogKey.history(settings.log.key) + [key]
    }
}

/// How a replay ends.
enum ReplayStatus {
    static let changed: Int32 = 1
    static let error: Int32 = 2
}

/// How many decisions may change.
enum ReplayThreshold: ExpressibleByArgument, CustomStringConvertible {
    case count(Int)
    /// Of the decisions that were compared.
    case percent(Double)

    init?(argument: String) {
        if argument.hasSuffix("%") {
            guard let share = Double(argument.dropLast()), (0...100).contains(share) else {
                return nil
            }
            self = .percent(share)
        } else {
            guard let count = Int(argument), count >= 0 else { return nil }
            self = .count(count)
        }
    }

    var description: String {
        switch self {
        case .count(let count): "\(count)"
        case .percent(let share): "\(share)%"
        }
    }

    func isPassed(by report: ReplayReport) -> Bool {
        switch self {
        case .count(let count): report.changed > count
        case .percent(let share):
            Double(report.changed) * 100 > share * Double(report.compared)
        }
    }
}

/// A line on standard error that is written over, when that is a terminal.
private final class ReplayProgress {
    private let isShown = TerminalOutput.isTerminal
    private var isOpen = false

    func show(_ done: Int, of total: Int) {
        guard isShown, total > 0 else { return }
        isOpen = true
        Output.error("\rreplay: \(done) of \(total) entries (\(done * 100 / total) %)")
    }

    func end() { if isOpen { Output.error("\n") } }
}
