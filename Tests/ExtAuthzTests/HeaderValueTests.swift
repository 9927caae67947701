// SPDX-License-Identifier: Apache-2.0
import Authorization
import Testing

@testable import ExtAuthz

/// Values are looked at eight bytes at a time, so each byte stands at each offset here.
@Suite struct HeaderValueTests {
    @Test func everyByteAtEveryOffset() {
        for byte in UInt8.min...UInt8.max {
            // Alone, a byte that is not ASCII is not UTF-8.
            let isAllowed = byte == 0x09 || (byte >= 0x20 && byte < 0x7F)
            for length in 1...18 {
                for offset in 0..<length {
                    var value = [UInt8](repeating: UInt8(ascii: "~"), count: length)
                    value[offset] = byte
                    #expect(isValue(value) == isAllowed, "\(byte) at \(offset) of \(length)")
                }
            }
        }
    }

    @Test(arguments: ["é", "€", "😀"])
    func wellFormedSequencesAtEveryOffset(character: String) {
        for before in 0...40 {
            for after in 0...40 {
                let text =
                    String(repeating: "a", count: before) + character
                    + String(repeating: "b", count: after)
                #expect(isValue(Array(text.utf8)), "\(before) \(after)")
                #expect(!isValue(Array(text.utf8) + [0xC3]), "\(before) \(after)")
            }
        }
    }

    private func isValue(_ value: [UInt8]) -> Bool {
        value.withUnsafeBytes { HeaderSyntax.isValue(Bytes($0)) }
    }
}
