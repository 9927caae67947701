// SPDX-License-Identifier: Apache-2.0
import Authorization

// The edges of an agent's execution graph. All of them are claims of the client.
extension JSONBuffer {
    /// Trace and span of W3C's `traceparent` (Trace Context, section 3.2), and the decision that
    /// this one follows from, which an agent's runtime copies from our answer's header. What is
    /// not of its form is left out.
    mutating func writeTrace(_ request: AttributeContext, _ facts: RecordFacts) {
        var context = Bytes.empty
        var parent = Bytes.empty
        for field in request.attributes.pointee.headers {
            if field.name.equals("traceparent") { context = field.value }
            if !facts.parentHeader.isEmpty, field.name == facts.parentHeader {
                parent = field.value
            }
        }
        let hasTrace = context.isTraceContext
        let hasParent = parent.isIdentifier
        guard hasTrace || hasParent else { return }
        key("trace")
        beginObject()
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
        guard count >= 55, self[2] == hyphen, self[35] == hyphen, self[52] == hyphen,
            count == 55 || self[55] == hyphen
        else { return false }
        return self[0..<2].isHexadecimal && self[3..<35].isHexadecimal
            && self[36..<52].isHexadecimal && self[53..<55].isHexadecimal
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

    private var isHexadecimal: Bool {
        guard let start else { return true }
        var index = 0
        while index &+ 8 <= count {
            let word = UnsafeRawPointer(start).loadUnaligned(
                fromByteOffset: index, as: UInt64.self)
            if !Self.areHexadecimalDigits(word) { return false }
            index &+= 8
        }
        for byte in buffer[index...] where !byte.isHexadecimalDigit { return false }
        return true
    }

    /// Whether all eight bytes are `0`-`9` or `a`-`f`: each comparison leaves its answer in the
    /// highest bit of its byte, which no carry reaches as long as the bytes are ASCII.
    private static func areHexadecimalDigits(_ word: UInt64) -> Bool {
        let high: UInt64 = 0x8080_8080_8080_8080
        let ones: UInt64 = 0x0101_0101_0101_0101
        guard word & high == 0 else { return false }
        let isFrom0 = word &+ ones &* (0x80 - 0x30)
        let isAbove9 = word &+ ones &* (0x80 - 0x3A)
        let isFromA = word &+ ones &* (0x80 - 0x61)
        let isAboveF = word &+ ones &* (0x80 - 0x67)
        return ((isFrom0 & ~isAbove9) | (isFromA & ~isAboveF)) & high == high
    }
}

extension UInt8 {
    fileprivate var isHexadecimalDigit: Bool {
        (0x30...0x39).contains(self) || (0x61...0x66).contains(self)
    }
}

private let hyphen = UInt8(ascii: "-")
