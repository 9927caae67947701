// SPDX-License-Identifier: Apache-2.0
import Authorization

// What never enters a record, whatever the configuration: values that open doors.
extension JSONBuffer {
    /// A target with every value of its query and all userinfo masked: see `MaskedTarget`.
    ///
    /// - Parameter limit: bytes of JSON text with the first quote.
    mutating func maskedPath(_ whole: Bytes, limit: Int) {
        guard MaskedTarget.changes(whole) else { return value(whole, limit: limit - 1) }
        var target = MaskedTarget(whole, hidesUserinfo: true)
        let start = mark
        beginString()
        while let part = target.next() {
            guard escaped(part, limit: limit - written(since: start).count) else { break }
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
