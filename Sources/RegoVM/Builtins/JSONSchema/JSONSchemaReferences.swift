// SPDX-License-Identifier: Apache-2.0

/// Finds what `$ref` points to. Only the document itself is looked at: nothing is fetched.
struct JSONSchemaReferences {
    private let root: Value
    /// Parts of the document by their absolute `$id`.
    private var identified: [String: Value] = [:]

    init(_ root: Value) throws(BuiltinError) {
        self.root = root
        try collect(root, base: "", depth: 0)
    }

    private mutating func collect(_ value: Value, base: String, depth: Int) throws(BuiltinError) {
        guard depth <= Limits.jsonDepth else {
            throw BuiltinError(.limit, "schema is nested too deep")
        }
        switch value.kind {
        case .array:
            for element in value.elements { try collect(element, base: base, depth: depth + 1) }
        case .object:
            var inner = base
            if let identifier = Self.identifier(value) {
                inner = Self.resolve(identifier, base: base)
                identified[inner] = value
            }
            for (key, child) in zip(value.keys, value.values) {
                // The values of these are no schemas.
                if key.equals("const") || key.equals("enum") { continue }
                try collect(child, base: inner, depth: depth + 1)
            }
        default: break
        }
    }

    static func identifier(_ schema: Value) -> String? {
        schema["id"].asString ?? schema["$id"].asString
    }

    /// A reference in the scope of `base` (RFC 3986 section 5).
    static func resolve(_ reference: String, base: String) -> String {
        if reference.utf8.first == UInt8(ascii: "#") { return withoutFragment(base) + reference }
        if let colon = reference.firstIndex(of: ":"), !reference[..<colon].contains("/") {
            return reference
        }
        let start = withoutFragment(base)
        if reference.utf8.first == UInt8(ascii: "/") {
            guard let scheme = start.firstRange(of: "://") else { return reference }
            let host = start[scheme.upperBound...].prefix { $0 != "/" }
            return String(start[..<scheme.upperBound]) + host + reference
        }
        guard let slash = start.lastIndex(of: "/") else { return reference }
        return String(start[...slash]) + reference
    }

    private static func withoutFragment(_ reference: String) -> String {
        String(reference.prefix { $0 != "#" })
    }

    func find(_ reference: String) throws(BuiltinError) -> Value {
        if let found = identified[reference] { return found }
        let base = Self.withoutFragment(reference)
        let fragment = reference.dropFirst(base.count + 1)
        let document = base.isEmpty ? root : identified[base] ?? identified[base + "#"]
        guard let document else {
            let isRemote = base.contains("://")
            throw .failed(
                isRemote
                    ? "remote reference loading disabled: \(reference)"
                    : "Reference \(reference) must be canonical")
        }
        return try pointed(to: String(fragment), in: document)
    }

    /// Follows a JSON pointer (RFC 6901) in a URI fragment.
    private func pointed(to fragment: String, in document: Value) throws(BuiltinError) -> Value {
        if fragment.isEmpty { return document }
        guard fragment.utf8.first == UInt8(ascii: "/") else {
            throw .failed("JSON pointer must be empty or start with a \"/\"")
        }
        var value = document
        for part in fragment.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            let token = Self.unescaped(part)
            let key = withUTF8(token) { Self.member($0, of: value) }
            guard key.isDefined else {
                throw .failed("Object has no key '\(token)'")
            }
            value = key
        }
        return value
    }

    private static func member(_ token: UnsafeBufferPointer<UInt8>, of value: Value) -> Value {
        guard value.kind == .array else { return value[Value.string(sharing: token)] }
        guard let index = GoText.integer(token), index >= 0, index < value.count else {
            return .undefined
        }
        return value.elements[index]
    }

    private func withUTF8<Result>(_ text: String, _ body: (UnsafeBufferPointer<UInt8>) -> Result)
        -> Result
    {
        var text = text
        return text.withUTF8(body)
    }

    private static func unescaped(_ token: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(token.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"),
                let decoded = GoText.bytes(hexadecimal: rest.prefix(2))?.first
            {
                bytes.append(decoded)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self).replacing("~1", with: "/").replacing(
            "~0", with: "~")
    }
}
