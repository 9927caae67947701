// SPDX-License-Identifier: Apache-2.0

import RegoCompiler
import TestSupport
import Yams

/// One of OPA's compile cases: modules, and the diagnostics that they must get.
struct CompileCase: Decodable {
    struct File: Decodable {
        let cases: [CompileCase]
    }

    struct Wanted: Decodable, Hashable {
        let code: String
        let row: Int32
        let col: Int32
        let message: String
    }

    let note: String
    let modules: [String]
    let wantErrors: [Wanted]
    let exhaustive: Bool?
    let printStatements: Bool?
    let regoVersion: String?

    enum CodingKeys: String, CodingKey {
        case note, modules, exhaustive
        case wantErrors = "want_errors"
        case printStatements = "print_statements"
        case regoVersion = "rego_version"
    }

    static func all() throws -> [CompileCase] {
        var result: [CompileCase] = []
        for version in ["v0", "v1"] {
            let folder = "rego/compilecases/\(version)"
            for group in try SharedFolder.list(folder) {
                for name in try SharedFolder.list("\(folder)/\(group)")
                where name.hasSuffix(".yaml") {
                    let text = try SharedFolder.text("\(folder)/\(group)/\(name)")
                    result += try YAMLDecoder().decode(File.self, from: text).cases
                }
            }
        }
        return result
    }

    /// What the compiler says; empty when the modules compile.
    func diagnostics() -> [Wanted] {
        var options = Compiler.Options()
        options.keepsPrint = printStatements ?? false
        do throws(CompilationFailure) {
            var parsed: [Module] = []
            for (index, text) in modules.enumerated() {
                let source = Source(name: "test-\(index).rego", text: text)
                parsed.append(
                    try Parser.parse(
                        source, file: Int32(index), version: regoVersion == "v0" ? .v0 : .v1))
            }
            _ = try Compiler(options: options).compile(parsed)
            return []
        } catch {
            return error.diagnostics.map {
                Wanted(
                    code: $0.code.rawValue, row: $0.location.row, col: $0.location.column,
                    message: DiagnosticRenderer.message($0))
            }
        }
    }
}
