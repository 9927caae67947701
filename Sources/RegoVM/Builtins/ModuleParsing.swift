// SPDX-License-Identifier: Apache-2.0

/// Reads policies for `rego.parse_module`. The compiler gives its programs one, since the engine
/// itself knows no syntax.
public protocol ModuleParsing: Sendable {
    /// The syntax tree of a module in OPA's JSON form.
    func document(
        of text: String, name: String, in arena: Arena
    ) throws(BuiltinError) -> Value
}

/// `rego.parse_module`
enum ModuleBuiltins {
    static let all: [Builtin] = [
        Builtin("rego.parse_module", "string, string -> object[string: any]") {
            evaluation, operands throws(BuiltinError) in
            let name = try operands.string(0).asString ?? ""
            let text = try operands.string(1).asString ?? ""
            guard let parser = evaluation.moduleParser else { throw .failed("no parser here") }
            return try parser.document(of: text, name: name, in: evaluation.arena)
        }
    ]
}
