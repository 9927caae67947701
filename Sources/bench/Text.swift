// SPDX-License-Identifier: Apache-2.0

extension String {
    func padded(_ width: Int) -> String {
        count >= width ? self : self + String(repeating: " ", count: width - count)
    }
}

extension Double {
    /// Fixed-point text, right-aligned.
    func text(_ digits: Int, _ width: Int) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let rounded = (self * scale).rounded() / scale
        var text = String(rounded)
        let fraction = text.split(separator: ".").last.map(\.count) ?? 0
        if fraction < digits { text += String(repeating: "0", count: digits - fraction) }
        return String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
