// SPDX-License-Identifier: Apache-2.0

import RegoCompiler

/// Compiles texts and gives what is wrong with them as one line each: `row:column code: message`.
enum Compiling {
    static func errors(
        _ modules: [String], version: RegoVersion = .v1, query: String? = nil,
        _ configure: (inout Compiler.Options) -> Void = { _ in }
    ) -> [String] {
        failure(modules, version: version, query: query, configure).map {
            "\($0.location.row):\($0.location.column) \($0.code.rawValue): "
                + DiagnosticRenderer.message($0)
        }
    }

    static func failure(
        _ modules: [String], version: RegoVersion = .v1, query: String? = nil,
        _ configure: (inout Compiler.Options) -> Void = { _ in }
    ) -> [Diagnostic] {
        var options = Compiler.Options()
        options.sourceNames = modules.indices.map { "test-\($0).rego" }
        configure(&options)
        do throws(CompilationFailure) {
            var parsed: [Module] = []
            for (index, text) in modules.enumerated() {
                let source = Source(name: "test-\(index).rego", text: text)
                parsed.append(try Parser.parse(source, file: Int32(index), version: version))
            }
            let body = try query.map { (text) throws(CompilationFailure) in
                try Parser.parseBody(Source(name: "query", text: text), file: Int32(modules.count))
            }
            _ = try Compiler(options: options).compile(parsed, query: body)
            return []
        } catch {
            return error.diagnostics
        }
    }

    /// What is wrong with the rules below `package test`, whose row is 1.
    static func errors(in rules: String, _ configure: (inout Compiler.Options) -> Void = { _ in })
        -> [String]
    {
        errors(["package test\n\(rules)"], configure)
    }
}
