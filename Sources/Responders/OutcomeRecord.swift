// SPDX-License-Identifier: Apache-2.0
import Authorization
import Cryptography
import DecisionLog

// The outcome of a call as a record.
extension ResponderService {
    /// - Returns: false when the log does not take it.
    func record(
        _ call: Call, _ responder: Responder, _ status: Int, _ fault: CallFault?,
        _ writer: LogWriter
    ) -> Bool {
        let now = clock.wall()
        guard let id = Self.makeID(now) else {
            note(.outcome, "no random id for a responder's outcome")
            return false
        }
        let record = ResponderRecord(
            id: id, time: now, agent: call.incident.agent, responder: responder.name,
            cause: call.incident.record, restriction: call.incident.restriction,
            isDone: fault == nil, attempts: call.attempts, httpStatus: status,
            fault: fault?.text ?? "")
        do throws(LogError) {
            writer.discard()
            try record.encode { (bytes) throws(LogError) in try writer.append(bytes) }
            try writer.commit()
            note(.outcome, nil)
            return true
        } catch {
            note(.outcome, error.message)
            return false
        }
    }

    private static func makeID(_ now: Int64) -> DecisionID? {
        (try? SecureRandom.words()).map { DecisionID(time: now, random: $0) }
    }
}
