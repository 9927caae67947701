// SPDX-License-Identifier: Apache-2.0
import AgentContext
import ArgumentParser
import Authorization
import ExtAuthz
import Inspection
import PDP
import RegoCompiler
import RegoVM

struct InputCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "input", abstract: "Print the `input` document that policies see for a check.",
        discussion: """
            Takes a CheckRequest as it is on the wire, or as JSON. The context is that of an agent \
            that was never seen.

            portcullis input check.json | portcullis eval -d policies -I data.routes.tools.decision
            """)

    @OptionGroup var configuration: ConfigurationOption

    @Flag(name: .long, help: "Only what OPA-Envoy's document has.")
    var envoyOnly = false

    @Argument(help: "A file with a CheckRequest; `-` for standard input.")
    var file: String

    func run() throws {
        let settings = try configuration.load()
        let message: [UInt8]
        do {
            message = try CheckFile.message(try InputBytes.read(file), name: file)
        } catch {
            throw Failure.report(error)
        }
        let arena = Arena()
        defer { arena.destroy() }
        try message.withUnsafeBytes { bytes in
            let context = AttributeContext()
            do throws(CheckRequestError) {
                try CheckRequestReader.read(bytes, into: context)
            } catch {
                Output.error("\(file): \(error)\n")
                throw ExitCode(ExitStatus.invalid)
            }
            try print(context, settings, arena)
        }
    }

    private func print(
        _ context: AttributeContext, _ settings: Configuration, _ arena: Arena
    ) throws {
        let output = try Compiler().compile([])
        let policy = Policy(
            program: output.program, data: .emptyObject, revision: "", owners: [output.owner])
        let plain = CheckInput()
        plain.begin(context)
        let sections = envoyOnly ? [] : try additions(context, plain, settings, arena)
        let input = CheckInput(sections: sections)
        input.bind(InputBinding(policy, sections: sections.map { "\($0.name)" }))
        input.begin(context)
        let document = input.whole(in: arena)
        if let failure = input.failure {
            Output.error("\(file): \(failure.code.message) (\(failure.code.text))\n")
            throw ExitCode(ExitStatus.invalid)
        }
        var json = IndentedJSON()
        json.value(document)
        Output.print(json.text + [UInt8(ascii: "\n")])
    }

    private func additions(
        _ context: AttributeContext, _ plain: CheckInput, _ settings: Configuration, _ arena: Arena
    ) throws -> [InputSection] {
        let inspector = Inspector(
            internalDestinations: try InternalDestinations(settings.internalDestinations))
        let identifier = AgentIdentifier(
            key: settings.agents.key, trustDomains: settings.agents.trustDomains)
        let header = ScopeHeader(name: settings.scopes.header, separator: settings.scopes.separator)
        let scopes = header.scopes(context, arena: arena)
        let metadata = plain.metadata(Bytes(TokenClaims.metadataNamespace), in: arena)
        let identity = identifier.identify(context, CertificateMemory())
        let principals = Principals(
            identity, context, TokenClaims(context, metadata: metadata, arena: arena), arena: arena)
        let facts = inspector.inspect(
            context, arena: arena, readMetadata: { plain.metadata($0, in: arena) },
            readBody: { plain.bodyReading(in: arena) })
        let agent = AgentSnapshot()
        agent.clear(0)
        return [
            FixedSection("agent", identity.value(scopes: scopes, principals, in: arena)),
            FixedSection("action", facts.value(in: arena)),
            FixedSection("context", agent.value(in: arena)),
        ]
    }
}

/// A part of `input` that is there already.
private final class FixedSection: InputSection {
    private let content: Value

    init(_ name: String, _ content: Value) {
        self.content = content
        super.init(name: name)
    }

    override func value(in arena: Arena) -> Value { content }
    override func value(of key: Value, in arena: Arena) -> Value { content[key] }
}
