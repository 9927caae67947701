// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Authorization

/// What an operation must look like before it is recorded.
enum OperationRules {
    static func agent(_ id: String) throws(OperationFailure) {
        guard !id.isEmpty else { throw invalid("expected the id of an agent") }
    }

    static func restriction(_ name: String) throws(OperationFailure) {
        guard RestrictionName.isKnown(name) else {
            throw invalid("expected \(RestrictionName.list), got `\(name)`")
        }
        guard name.utf8.count <= Limits.markNameBytes else {
            throw invalid("expected at most \(Limits.markNameBytes) bytes for a restriction")
        }
    }

    static func seconds(_ seconds: Int64) throws(OperationFailure) {
        guard (1...Limits.markSeconds).contains(seconds) else {
            throw invalid("expected 1 to \(Limits.markSeconds) seconds, got \(seconds)")
        }
    }

    static func signal(_ signal: AgentSignal) throws(OperationFailure) {
        try agent(signal.agent)
        try seconds(signal.seconds)
        guard (0...100).contains(signal.severity), (0...100).contains(signal.confidence) else {
            throw invalid("expected 0 to 100 for severity and confidence")
        }
        let isWord = signal.kind.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || byte == UInt8(ascii: "_")
        }
        guard isWord, (1...Limits.signalKindBytes).contains(signal.kind.utf8.count) else {
            throw invalid("expected lower-case words joined by `_`, got `\(signal.kind)`")
        }
    }

    private static func invalid(_ message: String) -> OperationFailure {
        OperationFailure(.invalidArgument, message)
    }
}
