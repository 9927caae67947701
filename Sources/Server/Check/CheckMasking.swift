// SPDX-License-Identifier: Apache-2.0
import Authorization
import DecisionLog
import ExtAuthz
import Inspection
import PDP
import RegoVM

/// Applies what a mask policy says to a check that is to be kept and to its record. Only for
/// policies that have one: others never come here.
struct CheckMasking {
    let scopeHeader: Bytes
    let arena: Arena

    /// - Parameter readBody: the request's body as JSON.
    /// - Returns: false when something was to be masked whose place is not known: nothing of the
    ///   check may be kept then.
    func apply(
        _ operations: [LogMask.Operation], _ request: AttributeContext,
        _ capture: inout CheckRequestMask, _ record: inout RecordMask, readBody: () -> BodyReading
    ) -> Bool {
        var result = MaskResult()
        for operation in operations {
            if isAbsent(operation.pointer, request) { continue }
            guard result.remove(operation.pointer, scopeHeader: scopeHeader, bytes) else {
                return false
            }
            if operation.value == nil {
                record.erased.append(bytes(operation.pointer))
            } else {
                record.masked.append(bytes(operation.pointer))
                upsert(operation, &result)
            }
        }
        rewriteBody(operations, &result, readBody)
        if let body = result.request.newBody, request.header(Bytes("content-length")) != nil {
            // A body that is shorter than declared would look cut.
            result.request.headers.append(
                .init(name: Bytes("content-length"), value: bytes("\(body.count)")))
        }
        capture = result.request
        record.parts = result.record
        return true
    }

    /// A header that the request does not have needs no masking.
    private func isAbsent(_ pointer: String, _ request: AttributeContext) -> Bool {
        guard let parts = MaskPointer.parts(pointer),
            case .header(let name) = MaskPointer.target(parts)
        else { return false }
        return request.header(bytes(name)) == nil
    }

    private func bytes(_ text: String) -> Bytes {
        let value = arena.string(text)
        return Bytes(start: value.bytes.baseAddress, count: value.count)
    }

    /// Headers and the whole body can be replaced; anything else that a policy wants to replace is
    /// left out.
    private func upsert(_ operation: LogMask.Operation, _ result: inout MaskResult) {
        guard let value = operation.value, let parts = MaskPointer.parts(operation.pointer) else {
            return
        }
        switch MaskPointer.target(parts) {
        case .header, .scopes:
            let last = result.request.headers.count - 1
            if last >= 0 { result.request.headers[last].value = text(value) }
        case .body("", _) where parts.last == "body" || parts.last == "parsed_body":
            result.request.body = .whole
            result.request.newBody = text(value)
        default: break
        }
    }

    /// A string as it is, everything else as JSON.
    private func text(_ value: Value) -> Bytes {
        if value.isString { return Bytes(start: value.bytes.baseAddress, count: value.count) }
        var output = ByteBuilder(arena)
        JSONWriter.append(value, to: &output)
        return Bytes(start: output.bytes.baseAddress, count: output.count)
    }

    private func rewriteBody(
        _ operations: [LogMask.Operation], _ result: inout MaskResult,
        _ readBody: () -> BodyReading
    ) {
        guard !result.bodyPointers.isEmpty, case .whole = result.request.body,
            result.request.newBody == nil
        else { return }
        guard case .value(var body, false) = readBody() else {
            // What is no JSON cannot be masked in parts.
            result.request.body = .none
            return
        }
        for operation in operations {
            guard let parts = MaskPointer.parts(operation.pointer),
                case .body(let below, _) = MaskPointer.target(parts), !below.isEmpty,
                let path = MaskPointer.parts(below)
            else { continue }
            body = body.masked(at: path[...], with: operation.value, in: arena)
        }
        result.request.newBody = text(body)
    }
}
