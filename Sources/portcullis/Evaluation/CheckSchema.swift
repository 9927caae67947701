// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The messages of a CheckRequest (proto/envoy/service/auth/v3), for reading their JSON form.
struct CheckSchema: Sendable {
    struct Field: Sendable {
        let number: UInt32
        let type: FieldType
    }

    indirect enum FieldType: Sendable {
        case string
        case bytes
        case integer
        case boolean
        /// An enum, by the number of its words.
        case word([String])
        case message(@Sendable () -> CheckSchema)
        case repeated(@Sendable () -> CheckSchema)
        /// A map from strings.
        case map(FieldType)
        case timestamp
        case structure
        case any
        /// A message such as `BoolValue`, which is its value in JSON.
        case wrapped(@Sendable () -> FieldType)
    }

    private let fields: [String: Field]

    private init(_ fields: [(String, UInt32, FieldType)]) {
        self.fields = Dictionary(
            uniqueKeysWithValues: fields.map { ($0.0, Field(number: $0.1, type: $0.2)) })
    }

    var names: [String] { fields.keys.sorted() }

    /// By its name in the .proto file, or in lower camel case.
    func field(_ name: String) -> Field? {
        if let field = fields[name] { return field }
        var snake = ""
        for character in name {
            if character.isUppercase { snake += "_" }
            snake += character.lowercased()
        }
        return fields[snake]
    }

    static let request = CheckSchema([("attributes", 1, .message { attributes })])

    private static let attributes = CheckSchema([
        ("source", 1, .message { peer }), ("destination", 2, .message { peer }),
        ("request", 4, .message { httpCheck }), ("context_extensions", 10, .map(.string)),
        ("metadata_context", 11, .message { metadata }),
        ("tls_session", 12, .message { CheckSchema([("sni", 1, .string)]) }),
        ("route_metadata_context", 13, .message { metadata }),
    ])

    private static let peer = CheckSchema([
        ("address", 1, .message { address }), ("service", 2, .string), ("labels", 3, .map(.string)),
        ("principal", 4, .string), ("certificate", 5, .string),
    ])

    private static let address = CheckSchema([
        ("socket_address", 1, .message { socketAddress }),
        ("pipe", 2, .message { CheckSchema([("path", 1, .string), ("mode", 2, .integer)]) }),
        (
            "envoy_internal_address", 3,
            .message {
                CheckSchema([("server_listener_name", 1, .string), ("endpoint_id", 2, .string)])
            }
        ),
    ])

    private static let socketAddress = CheckSchema([
        ("protocol", 1, .word(["TCP", "UDP"])), ("address", 2, .string),
        ("port_value", 3, .integer),
        ("named_port", 4, .string), ("resolver_name", 5, .string), ("ipv4_compat", 6, .boolean),
        ("network_namespace_filepath", 7, .string),
    ])

    private static let httpCheck = CheckSchema([
        ("time", 1, .timestamp), ("http", 2, .message { http }),
    ])

    private static let http = CheckSchema([
        ("id", 1, .string), ("method", 2, .string), ("headers", 3, .map(.string)),
        ("path", 4, .string),
        ("host", 5, .string), ("scheme", 6, .string), ("query", 7, .string),
        ("fragment", 8, .string),
        ("size", 9, .integer), ("protocol", 10, .string), ("body", 11, .string),
        ("raw_body", 12, .bytes),
        ("header_map", 13, .message { CheckSchema([("headers", 1, .repeated { headerValue })]) }),
    ])

    private static let headerValue = CheckSchema([
        ("key", 1, .string), ("value", 2, .string), ("raw_value", 3, .bytes),
    ])

    private static let metadata = CheckSchema([
        ("filter_metadata", 1, .map(.structure)), ("typed_filter_metadata", 2, .map(.any)),
    ])

    static let timestamp = CheckSchema([("seconds", 1, .integer), ("nanos", 2, .integer)])

    /// Types that Envoy's filters put into typed metadata.
    static let known = [
        "envoy.data.ai.v3.RequestInfo": CheckSchema([
            (
                "input_llm_protocol", 1,
                .word([
                    "UNSPECIFIED", "OPENAI_CHAT_COMPLETIONS", "OPENAI_RESPONSES",
                    "ANTHROPIC_MESSAGES",
                    "GEMINI_GENERATE_CONTENT",
                ])
            ),
            ("model", 2, .string), ("stream", 3, .wrapped { .boolean }),
            ("max_output_tokens", 4, .wrapped { .integer }),
            ("message_count", 5, .wrapped { .integer }),
            ("tool_count", 6, .wrapped { .integer }),
            ("estimated_input_tokens", 7, .wrapped { .integer }),
        ])
    ]
}

/// RFC 3339 times as protobuf's JSON writes them.
enum ProtobufTime {
    static func parse(_ text: String) -> (seconds: Int64, nanoseconds: Int64)? {
        let parts = text.split(separator: ".", maxSplits: 1)
        guard text.hasSuffix("Z"), let first = parts.first else { return nil }
        let whole = String(first.hasSuffix("Z") ? first.dropLast() : first) + "Z"
        guard let date = try? Date(whole, strategy: .iso8601) else { return nil }
        guard parts.count == 2 else { return (Int64(date.timeIntervalSince1970), 0) }
        let digits = parts[1].dropLast()
        guard (1...9).contains(digits.count), let fraction = Int64(digits), fraction >= 0 else {
            return nil
        }
        let scale = (digits.count..<9).reduce(Int64(1)) { scale, _ in scale * 10 }
        return (Int64(date.timeIntervalSince1970), fraction * scale)
    }
}

/// Base64 with the standard or the URL-safe alphabet, as protobuf's JSON allows.
enum Base64Text {
    static func decode(_ text: String) -> [UInt8]? {
        var standard = text.replacing("-", with: "+").replacing("_", with: "/")
        while standard.utf8.count % 4 != 0 { standard += "=" }
        return Data(base64Encoded: standard).map(Array.init)
    }
}
