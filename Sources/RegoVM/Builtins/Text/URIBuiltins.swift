// SPDX-License-Identifier: Apache-2.0

/// `uri.*`
enum URIBuiltins {
    static let all: [Builtin] = [
        Builtin("uri.parse", "string -> object[string: string]") {
            evaluation, operands throws(BuiltinError) in
            let reference = try URIReference(try operands.string(0).asString ?? "")
            return describe(reference, evaluation)
        },
        Builtin("uri.is_valid", "string -> boolean") { _, operands in
            guard let text = operands[0].asString, !text.isEmpty else { return .false }
            return .boolean((try? URIReference(text)) != nil)
        },
    ]

    private static func describe(_ reference: URIReference, _ evaluation: Evaluation) -> Value {
        let object = CollectionBuilder.object(in: evaluation.arena, capacity: 8)
        func insert(_ key: StaticString, _ text: String) {
            if !text.isEmpty { object.insert(.string(key), evaluation.string(text)) }
        }
        insert("scheme", reference.scheme)
        insert("hostname", reference.hostname)
        insert("port", reference.port)
        insert("path", reference.path)
        insert("raw_path", reference.rawPath.isEmpty ? reference.path : reference.rawPath)
        insert("raw_query", reference.rawQuery)
        insert("fragment", reference.fragment)
        return object.finish()
    }
}
