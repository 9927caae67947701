// SPDX-License-Identifier: Apache-2.0

/// Times of the steps of an evaluation in nanoseconds, under OPA's names.
struct EvaluationMetrics {
    enum Timer: String {
        case loadFiles = "timer_rego_load_files_ns"
        case inputParse = "timer_rego_input_parse_ns"
        case moduleParse = "timer_rego_module_parse_ns"
        /// Modules and query are compiled together, so it holds the query's part too.
        case moduleCompile = "timer_rego_module_compile_ns"
        case queryParse = "timer_rego_query_parse_ns"
        /// Linking the program with the data.
        case queryCompile = "timer_rego_query_compile_ns"
        case queryEval = "timer_rego_query_eval_ns"
    }

    private(set) var values: [String: UInt64] = [:]
    private let clock = ContinuousClock()

    /// Adds what `work` takes to a timer.
    mutating func time<Result, Failure: Error>(
        _ timer: Timer, _ work: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let started = clock.now
        defer { values[timer.rawValue, default: 0] += (clock.now - started).nanoseconds }
        return try work()
    }

    /// The stages of a compilation: `timer_compile_stage_safety_ns`.
    mutating func addStages(_ timings: [(stage: String, time: Duration)]) {
        for (stage, time) in timings {
            values["timer_compile_stage_\(stage)_ns"] = time.nanoseconds
        }
    }
}
