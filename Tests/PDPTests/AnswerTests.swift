// SPDX-License-Identifier: Apache-2.0
import Authorization
import Testing

@testable import PDP

/// What a policy's answer is taken for.
@Suite struct AnswerTests {
    private struct Outcome {
        var isAllowed: Bool
        var reason: String
        var restrictions: [String]
    }

    private func decide(_ answer: String) throws -> Outcome {
        let point = try Point("# METADATA\n# entrypoint: true\ndecision := \(answer)")
        let request = try CheckedRequest(path: "/")
        _ = point.answer(request)
        return withExtendedLifetime((point, request)) {
            let reason = point.decision.reasons.first
            return Outcome(
                isAllowed: point.decision.isAllowed,
                reason: reason.map { "\($0.code.string): \($0.message.string)" } ?? "",
                restrictions: point.decision.restrictions.map { $0.name.string })
        }
    }

    @Test(arguments: [
        #"{"action": "restrict", "restrictions": [{"name": "readonly", "seconds": 5}]}"#,
        #"{"action": "restrict", "restrictions": [{"name": "no_tool", "seconds": 5}]}"#,
        #"{"action": "restrict", "restrictions": [{"name": "no_tool:", "seconds": 5}]}"#,
        #"{"action": "restrict", "restrictions": [{"name": "", "seconds": 5}]}"#,
    ])
    func aRestrictionThatNobodyKnowsIsNoDecision(_ answer: String) throws {
        let outcome = try decide(answer)
        #expect(!outcome.isAllowed)
        #expect(
            outcome.reason
                == "invalid_decision: the policy's decision has no usable `restrictions`")
    }

    @Test(arguments: [
        "read_only", "no_egress", "no_delegation", "no_tool:delete", "strip_scopes:a,b", "isolate",
    ])
    func restrictionsAreTaken(_ name: String) throws {
        let outcome = try decide(
            #"{"allowed": false, "restrictions": [{"name": "\#(name)", "seconds": 5}]}"#)
        #expect(outcome.restrictions == [name])
    }

    @Test(arguments: [
        (#"{"action": "allow", "allowed": true}"#, "", true),
        (#"{"action": "deny", "allowed": true}"#, "", false),
        (#"{"action": "allow", "allowed": false}"#, "`allowed`", false),
        (#"{"action": "restrict", "allowed": "yes"}"#, "`allowed`", false),
    ])
    func anAnswerThatContradictsItselfAllowsNothing(
        _ answer: String, _ part: String, _ isAllowed: Bool
    ) throws {
        let outcome = try decide(answer)
        #expect(outcome.isAllowed == isAllowed)
        #expect(outcome.reason.hasSuffix(part))
    }
}
