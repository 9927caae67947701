// SPDX-License-Identifier: Apache-2.0
import Authorization
import Inspection
import RegoVM

/// `input.parsed_body` and `input.truncated_body`, by OPA-Envoy's rules.
///
/// The kind of body is found by a case-sensitive search in `content-type`; a body that Envoy says
/// it cut (`x-envoy-auth-partial-body`), or that is shorter than its `content-length`, is truncated
/// and not parsed. Bodies of other kinds are null, and so are all bodies when headers come as
/// `header_map`.
struct BodyParser {
    struct Result {
        var value = Value.null
        var isTruncated = false
    }

    let attributes: UnsafePointer<AttributeContext.Attributes>
    let arena: Arena
    /// False reads a repeated key as OPA does: the last one counts.
    let rejectsDuplicateKeys: Bool
    /// Reads the whole body as JSON, once for all who ask.
    let readBody: () -> BodyReading

    func parse() throws(InputFailure) -> Result {
        if header("x-envoy-auth-partial-body")?.equals("true") == true {
            return Result(isTruncated: true)
        }
        guard !attributes.pointee.hasHeaderMap, let type = header("content-type"),
            let http = attributes.pointee.http
        else { return Result() }
        let body = http.body.isEmpty ? http.rawBody : http.body
        guard !body.isEmpty, let kind = Kind(type) else { return Result() }
        if try isShorterThanDeclared(body.count) { return Result(isTruncated: true) }
        switch kind {
        case .json: return Result(value: try wholeBody())
        case .form: return Result(value: try FormParser.parse(body, in: arena, or: .form))
        case .multipart:
            guard let boundary = MediaType.boundary(of: type) else { return Result() }
            return Result(value: try MultipartParser(body, boundary, self).parse())
        }
    }

    /// The kinds that are parsed; gRPC messages come before forms, and are not.
    private enum Kind {
        case json, form, multipart

        init?(_ type: Bytes) {
            if type.contains("application/json") {
                self = .json
            } else if type.contains("application/grpc") {
                return nil
            } else if type.contains("application/x-www-form-urlencoded") {
                self = .form
            } else if type.contains("multipart/form-data") {
                self = .multipart
            } else {
                return nil
            }
        }
    }

    private func wholeBody() throws(InputFailure) -> Value {
        switch readBody() {
        case .absent: return .null
        case .malformed: throw InputFailure(.json)
        case .value(let value, let hasDuplicateKeys):
            if rejectsDuplicateKeys, hasDuplicateKeys { throw InputFailure(.duplicateKey) }
            return value
        }
    }

    /// One part of a multipart body.
    func json(_ text: Bytes) throws(InputFailure) -> Value {
        var reader = JSONReader(text.buffer, arena: arena)
        let value: Value
        do {
            value = try reader.document()
        } catch {
            throw InputFailure(.json, at: error.offset)
        }
        if rejectsDuplicateKeys, reader.hasDuplicateKeys { throw InputFailure(.duplicateKey) }
        return value
    }

    private func isShorterThanDeclared(_ count: Int) throws(InputFailure) -> Bool {
        guard let text = header("content-length") else { return false }
        guard let declared = Self.integer(text) else { throw InputFailure(.contentLength) }
        return declared > Int64(count)
    }

    /// The last header of this name, in either form.
    private func header(_ name: StaticString) -> Bytes? {
        let name = Bytes(name)
        return attributes.pointee.headers.last { $0.name == name }?.value
    }

    /// Decimal digits with an optional sign, within Int64.
    private static func integer(_ text: Bytes) -> Int64? {
        var digits = text
        var isNegative = false
        if let sign = text.buffer.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            isNegative = sign == UInt8(ascii: "-")
            digits = text[1..<text.count]
        }
        guard !digits.isEmpty else { return nil }
        var value: Int64 = 0
        for byte in digits.buffer {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int64(byte - UInt8(ascii: "0")))
            if overflow || carry { return nil }
            value = sum
        }
        return isNegative ? -value : value
    }
}
