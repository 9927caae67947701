// SPDX-License-Identifier: Apache-2.0
import Authorization

// What a record says of risk: how much each signal gave, and what threat lists say.
extension JSONBuffer {
    /// `"signals":{"identity":12.5,...}`, left out when the policy names none.
    mutating func writeSignals(_ decision: Decision) {
        guard !decision.signals.isEmpty else { return }
        let start = length
        beginObject("signals")
        for index in 0..<decision.signals.count {
            let mark = mark
            signal(decision.signals[index])
            if length - start > RecordLimits.list {
                goBack(to: mark)
                break
            }
        }
        endObject()
    }

    private mutating func signal(_ signal: RiskSignal) {
        value(signal.name, limit: RecordLimits.name)
        colon()
        hundredths(signal.hundredths)
    }

    /// Left out where a mask hides what entries of a list would tell again.
    mutating func writeThreat(_ threat: Bytes, _ mask: RecordMask.Parts) {
        guard !threat.isEmpty, mask.isDisjoint(with: [.host, .path, .arguments]) else { return }
        guard room >= threat.count + RecordLimits.reserve else {
            isCut = true
            return
        }
        key("threat")
        json(threat)
    }
}
