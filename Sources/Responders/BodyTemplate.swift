// SPDX-License-Identifier: Apache-2.0
import Telemetry

/// A JSON body with places in its strings. Values are escaped, so that none of them changes the
/// body's form.
public indirect enum BodyTemplate: Sendable, Equatable {
    case text(Template)
    /// A number, `true`, `false` or `null`, as JSON writes it.
    case word(String)
    case array([BodyTemplate])
    case object([(name: String, value: BodyTemplate)])

    /// What is sent when the configuration says nothing.
    static let standard: BodyTemplate = {
        let members: [(String, Placeholder)] = [
            ("record", .record), ("time", .time), ("agent", .agent),
            ("restriction", .restriction), ("seconds", .seconds), ("operator", .operatorName),
            ("reason", .reason), ("responder", .responder),
        ]
        return .object(members.map { (name: $0.0, value: .text(Template($0.1))) })
    }()

    public var secrets: [String] {
        switch self {
        case .text(let template): template.secrets
        case .word: []
        case .array(let elements): elements.flatMap(\.secrets)
        case .object(let members): members.flatMap(\.value.secrets)
        }
    }

    func json(_ values: Values) throws(CallFault) -> String {
        switch self {
        case .word(let word): return word
        case .text(let template):
            // Alone it is the number that it means.
            if template.parts == [.value(.seconds)] { return try template.text(values) }
            return Self.quoted(try template.text(values))
        case .array(let elements):
            var parts: [String] = []
            for element in elements { parts.append(try element.json(values)) }
            return "[" + parts.joined(separator: ",") + "]"
        case .object(let members):
            var parts: [String] = []
            for (name, value) in members {
                parts.append(Self.quoted(name) + ":" + (try value.json(values)))
            }
            return "{" + parts.joined(separator: ",") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var bytes: [UInt8] = []
        EscapedText.appendJSON(text, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    public static func == (left: BodyTemplate, right: BodyTemplate) -> Bool {
        switch (left, right) {
        case (.text(let left), .text(let right)): left == right
        case (.word(let left), .word(let right)): left == right
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)):
            left.count == right.count
                && zip(left, right).allSatisfy { $0.name == $1.name && $0.value == $1.value }
        default: false
        }
    }
}

extension Template {
    fileprivate init(_ value: Placeholder) { parts = [.value(value)] }
}
