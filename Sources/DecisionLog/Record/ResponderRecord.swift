// SPDX-License-Identifier: Apache-2.0
import Authorization

/// What became of a responder's call: the kind `responder` of `record.schema.json`. Not for the
/// path of a check.
public struct ResponderRecord {
    public var id: DecisionID
    /// Nanoseconds since 1970.
    public var time: Int64
    public var agent: String
    public var responder: String
    /// The record that started the restriction.
    public var cause: String
    public var restriction: String
    /// False when it was given up.
    public var isDone: Bool
    public var attempts: Int
    /// Of the last answer; 0 when there was none.
    public var httpStatus: Int
    /// Why the last attempt failed; empty when it did not.
    public var fault: String

    public init(
        id: DecisionID, time: Int64, agent: String, responder: String, cause: String,
        restriction: String, isDone: Bool, attempts: Int, httpStatus: Int, fault: String
    ) {
        self.id = id
        self.time = time
        self.agent = agent
        self.responder = responder
        self.cause = cause
        self.restriction = restriction
        self.isDone = isDone
        self.attempts = attempts
        self.httpStatus = httpStatus
        self.fault = fault
    }

    /// Calls `body` with the record, which is valid only inside of it.
    public func encode<Result, Failure: Error>(
        _ body: (Bytes) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var json = JSONBuffer(capacity: DecisionLogLimits.recordBytes)
        json.write(self)
        return try body(json.bytes)
    }
}

extension JSONBuffer {
    fileprivate mutating func write(_ record: ResponderRecord) {
        beginObject()
        key("v")
        value(RecordWriter.version)
        key("kind")
        value("responder")
        key("time")
        time(record.time)
        key("id")
        value(record.id)
        beginObject("agent")
        text("id", record.agent, RecordLimits.identity)
        endObject()
        beginObject("responder")
        text("name", record.responder, RecordLimits.name)
        text("record", record.cause, RecordLimits.name)
        text("restriction", record.restriction, RecordLimits.name)
        key("outcome")
        value(record.isDone ? "done" : "failed")
        key("attempts")
        value(record.attempts)
        if record.httpStatus > 0 {
            key("http_status")
            value(record.httpStatus)
        }
        text("fault", record.fault, RecordLimits.message)
        endObject()
        endObject()
    }
}
