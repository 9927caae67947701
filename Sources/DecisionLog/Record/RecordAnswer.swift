// SPDX-License-Identifier: Apache-2.0
import Authorization

// What a record says of the answer.
extension JSONBuffer {
    mutating func writeAnswer(_ decision: Decision, _ mask: RecordMask.Parts) {
        beginObject("answer")
        key("action")
        value(decision.action.word)
        key("allowed")
        value(decision.isAllowed)
        if decision.isError {
            key("error")
            value(true)
        }
        if let status = decision.httpStatus { number("http_status", status) }
        if let risk = decision.risk { number("risk", risk) }
        writeSignals(decision)
        list("reasons", decision.reasons.count) { json, index in
            json.beginObject()
            json.key("code")
            json.value(decision.reasons[index].code, limit: RecordLimits.name)
            if !mask.contains(.messages) {
                json.text("message", decision.reasons[index].message, RecordLimits.message)
            }
            json.endObject()
        }
        list("stripped_scopes", decision.strippedScopes.count) { json, index in
            json.value(decision.strippedScopes[index], limit: RecordLimits.name)
        }
        endObject()
    }

    /// What the answer does to the request and to the client's response. Our own header with the
    /// decision's id is left out.
    mutating func writeMutations(_ decision: Decision, _ mask: RecordMask.Parts) {
        let start = mark
        let isMasked = mask.contains(.headerValues)
        beginObject("mutations")
        let before = mark
        let content = decision.content
        headers("headers", &content.pointee.headers, decision, isMasked)
        headers("response_headers", &content.pointee.responseHeadersToAdd, decision, isMasked)
        list("removed_headers", decision.requestHeadersToRemove.count) { json, index in
            json.value(decision.requestHeadersToRemove[index], limit: RecordLimits.name)
        }
        list("query_set", decision.queryParametersToSet.count) { json, index in
            json.value(decision.queryParametersToSet[index].name, limit: RecordLimits.name)
        }
        list("query_removed", decision.queryParametersToRemove.count) { json, index in
            json.value(decision.queryParametersToRemove[index], limit: RecordLimits.name)
        }
        sum("body", decision.body)
        sum("metadata", decision.dynamicMetadata)
        guard !written(since: before).isEmpty else { return leaveOut(from: start) }
        endObject()
    }

    mutating func writeMarks(_ decision: Decision, _ mask: RecordMask.Parts) {
        guard !mask.contains(.labels) else { return }
        list("labels", decision.labels.count) { json, index in
            json.namedDuration(decision.labels[index].name, decision.labels[index].seconds)
        }
        list("restrictions", decision.restrictions.count) { json, index in
            let restriction = decision.restrictions[index]
            json.namedDuration(restriction.name, restriction.seconds)
        }
    }

    /// - Parameter fields: not changed; `inout` because passing them on by value would count a
    ///   reference.
    private mutating func headers(
        _ name: StaticString, _ fields: inout [Decision.Field], _ decision: Decision,
        _ isMasked: Bool
    ) {
        // Nearly every answer has our own header and no other.
        var others = 0
        for field in fields where !isOwn(field, decision) { others += 1 }
        guard others > 0 else { return }
        list(name, fields.count) { json, index in
            if others < fields.count, json.isOwn(fields[index], decision) { return }
            json.header(fields[index], isMasked: isMasked)
        }
    }

    /// Whether a header says nothing but the decision's id, or the approval's.
    private func isOwn(_ field: Decision.Field, _ decision: Decision) -> Bool {
        guard field.value.count == DecisionID.textLength else { return false }
        return decision.id.isWritten(field.value)
            || decision.approval.map { $0.id.isWritten(field.value) } ?? false
    }

    /// The size of something that the record does not hold, and a checksum (XXH64) by which replay
    /// sees that it is the same. It is no protection: the content is not secret.
    private mutating func sum(_ name: StaticString, _ bytes: Bytes) {
        guard !bytes.isEmpty else { return }
        beginObject(name)
        number("bytes", bytes.count)
        key("xxh64")
        value(hexadecimal: Checksum.of(UnsafeRawBufferPointer(bytes.buffer)))
        endObject()
    }

    private mutating func namedDuration(_ name: Bytes, _ seconds: Int64) {
        beginObject()
        key("name")
        value(name, limit: RecordLimits.name)
        number("seconds", Int(seconds))
        endObject()
    }
}
