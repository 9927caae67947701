// SPDX-License-Identifier: Apache-2.0
import Authorization

// What a record says of risk: how much each signal gave, and what threat lists say.
extension JSONBuffer {
    /// `"signals":{"identity":12.5,...}`, left out when the policy names none.
    mutating func writeSignals(_ decision: Decision) {
        guard !decision.signals.isEmpty else { return }
        let start = count
        key("signals")
        beginObject()
        for index in 0..<decision.signals.count {
            let mark = mark
            signal(decision.signals[index])
            if count - start > RecordLimits.list {
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

    mutating func writeThreat(_ threat: Bytes) {
        guard !threat.isEmpty else { return }
        guard room >= threat.count + RecordLimits.reserve else {
            isCut = true
            return
        }
        key("threat")
        value(json: threat)
    }
}
