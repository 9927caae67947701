// SPDX-License-Identifier: Apache-2.0
import Authorization
import CText
import RegoVM

/// The rules that held in one loop's last decision, as a record has them.
///
/// Decisions about the same kind of request mostly hold by the same rules, so their names are
/// written only when others held than in the decision before.
struct RuleText: ~Copyable {
    /// Places in the entrypoint's rules: those of the text, and those that are found next.
    private var written: UnsafeMutablePointer<Int>
    private var found: UnsafeMutablePointer<Int>
    private let text: UnsafeMutablePointer<UInt8>
    private var count = 0
    private var length = 0
    /// Of whose rules the places are; nil when the text is nobody's.
    private var owner: UnsafePointer<Int>?

    init() {
        written = .allocate(capacity: Limits.recordedRules)
        found = .allocate(capacity: Limits.recordedRules)
        text = .allocate(capacity: Limits.recordedRuleBytes)
    }

    deinit {
        written.deallocate()
        found.deallocate()
        text.deallocate()
    }

    /// To be called before rules of another policy are asked for, which may lie where the last ones
    /// did.
    mutating func forget() { owner = nil }

    /// The names of those that held in the machine's last decision: one JSON array, empty bytes for
    /// none. Valid until the next call.
    mutating func read(_ rules: RecordedRules, _ machine: Machine) -> Bytes {
        let number = rules.findHeld(in: machine, found)
        if owner != rules.owner || number != count || !isWritten(number) {
            swap(&written, &found)
            count = number
            owner = rules.owner
            length = rules.write(UnsafeBufferPointer(start: written, count: number), to: text)
        }
        return Bytes(start: text, count: length)
    }

    private func isWritten(_ number: Int) -> Bool {
        for index in 0..<number where found[index] != written[index] { return false }
        return true
    }
}
