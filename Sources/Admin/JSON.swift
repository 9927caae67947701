// SPDX-License-Identifier: Apache-2.0
import Telemetry

/// A JSON document to be written. For answers of the API, not for the path of a check.
public indirect enum JSON: Sendable {
    case text(String)
    case integer(Int64)
    case boolean(Bool)
    case null
    case array([JSON])
    /// Members in their order.
    case object([(String, JSON)])
    /// Text that is well-formed JSON already.
    case document(String)

    /// The members that are there.
    static func members(_ members: [(String, JSON?)]) -> JSON {
        .object(members.compactMap { name, value in value.map { (name, $0) } })
    }

    /// UTF-8.
    public var bytes: [UInt8] {
        var output: [UInt8] = []
        write(to: &output)
        return output
    }

    private func write(to output: inout [UInt8]) {
        switch self {
        case .text(let text): EscapedText.appendJSON(text, to: &output)
        case .integer(let number): output += String(number).utf8
        case .boolean(let flag): output += (flag ? "true" : "false").utf8
        case .null: output += "null".utf8
        case .document(let text): output += text.utf8
        case .array(let elements):
            output.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                element.write(to: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object(let members):
            output.append(UInt8(ascii: "{"))
            for (index, (name, value)) in members.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                EscapedText.appendJSON(name, to: &output)
                output.append(UInt8(ascii: ":"))
                value.write(to: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral
{
    public init(stringLiteral value: String) { self = .text(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
}
