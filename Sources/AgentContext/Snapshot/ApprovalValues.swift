// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// `input.context.approvals`
extension AgentSnapshot {
    /// How often the agent's requests were `requested`, `granted`, `denied` and `used`, and
    /// `items`: its approvals that are remembered, the newest first. They are looked up only for
    /// an agent that ever had one.
    func approvalsValue(_ arena: Arena) -> Value {
        let counts = isPresent ? content.pointee.state.approvals : ApprovalCounts()
        let builder = CollectionBuilder.object(in: arena, capacity: 5)
        builder.insert(.string("requested"), .integer(Int(counts.requested)))
        builder.insert(.string("granted"), .integer(Int(counts.granted)))
        builder.insert(.string("denied"), .integer(Int(counts.denied)))
        builder.insert(.string("used"), .integer(Int(counts.used)))
        builder.insert(
            .string("items"), counts.requested == 0 ? .emptyArray : approvalItems(arena))
        return builder.finish()
    }

    private func approvalItems(_ arena: Arena) -> Value {
        guard let approvals else { return .emptyArray }
        var filter = ApprovalFilter()
        filter.agent = content.pointee.agent.string
        filter.limit = Limits.approvalsOfAgent
        let found = approvals.approvals(filter, now: content.pointee.now)
        let memory = arena.values(found.count)
        for (index, approval) in found.enumerated() {
            let item = CollectionBuilder.object(in: arena, capacity: 6)
            item.insert(.string("id"), arena.string(approval.id))
            item.insert(.string("state"), arena.string(approval.state.rawValue))
            item.insert(.string("digest"), arena.string(approval.digest))
            item.insert(.string("summary"), arena.string(approval.summary))
            item.insert(.string("requested"), Self.seconds(approval.requested))
            item.insert(.string("expires"), Self.seconds(approval.expires))
            memory[index] = item.finish()
        }
        return .array(sharing: memory, count: found.count)
    }
}
