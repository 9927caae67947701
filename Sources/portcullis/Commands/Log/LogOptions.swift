// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import LogReading
import Platform
import TransparencyLog

/// How a verb prints what it found.
enum ReportFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json
}

/// The log that a verb reads.
struct LogArguments: ParsableArguments {
    @Argument(help: "The log's folder: `checkpoint` and `tile/...`.")
    var directory: String

    @Option(name: .long, help: "A folder to which entry bundles were moved. May be repeated.")
    var archive: [String] = []

    func open() throws -> LogFolder { try LogFolder(directory, archives: archive) }
}

/// Keys of the log, for verbs that can do without: they check signatures only when there are some.
struct OptionalKeys: ParsableArguments {
    @Option(
        name: .long,
        help: "The verifier key: checks the checkpoint's signature. Repeated for older keys.")
    var vkey: [String] = []

    func validate() throws { _ = try keys() }

    func keys() throws -> [VerifierKey] { try VerifierKey.arguments(vkey) }
}

extension VerifierKey {
    /// Keys as they were given on the command line.
    static func arguments(_ texts: [String], kind: Kind = .note) throws -> [VerifierKey] {
        do {
            return try texts.map { try VerifierKey($0, kind: kind) }
        } catch {
            let option =
                switch kind {
                case .note: "--vkey"
                case .cosignature: "--witness"
                }
            throw ValidationError("\(option): \(error)")
        }
    }
}

/// Which records are wanted.
struct FilterOptions: ParsableArguments {
    @Option(name: .long, help: "The agent's id; `*` stands for any characters.")
    var agent: String?

    @Option(name: .long, help: "The tool's name; `*` as above.")
    var tool: String?

    @Option(
        name: .long,
        help: """
            `allow`, `defer`, `require_approval`, `restrict`, `deny`, `isolate`; or `allowed`, \
            `refused`, `error`.
            """)
    var decision: String?

    @Option(name: .long, help: "The code of a reason; `*` as above.")
    var reason: String?

    @Option(name: .long, help: "The destination's host; `*` as above.")
    var destination: String?

    @Option(name: .long, help: "The kind of record: `decision`, `approval`, `loss`, ...")
    var kind: String?

    @Option(name: .long, help: "From here on: `10m`, `2h`, `7d` ago, or RFC 3339.")
    var since: String?

    @Option(name: .long, help: "Before here: as `--since`.")
    var until: String?

    private static let decisions = [
        "allow", "defer", "require_approval", "restrict", "deny", "isolate", "allowed", "refused",
        "error",
    ]

    /// Those of `record.schema.json`.
    private static let kinds = [
        "decision", "approval", "operation", "signal", "responder", "erasure", "loss",
    ]

    func validate() throws { _ = try filter() }

    func filter() throws -> RecordFilter {
        var filter = RecordFilter()
        filter.agent = agent.map { Pattern($0) }
        filter.tool = tool.map { Pattern($0) }
        filter.reason = reason.map { Pattern($0) }
        filter.destination = destination.map { Pattern($0) }
        if let kind, !Self.kinds.contains(kind) {
            throw ValidationError(
                "--kind: expected one of \(Self.kinds.joined(separator: ", ")), got `\(kind)`")
        }
        filter.kind = kind
        if let decision, !Self.decisions.contains(decision) {
            throw ValidationError(
                "--decision: expected one of \(Self.decisions.joined(separator: ", ")), "
                    + "got `\(decision)`")
        }
        filter.decision = decision
        let now = SystemClock().wall()
        filter.since = try since.map { try Moment.argument($0, "--since", now: now) }
        filter.until = try until.map { try Moment.argument($0, "--until", now: now) }
        return filter
    }
}

extension Moment {
    /// A time as it was given on the command line.
    static func argument(_ text: String, _ option: String, now: Int64) throws -> Int64 {
        guard let moment = parse(text, now: now) else {
            throw ValidationError(
                "\(option): expected `10m`, `2h`, `7d` or a time from 1678 to 2261 such as "
                    + "`2026-11-22T15:00:00Z`, got `\(text)`")
        }
        return moment
    }
}

extension LogView {
    /// The records that may fit a filter's times.
    func range(_ filter: RecordFilter) throws -> Range<Int> {
        let first = try filter.since.map { try firstIndex(since: $0) } ?? 0
        // What is kept of older records stands before all others.
        return try first <= firstPresent() ? 0..<size : min(first, size)..<size
    }
}

/// Standard output for many lines: few calls, and nothing kept at the end.
struct LineOutput: ~Copyable {
    private var bytes: [UInt8] = []
    private static let chunk = 64 << 10

    mutating func write(_ text: String) { write(Array(text.utf8)) }

    mutating func write(_ line: some Sequence<UInt8>) {
        bytes.append(contentsOf: line)
        if bytes.count >= Self.chunk { flush() }
    }

    mutating func flush() {
        Output.print(bytes)
        bytes.removeAll(keepingCapacity: true)
    }
}

/// Long work tells how far it is, when somebody looks on.
final class Progress {
    private let verb: String
    private let start = SystemClock().monotonic()
    private var last: Int64 = 0
    private let isShown: Bool

    /// - Parameter prints: whether the work prints as it goes on: then it is seen by that.
    init(_ verb: String, prints: Bool = false) {
        self.verb = verb
        isShown = isatty(2) == 1 && !(prints && isatty(1) == 1)
    }

    /// Tells of a record that was read, now and then.
    func read(_ index: Int, of total: Int) {
        guard index % LogLimits.progressInterval == 0 || index == total - 1 else { return }
        report(index + 1, total)
    }

    func report(_ done: Int, _ total: Int) {
        guard isShown, total > 0 else { return }
        let now = SystemClock().monotonic()
        guard now - last > 100_000_000 || done == total else { return }
        last = now
        let rate = Int(Double(done) / max(1e-9, Double(now - start) / 1e9))
        let end = done == total ? "\n" : ""
        Output.error("\r\(verb) \(done) of \(total) (\(100 * done / total) %), \(rate)/s \(end)")
    }
}

/// Whether standard output is a terminal that shows colors.
var showsColors: Bool { isatty(1) == 1 && getenv("NO_COLOR") == nil }

/// Errors of the verbs that read logs, which end with 1.
enum LogFailure {
    /// Runs a verb's work; says what is wrong with the log and ends with `status`.
    static func reported<R>(
        as status: Int32 = ExitStatus.failure, _ format: ReportFormat = .text,
        _ body: () throws -> R
    ) throws -> R {
        do {
            return try body()
        } catch let error as TransparencyError {
            if format == .json {
                Output.print(
                    LogJSON.text {
                        $0.key("ok")
                        $0.number("false")
                        $0.field("code", error.code.rawValue)
                        $0.field("location", error.location)
                        $0.field("message", error.message)
                    })
            }
            Output.error("log refused: \(error) (\(error.code.rawValue))\n")
            throw ExitCode(status)
        } catch let error as StorageError {
            Output.error("\(error)\n")
            throw ExitCode(status)
        } catch let error as InputBytes.Unreadable {
            Output.error("\(error)\n")
            throw ExitCode(status)
        }
    }
}

/// Reports for programs.
enum LogJSON {
    static func text(_ body: (inout IndentedJSON) -> Void) -> [UInt8] {
        var json = IndentedJSON()
        json.object(body)
        return json.text + [UInt8(ascii: "\n")]
    }
}

extension IndentedJSON {
    mutating func field(_ name: String, _ value: String?) {
        guard let value else { return }
        key(name)
        string(value)
    }

    mutating func field(_ name: String, _ value: Int) {
        key(name)
        integer(value)
    }
}
