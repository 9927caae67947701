// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Authorization
import Inspection

/// Enforces what was taken from an agent, before any policy runs: no policy lifts a restriction.
enum Restrictions {
    /// The refusal that a restriction demands for this action; nil when it may go on to the policy.
    static func refusal(_ facts: ActionFacts, _ snapshot: AgentSnapshot) -> Reason? {
        var refusal: Reason?
        snapshot.forEachRestriction { name in
            if refusal == nil { refusal = Self.refusal(name, facts) }
        }
        return refusal
    }

    /// The same for restrictions that this very decision brings.
    static func refusal(_ facts: ActionFacts, _ restrictions: [Restriction]) -> Reason? {
        for restriction in restrictions {
            if let refusal = refusal(restriction.name, facts) { return refusal }
        }
        return nil
    }

    private static func refusal(_ name: Bytes, _ facts: ActionFacts) -> Reason? {
        if name.equals("isolate") {
            return Reason(code: Bytes("agent_isolated"), message: Bytes("this agent is isolated"))
        }
        if name.equals("read_only"), facts.effect != .read {
            return Reason(
                code: Bytes("agent_read_only"), message: Bytes("this agent may only read"))
        }
        if name.equals("no_egress"), facts.reachesOutside {
            return Reason(
                code: Bytes("agent_no_egress"), message: Bytes("this agent may not call outside"))
        }
        if name.equals("no_delegation"), facts.delegates {
            return Reason(
                code: Bytes("agent_no_delegation"), message: Bytes("this agent may not delegate"))
        }
        if let tool = name.suffix(after: "no_tool:"), facts.calls(tool) {
            return Reason(
                code: Bytes("agent_tool_disabled"),
                message: Bytes("this tool is disabled for this agent"))
        }
        return nil
    }

    /// Scopes that `strip_scopes:<a>,<b>` restrictions take from every request of the agent.
    static func strippedScopes(_ snapshot: AgentSnapshot, _ body: (Bytes) -> Void) {
        snapshot.forEachRestriction { name in
            guard let list = name.suffix(after: "strip_scopes:") else { return }
            var start = 0
            for index in 0...list.count
            where index == list.count || list[index] == UInt8(ascii: ",") {
                if index > start { body(list[start..<index]) }
                start = index + 1
            }
        }
    }
}
