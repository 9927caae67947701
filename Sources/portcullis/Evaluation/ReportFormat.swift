// SPDX-License-Identifier: Apache-2.0
import RegoVM

/// Prints what was seen during an evaluation, in the shapes of `opa eval`.
extension EvaluationReport {
    /// Behind `result`, in the document of `--format json`.
    func write(to json: inout IndentedJSON) {
        if let metrics { write(metrics, to: &json) }
        if !explanation.isEmpty { writeExplanation(to: &json) }
        if let profile { write(profile, to: &json) }
        if let coverage { write(coverage, to: &json) }
    }

    private func write(_ metrics: EvaluationMetrics, to json: inout IndentedJSON) {
        json.key("metrics")
        json.object { json in
            for (name, value) in metrics.values.sorted(by: { $0.key < $1.key }) {
                json.key(name)
                json.integer(Int(clamping: value))
            }
        }
    }

    private func writeExplanation(to json: inout IndentedJSON) {
        json.key("explanation")
        json.array { json in
            for event in explanation {
                json.element()
                json.object { json in
                    json.key("Op")
                    json.string(event.operation.rawValue)
                    json.key("Node")
                    json.string(node(event))
                    json.key("Location")
                    writeLocation(position(event), to: &json)
                    json.key("QueryID")
                    json.integer(event.query)
                    json.key("ParentID")
                    json.integer(event.parent)
                    json.key("Message")
                    json.string(event.message)
                }
            }
        }
    }

    private func writeLocation(_ position: Program.Position, to json: inout IndentedJSON) {
        json.object { json in
            json.key("file")
            json.string(fileName(position.file))
            json.key("row")
            json.integer(Int(position.row))
            json.key("col")
            json.integer(Int(position.column))
        }
    }

    private func write(_ profile: [Profile.Line], to json: inout IndentedJSON) {
        json.key("profile")
        json.array { json in
            for line in profile {
                json.element()
                json.object { json in
                    json.key("total_time_ns")
                    json.integer(Int(clamping: line.nanoseconds))
                    json.key("num_eval")
                    json.integer(line.evaluations)
                    json.key("num_redo")
                    json.integer(line.redos)
                    json.key("num_gen_expr")
                    json.integer(line.expressions)
                    json.key("location")
                    writeLocation(line.position, to: &json)
                }
            }
        }
    }

    private func write(_ coverage: Coverage.Report, to json: inout IndentedJSON) {
        json.key("coverage")
        json.object { json in
            json.key("files")
            json.object { json in
                let named = coverage.files.map { (name: fileName($0.key), report: $0.value) }
                for file in named.sorted(by: { $0.name < $1.name }) {
                    json.key(file.name)
                    write(file.report, to: &json)
                }
            }
            json.key("covered_lines")
            json.integer(coverage.coveredLines)
            json.key("not_covered_lines")
            json.integer(coverage.notCoveredLines)
            json.key("coverage")
            json.percentage(coverage.coveredLines, coverage.notCoveredLines)
        }
    }

    /// As in OPA, what is empty or zero in a file's part is left out.
    private func write(_ file: Coverage.FileReport, to json: inout IndentedJSON) {
        json.object { json in
            for (key, ranges) in [("covered", file.covered), ("not_covered", file.notCovered)]
            where !ranges.isEmpty {
                json.key(key)
                json.array { json in
                    for range in ranges {
                        json.element()
                        json.object { json in
                            json.row("start", range.lowerBound)
                            json.row("end", range.upperBound)
                        }
                    }
                }
            }
            if file.coveredLines > 0 {
                json.key("covered_lines")
                json.integer(file.coveredLines)
            }
            if file.notCoveredLines > 0 {
                json.key("not_covered_lines")
                json.integer(file.notCoveredLines)
            }
            guard file.coveredLines > 0 else { return }
            json.key("coverage")
            json.percentage(file.coveredLines, file.notCoveredLines)
        }
    }

    /// `1.5ms`, as Go writes a duration below a minute.
    private static func duration(_ nanoseconds: UInt64) -> String {
        let value = Double(nanoseconds)
        switch nanoseconds {
        case ..<1_000: return "\(nanoseconds)ns"
        case ..<1_000_000: return "\(value / 1e3)µs"
        case ..<1_000_000_000: return "\(value / 1e6)ms"
        default: return "\(value / 1e9)s"
        }
    }

    /// Before an answer for people.
    var explanationText: String { explanationLines.map { $0 + "\n" }.joined() }

    /// Behind an answer for people.
    var tables: String {
        var text = ""
        if let metrics {
            let rows = metrics.values.sorted { $0.key < $1.key }.map { [$0.key, "\($0.value)"] }
            text += TextTable(heads: ["METRIC", "VALUE"], rows: rows).text
        }
        if let profile {
            let rows = profile.map { line in
                let name = fileName(line.position.file)
                return [
                    Self.duration(line.nanoseconds),
                    "\(line.evaluations)", "\(line.redos)", "\(line.expressions)",
                    "\(name.isEmpty ? "query" : name):\(line.position.row)",
                ]
            }
            let heads = ["TIME", "NUM EVAL", "NUM REDO", "NUM GEN EXPR", "LOCATION"]
            text += TextTable(heads: heads, rows: rows).text
        }
        if let coverage {
            let percentage = Coverage.percentage(
                coverage.coveredLines, coverage.notCoveredLines)
            text += "coverage: \(percentage)%\n"
        }
        return text
    }
}

extension IndentedJSON {
    fileprivate mutating func row(_ name: String, _ row: Int) {
        key(name)
        object { json in
            json.key("row")
            json.integer(row)
        }
    }

    fileprivate mutating func percentage(_ covered: Int, _ notCovered: Int) {
        let value = Coverage.percentage(covered, notCovered)
        value == value.rounded() ? integer(Int(value)) : number("\(value)")
    }
}
