// SPDX-License-Identifier: Apache-2.0
import Authorization
import Cryptography

/// The record of kind `loss`: how many decisions have no record, from when to when, and why.
enum LossRecord {
    /// - Parameter time: of the record, in nanoseconds since 1970-01-01T00:00:00Z.
    static func encode(_ loss: LossLedger.Loss, time: Int64) -> [UInt8] {
        var json = JSONBuffer(capacity: DecisionLogLimits.lossRecordBytes)
        json.beginObject()
        json.key("v")
        json.value(RecordWriter.version)
        json.key("kind")
        json.value("loss")
        json.key("time")
        json.time(time)
        json.key("id")
        json.value(makeID(time))
        json.key("loss")
        json.write(loss)
        json.endObject()
        return Array(json.bytes.buffer)
    }

    private static func makeID(_ time: Int64) -> DecisionID {
        DecisionID(time: time, random: (try? SecureRandom.words()) ?? (0, 0))
    }
}

extension JSONBuffer {
    fileprivate mutating func write(_ loss: LossLedger.Loss) {
        beginObject()
        key("decisions")
        value(loss.decisions)
        key("early")
        value(loss.early)
        key("from")
        time(loss.from)
        key("to")
        time(loss.to)
        key("reasons")
        beginArray()
        for (code, count) in loss.reasons.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            beginObject()
            key("code")
            Array(code.rawValue.utf8).withUnsafeBytes { value(Bytes($0), limit: RecordLimits.name) }
            key("decisions")
            value(count)
            endObject()
        }
        endArray()
        endObject()
    }
}
