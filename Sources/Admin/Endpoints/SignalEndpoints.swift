// SPDX-License-Identifier: Apache-2.0
import AgentContext

/// `/v1/signals`: what detectors say.
enum SignalEndpoints {
    static func send(_ request: Request, _ services: AdminServices) throws(Problem) -> Response {
        try request.noQuery()
        let operations = try services.requireOperations()
        let origin = Origin(operatorName: request.operatorName)
        let signal = try BodyFields.read(request.body) { fields in
            var signal = AgentSignal(
                agent: fields.text("agent", Limits.agentBytes),
                kind: kind(&fields),
                severity: Int(fields.integer("severity", 0...100)),
                confidence: Int(fields.integer("confidence", 0...100)),
                seconds: fields.integer("seconds", 1...Limits.seconds), origin: origin)
            signal.session = fields.optionalText("session", Limits.sessionBytes) ?? ""
            signal.detail = fields.optionalText("detail", Limits.reasonBytes) ?? ""
            return signal
        }
        do throws(OperationFailure) {
            return Response(try operations.signal(signal).document, status: 201)
        } catch {
            throw Problem(error)
        }
    }

    private static func kind(_ fields: inout BodyFields) -> String {
        let kind = fields.text("kind", Limits.kindBytes)
        let isWords =
            kind.utf8.first.map { $0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z") } ?? true
            && kind.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || byte == UInt8(ascii: "_")
            }
        if !isWords { fields.fault("kind", "expected lower-case words joined by `_`") }
        return kind
    }
}

extension OperationReceipt {
    var document: JSON { .object([("record", .text(id))]) }
}
