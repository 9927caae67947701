// SPDX-License-Identifier: Apache-2.0

/// What validation found.
struct JSONSchemaResult {
    struct Failure {
        /// Stable name, such as `invalid_type`.
        var type: StaticString
        /// `(Root)`, or the path below it.
        var field: String
        var description: String
    }

    private(set) var failures: [Failure] = []
    /// How much of a schema fitted: picks the failures of the nearest alternative.
    private(set) var score = 0

    var isValid: Bool { failures.isEmpty }

    mutating func fail(_ type: StaticString, _ path: JSONSchemaPath, _ description: String) {
        score -= 2
        guard failures.count < Limits.schemaFailures else { return }
        failures.append(Failure(type: type, field: path.text, description: description))
    }

    mutating func merge(_ other: JSONSchemaResult) {
        score += other.score
        failures += other.failures.prefix(max(0, Limits.schemaFailures - failures.count))
    }

    mutating func advance() { score += 1 }

    func describe(_ evaluation: Evaluation) -> Value {
        evaluation.array(
            failures.map { failure in
                evaluation.object([
                    ("error", evaluation.string("\(failure.field): \(failure.description)")),
                    ("type", .string(failure.type)), ("field", evaluation.string(failure.field)),
                    ("desc", evaluation.string(failure.description)),
                ])
            })
    }
}

/// Where validation stands in a document.
indirect enum JSONSchemaPath {
    case root
    case member(Value, of: JSONSchemaPath)
    case element(Int, of: JSONSchemaPath)

    var text: String {
        switch self {
        case .root: "(Root)"
        case .member(let key, let parent): parent.prefix + (key.asString ?? key.description)
        case .element(let index, let parent): parent.prefix + String(index)
        }
    }

    private var prefix: String {
        if case .root = self { return "" }
        return text + "."
    }
}
