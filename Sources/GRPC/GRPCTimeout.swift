// SPDX-License-Identifier: Apache-2.0

/// The `grpc-timeout` header: one to eight digits and a unit.
public enum GRPCTimeout {
    /// - Returns: nanoseconds (at most `UInt64.max`), or nil when the header is malformed.
    public static func parse(_ text: UnsafeBufferPointer<UInt8>) -> UInt64? {
        let digits = text.count - 1
        guard digits >= 1, digits <= CallLimits.timeoutDigits else { return nil }
        var value: UInt64 = 0
        for index in 0..<digits {
            let digit = text[index] &- UInt8(ascii: "0")
            if digit > 9 { return nil }
            value = value * 10 + UInt64(digit)
        }
        guard let unit = nanoseconds(of: text[digits]) else { return nil }
        let (product, overflow) = value.multipliedReportingOverflow(by: unit)
        return overflow ? .max : product
    }

    private static func nanoseconds(of unit: UInt8) -> UInt64? {
        switch unit {
        case UInt8(ascii: "n"): 1
        case UInt8(ascii: "u"): 1_000
        case UInt8(ascii: "m"): 1_000_000
        case UInt8(ascii: "S"): 1_000_000_000
        case UInt8(ascii: "M"): 60_000_000_000
        case UInt8(ascii: "H"): 3_600_000_000_000
        default: nil
        }
    }
}
