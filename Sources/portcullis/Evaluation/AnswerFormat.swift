// SPDX-License-Identifier: Apache-2.0
import RegoVM

/// How an answer is printed; the words are those of `opa eval --format`.
enum AnswerFormat: String, CaseIterable {
    case json
    case pretty
    case raw
    case values
    case bindings
    case discard

    /// What goes to standard output, and what to standard error.
    struct Printed {
        var output: [UInt8] = []
        var errors: [UInt8] = []
    }

    func printed(_ answer: QueryAnswer) -> Printed {
        switch self {
        case .json:
            Printed(
                output: document { json in
                    Self.write(answer, to: &json)
                    answer.report.write(to: &json)
                })
        case .discard:
            Printed(
                output: document { json in
                    if answer.isDefined {
                        json.key("result")
                        json.string("discarded")
                    }
                    answer.report.write(to: &json)
                })
        case .values: Printed(output: answer.solutions.flatMap(Self.values))
        case .bindings: Printed(output: answer.solutions.flatMap(Self.bindings))
        case .raw: Printed(output: answer.solutions.flatMap(Self.raw))
        case .pretty:
            Printed(
                output: Array(answer.report.explanationText.utf8) + Self.pretty(answer)
                    + Array(answer.report.tables.utf8))
        }
    }

    func printed(_ failure: QueryFailure) -> Printed {
        switch self {
        case .json, .discard: Printed(output: document { Self.write(failure, to: &$0) })
        default: Printed(errors: Array((failure.text + "\n").utf8))
        }
    }

    private func document(_ body: (inout IndentedJSON) -> Void) -> [UInt8] {
        var json = IndentedJSON()
        json.object(body)
        return json.text + [UInt8(ascii: "\n")]
    }

    private static func line(_ value: (inout IndentedJSON) -> Void) -> [UInt8] {
        var json = IndentedJSON()
        value(&json)
        return json.text + [UInt8(ascii: "\n")]
    }

    private static func write(_ answer: QueryAnswer, to json: inout IndentedJSON) {
        guard answer.isDefined else { return }
        json.key("result")
        json.array { json in
            for solution in answer.solutions {
                json.element()
                write(solution, to: &json)
            }
        }
    }

    private static func write(_ solution: QueryAnswer.Solution, to json: inout IndentedJSON) {
        json.object { json in
            json.key("expressions")
            json.array { json in
                for expression in solution.expressions {
                    json.element()
                    write(expression, to: &json)
                }
            }
            guard !solution.bindings.isEmpty else { return }
            json.key("bindings")
            write(solution.bindings, to: &json)
        }
    }

    private static func write(
        _ expression: QueryAnswer.ExpressionValue, to json: inout IndentedJSON
    ) {
        json.object { json in
            json.key("value")
            json.value(expression.value)
            json.key("text")
            json.string(expression.text)
            json.key("location")
            json.object { json in
                json.key("row")
                json.integer(expression.row)
                json.key("col")
                json.integer(expression.column)
            }
        }
    }

    private static func write(
        _ bindings: [(name: String, value: Value)], to json: inout IndentedJSON
    ) {
        json.object { json in
            for (name, value) in bindings {
                json.key(name)
                json.value(value)
            }
        }
    }

    private static func write(_ failure: QueryFailure, to json: inout IndentedJSON) {
        json.key("errors")
        json.array { json in
            for entry in failure.entries {
                json.element()
                json.object { json in
                    json.key("message")
                    json.string(entry.message)
                    if !entry.code.isEmpty {
                        json.key("code")
                        json.string(entry.code)
                    }
                    guard entry.row > 0 else { return }
                    json.key("location")
                    json.object { json in
                        json.key("file")
                        json.string(entry.file)
                        json.key("row")
                        json.integer(entry.row)
                        json.key("col")
                        json.integer(entry.column)
                    }
                    guard let line = entry.line else { return }
                    json.key("details")
                    json.object { json in
                        json.key("line")
                        json.string(line.text)
                        json.key("idx")
                        json.integer(line.index)
                    }
                }
            }
        }
    }

    private static func values(_ solution: QueryAnswer.Solution) -> [UInt8] {
        line { json in
            json.array { json in
                for expression in solution.expressions {
                    json.element()
                    json.value(expression.value)
                }
            }
        }
    }

    private static func bindings(_ solution: QueryAnswer.Solution) -> [UInt8] {
        line { write(solution.bindings, to: &$0) }
    }

    private static func raw(_ solution: QueryAnswer.Solution) -> [UInt8] {
        let texts = solution.expressions.map { $0.value.asString ?? $0.value.description }
        return Array((texts.joined(separator: " ") + "\n").utf8)
    }

    private static func pretty(_ answer: QueryAnswer) -> [UInt8] {
        guard let first = answer.solutions.first else { return Array("undefined\n".utf8) }
        let areBooleans = first.expressions.allSatisfy { $0.value.kind == .boolean }
        if answer.solutions.count == 1, first.bindings.isEmpty, let only = first.expressions.first,
            first.expressions.count == 1 || areBooleans
        {
            return line { $0.value(only.value) }
        }
        return Array(AnswerTable(answer).text.utf8)
    }
}

/// Solutions as a table: a column for each variable, and for each expression that is not just
/// true.
struct AnswerTable {
    let text: String

    init(_ answer: QueryAnswer) {
        let first = answer.solutions[0]
        let columns = first.expressions.indices.filter { index in
            answer.solutions.contains { $0.expressions[index].value.kind != .boolean }
        }
        let heads = first.bindings.map(\.name) + columns.map { first.expressions[$0].text }
        let rows = answer.solutions.map { solution in
            solution.bindings.map { $0.value.description }
                + columns.map { solution.expressions[$0].value.description }
        }
        text = TextTable(heads: heads, rows: rows).text
    }
}

/// Cells in columns, with rules around them.
struct TextTable {
    let text: String

    /// - Parameter rows: as many cells each as `heads` has.
    init(heads: [String], rows: [[String]]) {
        let widths = heads.indices.map { column in
            ([heads] + rows).map { $0[column].count }.max() ?? 0
        }
        let rule = "+" + widths.map { String(repeating: "-", count: $0 + 2) + "+" }.joined()
        func line(_ cells: [String]) -> String {
            "|"
                + zip(cells, widths).map { cell, width in
                    " " + cell + String(repeating: " ", count: width - cell.count) + " |"
                }.joined()
        }
        text = ([rule, line(heads), rule] + rows.map(line) + [rule, ""]).joined(separator: "\n")
    }
}
