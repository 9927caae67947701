// SPDX-License-Identifier: Apache-2.0

/// Values as Go's encoding/json writes them: as `JSONWriter` does, with `<`, `>`, `&`, U+2028 and
/// U+2029 escaped.
enum GoJSON {
    static func append(_ value: Value, to output: inout ByteBuilder) {
        switch value.kind {
        case .string: JSONWriter.appendString(value.bytes, to: &output, forHTML: true)
        case .array, .set:
            output.append(UInt8(ascii: "["))
            for (index, element) in value.elements.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                append(element, to: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object:
            output.append(UInt8(ascii: "{"))
            for (index, key) in value.keys.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                appendKey(key, to: &output)
                output.append(UInt8(ascii: ":"))
                append(value.values[index], to: &output)
            }
            output.append(UInt8(ascii: "}"))
        default: JSONWriter.append(value, to: &output)
        }
    }

    private static func appendKey(_ key: Value, to output: inout ByteBuilder) {
        guard !key.isString else {
            JSONWriter.appendString(key.bytes, to: &output, forHTML: true)
            return
        }
        var text = ByteBuilder(output.arena)
        JSONWriter.append(key, to: &text)
        JSONWriter.appendString(text.bytes, to: &output, forHTML: true)
    }
}
