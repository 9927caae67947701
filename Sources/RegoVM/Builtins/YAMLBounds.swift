// SPDX-License-Identifier: Apache-2.0

/// Looks over a YAML document before the parser gets it: the parser recurses into nested nodes, and
/// expands aliases when it compares keys that are collections. The look is rough, and counts too
/// much rather than too little.
struct YAMLBounds {
    /// Aliases of a document that may have collections as keys.
    private static let aliases = 32

    private var flow = 0
    private var indent = 0
    private var isIndent = true
    private var aliasCount = 0
    /// Inside an alias, or in the blanks behind it.
    private var isAlias = false
    private var hasCollectionKeys = false
    /// The last byte that is no blank.
    private var last: UInt8 = 0

    static func check(_ text: UnsafeBufferPointer<UInt8>) throws(BuiltinError) {
        guard text.count <= Limits.yamlBytes else {
            throw BuiltinError(.limit, "yaml document of \(text.count) bytes exceeds the limit")
        }
        var bounds = YAMLBounds()
        for byte in text {
            bounds.count(byte)
            guard bounds.flow + bounds.indent <= Limits.yamlDepth else {
                throw BuiltinError(
                    .limit, "yaml document is nested more than \(Limits.yamlDepth) deep")
            }
        }
        guard bounds.aliasCount <= aliases || !bounds.hasCollectionKeys else {
            throw BuiltinError(
                .limit, "yaml document has more than \(aliases) aliases and collections as keys")
        }
    }

    private mutating func count(_ byte: UInt8) {
        switch byte {
        case 0x0A, 0x0D:
            isIndent = true
            indent = 0
        case 0x20, 0x09:
            // Each level of blocks takes a column at least, and a sequence may stand below its key
            // at the same one.
            if isIndent { indent += 1 }
            return
        case UInt8(ascii: "["), UInt8(ascii: "{"): flow += 1
        case UInt8(ascii: "]"), UInt8(ascii: "}"): flow = max(flow - 1, 0)
        case UInt8(ascii: "*"): aliasCount += 1
        case UInt8(ascii: "?"): hasCollectionKeys = true
        case UInt8(ascii: ":"):
            if isAlias || last == UInt8(ascii: "]") || last == UInt8(ascii: "}") {
                hasCollectionKeys = true
            }
        default: break
        }
        if byte != UInt8(ascii: "-") && byte != UInt8(ascii: "?") && byte != UInt8(ascii: ":")
            && byte != 0x0A
            && byte != 0x0D
        {
            isIndent = false
        }
        if byte == UInt8(ascii: "*") {
            isAlias = true
        } else if !Self.isNamePart(byte) {
            isAlias = false
        }
        last = byte
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        let letter = byte | 0x20
        return (letter >= UInt8(ascii: "a") && letter <= UInt8(ascii: "z"))
            || (byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")) || byte == UInt8(ascii: "_")
            || byte == UInt8(ascii: "-")
    }
}
