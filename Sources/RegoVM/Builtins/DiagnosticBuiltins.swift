// SPDX-License-Identifier: Apache-2.0

/// What policies say to people: `print`, `trace` and interpolated strings.
enum DiagnosticBuiltins {
    static let all: [Builtin] = [
        Builtin("internal.print", "array[set[any]] -> ", .situated) {
            evaluation, operands throws(BuiltinError) in
            guard evaluation.printer != nil else { return .true }
            var lines = Lines(parts: try operands.array(0), separator: " ", evaluation: evaluation)
            try lines.write { evaluation.printer?(String(decoding: $0, as: UTF8.self)) }
            return .true
        },
        Builtin("internal.template_string", "array[any] -> string") {
            evaluation, operands throws(BuiltinError) in
            var lines = Lines(parts: try operands.array(0), separator: "", evaluation: evaluation)
            var result = Value.undefined
            var count = 0
            try lines.write { line in
                result = evaluation.arena.string(copying: line)
                count += 1
            }
            guard count <= 1 else {
                throw .failed("template-strings must not produce multiple outputs")
            }
            return result
        },
        Builtin("trace", "string -> boolean", .situated) {
            evaluation, operands throws(BuiltinError) in
            let text = try operands.string(0)
            evaluation.noteTaker?(String(decoding: text.bytes, as: UTF8.self))
            return .true
        },
    ]
}

/// The texts of a list whose parts are values or sets of values: one for each choice of members. An
/// empty set stands for what is undefined.
private struct Lines {
    private static let lineLimit = 10_000

    let parts: Value
    let separator: StaticString
    let evaluation: Evaluation
    private var count = 0

    init(parts: Value, separator: StaticString, evaluation: Evaluation) {
        self.parts = parts
        self.separator = separator
        self.evaluation = evaluation
    }

    mutating func write(_ body: (UnsafeBufferPointer<UInt8>) -> Void) throws(BuiltinError) {
        let chosen = try evaluation.values(parts.count)
        try choose(0, chosen, body)
    }

    private mutating func choose(
        _ index: Int, _ chosen: UnsafeMutablePointer<Value>,
        _ body: (UnsafeBufferPointer<UInt8>) -> Void
    ) throws(BuiltinError) {
        var index = index
        // Only sets of several members need another level.
        while index < parts.count {
            let part = parts.elements[index]
            switch part.kind {
            case .set where part.count > 1:
                for member in part.elements {
                    chosen[index] = member
                    try choose(index + 1, chosen, body)
                }
                return
            case .set: chosen[index] = part.elements.first ?? .undefined
            case .array, .object, .undefined, .builder:
                throw .failed("illegal argument type: \(part.typeName)")
            default: chosen[index] = part
            }
            index += 1
        }
        count += 1
        guard count <= Self.lineLimit, !evaluation.arena.isExhausted else {
            throw BuiltinError(.limit, "more than \(Self.lineLimit) lines in one call")
        }
        var line = ByteBuilder(evaluation.arena)
        for index in 0..<parts.count {
            if index > 0 { line.append(separator) }
            if chosen[index].isUndefined {
                line.append("<undefined>")
            } else {
                RegoText.appendBare(chosen[index], to: &line)
            }
        }
        body(line.bytes)
    }
}
