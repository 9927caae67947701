// SPDX-License-Identifier: Apache-2.0
import Authorization

extension JSONBuffer {
    /// `"approval"` of a decision: the one that it waits for or used up; left out without one.
    mutating func writeApproval(_ decision: Decision) {
        guard let approval = decision.approval else { return }
        beginObject("approval")
        key("id")
        value(approval.id)
        key("state")
        value(approval.isUsed ? "used" : "pending")
        endObject()
    }
}
