// SPDX-License-Identifier: Apache-2.0
import Foundation
import RegoCompiler
import TestSupport
import Testing

/// Every module, query and input term of OPA's cases must be read.
@Suite struct SyntaxConformanceTests {
    struct Case: Decodable {
        var file: String
        var index: Int
        var query: String
        var modules: [String]?
        var inputTerm: String?

        var id: String { "\(file)#\(index)" }
    }

    @Test(arguments: [RegoVersion.v0, .v1])
    func readsEveryCase(_ version: RegoVersion) throws {
        let path = version == .v0 ? "rego/cases-v0.json" : "rego/cases-v1.json"
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let cases = try decoder.decode([Case].self, from: Data(SharedFolder.read(path)))
        #expect(cases.count > 1_000)
        for keywords in [FutureKeywords(), .not] {
            let failures = cases.flatMap { Self.failures(of: $0, version, keywords) }
            #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
        }
    }

    static func failures(
        of test: Case, _ version: RegoVersion, _ keywords: FutureKeywords
    ) -> [String] {
        var failures: [String] = []
        func attempt(_ text: String, _ read: (Source) throws(CompilationFailure) -> Void) {
            let source = Source(name: test.id, text: text)
            do {
                try read(source)
            } catch {
                failures.append(DiagnosticRenderer([source]).render(error))
            }
        }
        for module in test.modules ?? [] {
            attempt(module) { (source) throws(CompilationFailure) in
                _ = try Parser.parse(source, file: 0, version: version, keywords: keywords)
            }
        }
        attempt(test.query) { (source) throws(CompilationFailure) in
            _ = try Parser.parseBody(source, version: version, keywords: keywords)
        }
        if let term = test.inputTerm {
            attempt(term) { (source) throws(CompilationFailure) in
                _ = try Parser.parseTerm(source, version: version)
            }
        }
        return failures
    }
}
