// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PolicyBundle
import RegoCompiler
import RegoVM

struct DisassembleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disassemble", abstract: "Print the instructions that policies compile to.",
        discussion: "portcullis disassemble --source policies")

    @Argument(help: "Policies and data: files and folders.")
    var paths: [String]

    @Flag(name: .long, help: "Show where each instruction comes from.")
    var source = false

    func run() throws {
        let (output, sources) = try CompiledPaths.compile(paths, Compiler.Options())
        let options = Disassembler.Options(sources: source ? sources : nil)
        Output.print(Disassembler.text(output.program, options: options))
    }
}

struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Tell how policies are compiled.",
        subcommands: [Index.self])

    struct Index: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "index",
            abstract: "Tell which rules are found by index, and why others are not.",
            discussion: "portcullis explain index policies")

        @Argument(help: "Policies and data: files and folders.")
        var paths: [String]

        func run() throws {
            var options = Compiler.Options()
            options.explainsIndex = true
            let (output, sources) = try CompiledPaths.compile(paths, options)
            Output.print(output.indexExplanation?.text(sources: sources) ?? "")
        }
    }
}

/// Policies named on the command line, compiled.
enum CompiledPaths {
    /// - Returns: the compiler's output and the sources' names; says what is wrong and ends with 3
    ///   otherwise.
    static func compile(
        _ paths: [String], _ options: Compiler.Options
    ) throws -> (Compiler.Output, [String]) {
        var policies: [Source] = []
        do {
            policies = try PolicyLoader().load(paths).policies
            var options = options
            options.sourceNames = policies.map(\.name)
            let modules = try policies.enumerated().map {
                try Parser.parse($0.element, file: Int32($0.offset))
            }
            return (try Compiler(options: options).compile(modules), policies.map(\.name))
        } catch let failure as LoadFailure {
            Output.error(failure.errors.map(\.description).joined(separator: "\n") + "\n")
        } catch let failure as CompilationFailure {
            Output.error(DiagnosticRenderer(policies, style: .full).render(failure) + "\n")
        }
        throw Invalid()
    }
}
