// SPDX-License-Identifier: Apache-2.0

import RegoVM

extension FunctionGenerator {
    /// Generates a query: an array of solutions, each an array of its variables' values.
    /// - Returns: the variables' names.
    mutating func query(_ clause: ResolvedClause) -> [String] {
        variables = clause.variables
        let exported = clause.variables.names.indices.filter {
            clause.variables.depths[$0] == 0 && !clause.variables.names[$0].hasPrefix("$")
        }
        let result = emitter.register()
        let end = emitter.label()
        emitter.emit(.open, a: result, b: 2)
        let point = observeQuery(clause)
        body(clause.body, fail: end) { generator in
            let first = generator.emitter.registers(exported.count)
            for (offset, id) in exported.enumerated() {
                let value = generator.locals[id] ?? generator.builder.constant(.null)
                generator.emitter.emit(.move, a: first + offset, b: value)
            }
            let solution = generator.emitter.register()
            generator.emitter.emit(.makeArray, a: solution, b: first, c: exported.count)
            generator.emitter.emit(.arrayAppend, a: result, b: solution)
            generator.observe(.holds, point)
            generator.observe(.again, point)
        }
        emitter.place(end)
        emitter.emit(.close, a: result)
        emitter.emit(.returnValue, b: result)
        return exported.map { clause.variables.names[$0] }
    }
}
