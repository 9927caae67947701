// SPDX-License-Identifier: Apache-2.0
import RegoVM

/// Arguments for the person who approves them, without what opens doors: the value of a member
/// whose name speaks of a credential becomes `"*"`. The digest is over the arguments as they are.
enum MaskedArguments {
    private static let words = [
        "password", "passwd", "passphrase", "secret", "token", "apikey", "privatekey", "accesskey",
        "credential", "authorization", "cookie", "jwt",
    ]

    /// - Parameter text: well-formed JSON.
    static func text(_ text: UnsafeBufferPointer<UInt8>, _ arena: Arena) -> String {
        guard let value = try? JSONReader.read(text, into: arena) else { return "" }
        var output = ByteBuilder(arena, capacity: text.count + 16)
        append(value, to: &output)
        let shown = UnsafeBufferPointer(
            rebasing: output.bytes.prefix(Limits.approvalArgumentBytes))
        return String(decoding: shown, as: UTF8.self)
    }

    private static func append(_ value: Value, to output: inout ByteBuilder) {
        switch value.kind {
        case .array:
            output.append(UInt8(ascii: "["))
            for index in 0..<value.count {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                append(value.elements[index], to: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object:
            output.append(UInt8(ascii: "{"))
            for index in 0..<value.count {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                JSONWriter.append(value.keys[index], to: &output)
                output.append(UInt8(ascii: ":"))
                if namesSecret(value.keys[index]) {
                    output.append("\"*\"")
                } else {
                    append(value.values[index], to: &output)
                }
            }
            output.append(UInt8(ascii: "}"))
        default: JSONWriter.append(value, to: &output)
        }
    }

    private static func namesSecret(_ key: Value) -> Bool {
        let name = String(decoding: key.bytes, as: UTF8.self).lowercased()
            .filter { $0 != "_" && $0 != "-" }
        return words.contains { name.contains($0) }
    }
}
