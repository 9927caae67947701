// SPDX-License-Identifier: Apache-2.0
import RegoCompiler
import RegoVM

/// What a person wants to know of an evaluation besides its answer.
struct Instruments {
    var metrics = false
    /// Metrics of each compilation stage too.
    var stages = false
    var profile = false
    var profileOrder: [Profile.Order] = []
    /// Lines of the profile; 0 for all.
    var profileLimit = 10
    var coverage = false
    var explain = ExplainMode.off

    /// True when the program itself has to tell.
    var observe: Bool { profile || coverage || explain != .off }
}

/// What was seen during an evaluation; nil or empty for what nobody asked for.
struct EvaluationReport {
    var metrics: EvaluationMetrics?
    var profile: [Profile.Line]?
    var coverage: Coverage.Report?
    private(set) var explanation: [Trace.Event] = []
    private(set) var explanationLines: [String] = []
    private var text: TraceText?
    private var points: [Program.Point] = []
    private let sources: [Source]

    init(_ sources: [Source]) { self.sources = sources }

    func fileName(_ file: Int32) -> String {
        sources.indices.contains(Int(file)) ? sources[Int(file)].name : ""
    }

    mutating func explain(_ trace: Trace, _ points: [Program.Point], _ mode: ExplainMode) {
        let text = TraceText(trace, points, sources)
        explanation = trace.events(mode)
        explanationLines = text.lines(mode)
        if trace.dropped > 0 {
            explanationLines.append("(\(trace.dropped) more events are not shown)")
        }
        self.text = text
        self.points = points
    }

    func node(_ event: Trace.Event) -> String { text?.node(event.point) ?? "" }
    func position(_ event: Trace.Event) -> Program.Position { points[event.point].position }
}

/// The observers of one evaluation.
struct EvaluationObservers {
    private let instruments: Instruments
    private let profile: Profile?
    private let coverage: Coverage?
    private let trace: Trace?
    private let recorder: EvaluationRecorder?

    /// Nobody observes a program without points.
    init(_ instruments: Instruments, _ machine: Machine) {
        self.instruments = instruments
        profile = instruments.profile ? Profile() : nil
        coverage = instruments.coverage ? Coverage() : nil
        trace = instruments.explain == .off ? nil : Trace()
        guard instruments.observe else {
            recorder = nil
            return
        }
        let recorder = EvaluationRecorder(
            machine.policy.program.points, profile: profile, coverage: coverage, trace: trace)
        self.recorder = recorder
        machine.observer = recorder
        if trace != nil { machine.evaluation.noteTaker = { recorder.note($0) } }
    }

    func report(_ query: Query) -> EvaluationReport {
        var report = EvaluationReport(query.sources)
        guard let recorder else { return report }
        if let profile {
            profile.stop()
            let lines = profile.lines(recorder.points, by: instruments.profileOrder) {
                report.fileName($0)
            }
            let limit = instruments.profileLimit
            report.profile = limit > 0 ? Array(lines.prefix(limit)) : lines
        }
        report.coverage = coverage?.report(recorder.points, fileCount: query.policies.count)
        if let trace { report.explain(trace, recorder.points, instruments.explain) }
        return report
    }
}
