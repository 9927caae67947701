// SPDX-License-Identifier: Apache-2.0
import Authorization

// What never enters a record, whatever the configuration: values that open doors.
extension JSONBuffer {
    /// A request target with every value of its query masked: see `MaskedTarget`.
    mutating func maskedPath(_ whole: Bytes, limit: Int) {
        let end = min(capacity - RecordLimits.reserve, count + limit)
        var target = MaskedTarget(whole)
        beginString()
        while let part = target.next() {
            guard escaped(part, limit: end - count) else { break }
        }
        endString()
    }

    /// A header that was set; a credential's value is left out.
    mutating func header(_ field: Decision.Field, isMasked: Bool) {
        beginObject()
        key("name")
        value(field.name, limit: RecordLimits.name)
        if isMasked || field.name.namesSecret {
            key("masked")
            value(true)
        } else {
            key("value")
            value(field.value, limit: RecordLimits.headerValue)
        }
        endObject()
    }
}
