// SPDX-License-Identifier: Apache-2.0
import AgentContext
import DecisionLog
import Foundation
import Inspection
import Server
import Telemetry
import Yams

extension Configuration {
    /// Reads a file; without one, everything is as declared.
    static func load(_ path: String?) throws(ConfigurationFailure) -> Configuration {
        guard let path else { return try Configuration(yaml: "", file: "defaults") }
        let bytes: [UInt8]
        do throws(InputBytes.Unreadable) {
            bytes = try InputBytes.read(path)
        } catch {
            throw ConfigurationFailure(errors: [
                ConfigurationError(
                    file: path, row: 0, column: 0, message: error.reason,
                    hint: "without `--config` everything has its default")
            ])
        }
        return try Configuration(yaml: String(decoding: bytes, as: UTF8.self), file: path)
    }

    init(yaml: String, file: String) throws(ConfigurationFailure) {
        let root = Section(try Self.compose(yaml, file), file: file)
        self.init(root)
        let errors = root.finish()
        guard errors.isEmpty else { throw ConfigurationFailure(errors: errors) }
    }

    private static func compose(_ yaml: String, _ file: String) throws(ConfigurationFailure)
        -> Node?
    {
        let error: ConfigurationError
        do {
            return try Yams.compose(yaml: yaml)
        } catch YamlError.scanner(_, let problem, let mark, _),
            YamlError.parser(_, let problem, let mark, _),
            YamlError.composer(_, let problem, let mark, _)
        {
            error = ConfigurationError(
                file: file, row: mark.line, column: mark.column, message: problem)
        } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
            error = ConfigurationError(
                file: file, row: context.mark.line, column: context.mark.column,
                message: "key `\(keys.first ?? "")` occurs twice")
        } catch let other {
            error = ConfigurationError(
                file: file, row: 0, column: 0, message: "\(other)".lowercased())
        }
        throw ConfigurationFailure(errors: [error])
    }

    /// What `root` says; its errors are the section's.
    init(_ root: Section) {
        listen.read(root.section("listen"))
        let processors = ProcessInfo.processInfo.activeProcessorCount
        loops = root.integer("loops", min(max(1, processors), 256), in: 1...256)
        policies = root.list("policies", policies)
        if policies.isEmpty { root.reject("policies", "expected at least one file or folder") }
        isDataRequired = root.has("data")
        data = root.list("data", data)
        bundles.read(root.section("bundles"))
        let path = "a path such as `portcullis/authz/decision`"
        entrypoint = root.text("entrypoint", entrypoint, expected: path, Entrypoint.parse)
        routeEntrypoints = root.list(
            "route_entrypoints", routeEntrypoints, expected: path, Entrypoint.parse)
        scopes.read(root.section("scopes"))
        agents.read(root.section("agents"))
        internalDestinations = root.section("destinations").list(
            "internal", internalDestinations, expected: "a domain or an address range"
        ) { entry in (try? InternalDestinations([entry])) == nil ? nil : entry }
        let inspection = root.section("inspection")
        confidenceHeader = inspection.text(
            "confidence_header", confidenceHeader, expected: "a header name", HeaderName.parse)
        let words = Doubts.words.map { "`\($0)`" }.joined(separator: ", ")
        let denied = inspection.list(
            "deny", [deniedDoubts], expected: "one of \(words)", Doubts.init(word:))
        deniedDoubts = Doubts(denied)
        threat.read(root.section("threat"))
        approvals.read(root.section("approvals"))
        deferral.read(root.section("deferral"))
        log.read(root.section("log"))
        operators.read(root.section("operators"), log: log)
        responders = ResponderEntry.list(root, log: log)
        limits.read(root.section("limits"))
        network.read(root.section("network"))
        telemetry.read(root.section("telemetry"))
    }
}

/// Names of entrypoints.
enum Entrypoint {
    /// `a/b/c`, `a.b.c` and `data.a.b.c` all give `a.b.c`; nil for what is no path of names.
    static func parse(_ text: String) -> String? {
        var parts = text.split(
            omittingEmptySubsequences: false, whereSeparator: { $0 == "/" || $0 == "." })
        if parts.count > 1, parts.first == "data" { parts.removeFirst() }
        let isPath = parts.allSatisfy { part in
            !part.isEmpty
                && part.utf8.allSatisfy { byte in
                    byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
                        || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                        || (0x61...0x7A).contains(byte)
                }
        }
        return isPath ? parts.joined(separator: ".") : nil
    }
}

extension Doubts {
    init?(word: String) {
        guard let bit = Self.words.firstIndex(where: { "\($0)" == word }) else { return nil }
        self.init(rawValue: 1 << UInt32(bit))
    }
}
