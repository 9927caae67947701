// SPDX-License-Identifier: Apache-2.0
import Authorization
import CText

// The edges of an agent's execution graph. All of them are claims of the client.
extension JSONBuffer {
    /// Trace and span of W3C's `traceparent` (Trace Context, section 3.2), and the decision that
    /// this one follows from, which an agent's runtime copies from our answer's header. What is
    /// not of its form is left out.
    mutating func writeTrace(_ facts: RecordFacts) {
        let context = facts.traceContext
        let parent = facts.parentDecision
        let hasTrace = context.isTraceContext
        let hasParent = parent.isIdentifier
        guard hasTrace || hasParent else { return }
        beginObject("trace")
        if hasTrace {
            text("id", context[3..<35], RecordLimits.name)
            text("span", context[36..<52], RecordLimits.name)
        }
        if hasParent { text("parent_decision", parent, RecordLimits.name) }
        endObject()
    }
}

extension Bytes {
    /// `00-<32 digits>-<16 digits>-<2 digits>`, or what a later version makes of it.
    fileprivate var isTraceContext: Bool {
        guard count >= 55, let start, start[2] == hyphen, start[35] == hyphen,
            start[52] == hyphen, count == 55 || start[55] == hyphen
        else { return false }
        return text_is_hexadecimal16(start + 3) && text_is_hexadecimal16(start + 19)
            && text_is_hexadecimal16(start + 36)
            && start[0].isHexadecimalDigit && start[1].isHexadecimalDigit
            && start[53].isHexadecimalDigit && start[54].isHexadecimalDigit
    }

    /// A UUID in lower case.
    fileprivate var isIdentifier: Bool {
        guard count == DecisionID.textLength else { return false }
        for index in 0..<count {
            let isHyphen = index == 8 || index == 13 || index == 18 || index == 23
            guard isHyphen ? self[index] == hyphen : self[index].isHexadecimalDigit else {
                return false
            }
        }
        return true
    }
}

extension UInt8 {
    fileprivate var isHexadecimalDigit: Bool {
        (0x30...0x39).contains(self) || (0x61...0x66).contains(self)
    }
}

private let hyphen = UInt8(ascii: "-")
