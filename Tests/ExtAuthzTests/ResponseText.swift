// SPDX-License-Identifier: Apache-2.0
import Authorization

@testable import ExtAuthz

/// Prints an encoded CheckResponse as protobuf text, from the field numbers in `proto/`.
struct ResponseText {
    private enum Kind {
        case number, flag, text
        case message(String)
    }

    private static let schema: [String: [UInt32: (String, Kind)]] = [
        "CheckResponse": [
            1: ("status", .message("Status")), 2: ("denied_response", .message("Denied")),
            3: ("ok_response", .message("OK")), 5: ("error_response", .message("Denied")),
            4: ("dynamic_metadata", .message("Struct")),
        ],
        "Status": [1: ("code", .number), 2: ("message", .text)],
        "Denied": [
            1: ("status", .message("HttpStatus")), 2: ("headers", .message("Option")),
            3: ("body", .text),
        ],
        "HttpStatus": [1: ("code", .number)],
        "OK": [
            2: ("headers", .message("Option")), 5: ("headers_to_remove", .text),
            6: ("response_headers_to_add", .message("Option")),
            7: ("query_parameters_to_set", .message("Pair")),
            8: ("query_parameters_to_remove", .text),
        ],
        "Option": [
            1: ("header", .message("Pair")), 2: ("append", .message("BoolValue")),
            3: ("append_action", .number), 4: ("keep_empty_value", .flag),
        ],
        "Pair": [1: ("key", .text), 2: ("value", .text)],
        "BoolValue": [1: ("value", .flag)],
        "Struct": [1: ("fields", .message("Entry"))],
        "Entry": [1: ("key", .text), 2: ("value", .message("Value"))],
        "Value": [2: ("number_value", .number), 3: ("string_value", .text)],
    ]

    static func print(_ response: Bytes) throws -> [String] {
        var lines: [String] = []
        try print(WireReader(response), "CheckResponse", indent: "", &lines)
        return lines
    }

    private static func print(
        _ reader: WireReader, _ name: String, indent: String, _ lines: inout [String]
    ) throws {
        var reader = reader
        while let number = try reader.next() {
            guard let (field, kind) = schema[name]?[number] else {
                lines.append("\(indent)unknown field \(number) of \(name)")
                try reader.skip()
                continue
            }
            switch kind {
            case .number: lines.append("\(indent)\(field): \(try reader.number())")
            case .flag: lines.append("\(indent)\(field): \(try reader.number() != 0)")
            case .text:
                lines.append(
                    "\(indent)\(field): \"\(Array(try reader.string().buffer).hexadecimal)\"")
            case .message(let inner):
                let content = try reader.message()
                if content.isAtEnd {
                    lines.append("\(indent)\(field) {}")
                    continue
                }
                lines.append("\(indent)\(field) {")
                try print(content, inner, indent: indent + "  ", &lines)
                lines.append("\(indent)}")
            }
        }
    }
}
