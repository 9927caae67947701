// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

// What a record says of the people and services behind a request: ids, no names and no claims.
extension Principals {
    /// One JSON object with `human`, `service` and `delegation`; empty when there are none. A chain
    /// of the agent alone says nothing more than `agent.id`, and is left out.
    public var record: Bytes {
        var output = ByteBuilder(arena)
        for key in [AgentIdentity.Key.human, .service] {
            let principal = value(of: key)
            guard principal.isDefined else { continue }
            begin(key.word, &output)
            Self.append(principal, to: &output)
        }
        let chain = value(of: .delegation)
        if chain.count > 1 {
            begin("delegation", &output)
            for (index, principal) in chain.elements.enumerated() {
                output.append(index == 0 ? "[" : ",")
                Self.append(principal, to: &output)
            }
            output.append("]")
        }
        guard output.count > 0 else { return .empty }
        output.append("}")
        return Bytes(start: output.bytes.baseAddress, count: output.count)
    }

    private func begin(_ key: StaticString, _ output: inout ByteBuilder) {
        output.append(output.count == 0 ? "{\"" : ",\"")
        output.append(key)
        output.append("\":")
    }

    private static func append(_ principal: Value, to output: inout ByteBuilder) {
        output.append("{\"id\":")
        JSONWriter.append(principal["id"], to: &output)
        for key: StaticString in ["provenance", "role", "issuer"] {
            guard principal[key].isDefined else { continue }
            output.append(",\"")
            output.append(key)
            output.append("\":")
            JSONWriter.append(principal[key], to: &output)
        }
        output.append("}")
    }
}
