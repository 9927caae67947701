// SPDX-License-Identifier: Apache-2.0

/// Judges the fields of one request as RFC 9113 sections 8.2 and 8.3 want. Compression hides
/// nothing from it: it sees every field that the decoder gives.
struct FieldRules {
    /// The request must be answered by a reset with PROTOCOL_ERROR.
    private(set) var isMalformed = false
    /// What `content-length` says; -1 without it.
    private(set) var contentLength = -1
    private var hasRegular = false
    private var pseudo: Pseudo = []

    private struct Pseudo: OptionSet {
        let rawValue: UInt8
        static let method = Pseudo(rawValue: 1)
        static let scheme = Pseudo(rawValue: 2)
        static let path = Pseudo(rawValue: 4)
        static let authority = Pseudo(rawValue: 8)
        static let needed: Pseudo = [.method, .scheme, .path]
    }

    typealias Text = UnsafeBufferPointer<UInt8>

    /// The head is over: whether it has all that a request needs.
    var isRequest: Bool { !isMalformed && pseudo.isSuperset(of: .needed) }

    mutating func add(_ name: Text, _ value: Text, isTrailer: Bool) {
        if name.first == UInt8(ascii: ":") {
            if isTrailer || hasRegular || !addPseudo(name, value) { isMalformed = true }
            return
        }
        hasRegular = true
        if !Self.isName(name) || !Self.isValue(value) { isMalformed = true }
        addRegular(name, value)
    }

    private mutating func addPseudo(_ name: Text, _ value: Text) -> Bool {
        let field: Pseudo
        if name.equals(":method") {
            field = .method
        } else if name.equals(":scheme") {
            field = .scheme
        } else if name.equals(":path") {
            field = .path
            guard let first = value.first, first == UInt8(ascii: "/") || first == UInt8(ascii: "*")
            else { return false }
        } else if name.equals(":authority") {
            field = .authority
        } else {
            return false
        }
        guard !pseudo.contains(field), field == .authority || !value.isEmpty else { return false }
        pseudo.insert(field)
        return value.allSatisfy { $0 > 0x20 && $0 != 0x7F }
    }

    private mutating func addRegular(_ name: Text, _ value: Text) {
        switch name.count {
        case 2 where name.equals("te"):
            if !value.equals("trailers") { isMalformed = true }
        case 14 where name.equals("content-length"):
            let length = Self.number(value)
            if length < 0 || contentLength >= 0 && contentLength != length { isMalformed = true }
            contentLength = length
        case 7 where name.equals("upgrade"), 10 where name.equals("connection"),
            10 where name.equals("keep-alive"),
            16 where name.equals("proxy-connection"),
            17 where name.equals("transfer-encoding"):
            isMalformed = true
        default: break
        }
    }

    /// A token (RFC 9110 section 5.6.2) without capital letters.
    private static func isName(_ name: Text) -> Bool {
        !name.isEmpty
            && name.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E...0x60, 0x7C, 0x7E: true
                default: false
                }
            }
    }

    /// No control characters but tabs, and no space at either end.
    private static func isValue(_ value: Text) -> Bool {
        guard let first = value.first, let last = value.last else { return true }
        let isSpaced = first == 0x20 || first == 0x09 || last == 0x20 || last == 0x09
        return !isSpaced && value.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
    }

    /// Decimal digits; -1 for anything else, and above what any body may have.
    private static func number(_ text: Text) -> Int {
        guard !text.isEmpty, text.count <= 18 else { return -1 }
        var number = 0
        for byte in text {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return -1 }
            number = number * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return number
    }
}
