// SPDX-License-Identifier: Apache-2.0
import Authorization
import Inspection
import RegoCompiler
import RegoVM

@testable import PDP

/// A decision point whose policy is one rule, `decision` of package `p`.
final class Point {
    let evaluation = Evaluation()
    let point: DecisionPoint
    let decision = Decision()

    init(_ rule: String) throws {
        let source = Source(name: "p.rego", text: "package p\n\n" + rule)
        let output = try Compiler().compile([try Parser.parse(source, file: 0)])
        let policy = try Policy.load(
            program: output.program, data: .emptyObject, revision: "r", owners: [output.owner])
        var settings = DecisionPoint.Settings(
            inspector: Inspector(internalDestinations: try InternalDestinations(["internal"])))
        settings.decisionHeader = ""
        point = DecisionPoint(
            try PolicySnapshot(policy: policy, entrypoint: "p/decision", allowed: []),
            settings: settings, evaluation: evaluation)
    }

    /// What the policy answers as its first reason's message.
    func answer(_ request: CheckedRequest) -> String {
        evaluation.begin(now: 1)
        decision.reset()
        point.begin(request.context)
        point.decide(request.context, nil, into: decision)
        let reason = decision.reasons.first
        return (reason?.message.string ?? "").isEmpty
            ? reason?.code.string ?? "" : reason?.message.string ?? ""
    }
}
