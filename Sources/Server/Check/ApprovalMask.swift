// SPDX-License-Identifier: Apache-2.0
import DecisionLog
import PDP

extension ApprovalSummary.Parts {
    /// What is masked in a decision's record and stands in the record of its approval too.
    init(_ masked: RecordMask.Parts) {
        self = []
        if masked.contains(.operation) { insert(.operation) }
        if masked.contains(.tool) { insert(.tool) }
        if masked.contains(.resource) { insert(.resource) }
        if masked.contains(.host) { insert(.host) }
        if masked.contains(.path) { insert(.path) }
        if masked.contains(.principals) { insert(.principals) }
        if masked.contains(.session) { insert(.session) }
    }
}
