// SPDX-License-Identifier: Apache-2.0

/// A JSON Web Token in compact form (RFC 7519, RFC 7515 section 7.1).
struct Token {
    let header: [UInt8]
    let payload: [UInt8]
    let signature: [UInt8]

    init(_ value: Value) throws(BuiltinError) {
        guard value.isString else { throw .operand(1, mustBe: "string", got: value) }
        let parts = value.bytes.split(
            separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count > 1 else { throw .failed("encoded JWT had no period separators") }
        guard parts.count == 3 else {
            throw .failed("encoded JWT must have 3 sections, found \(parts.count)")
        }
        header = Array(parts[0])
        payload = Array(parts[1])
        signature = Array(parts[2])
    }

    /// What is signed.
    var message: [UInt8] { header + [UInt8(ascii: ".")] + payload }

    func decodedHeader(_ evaluation: Evaluation) throws(BuiltinError) -> Value {
        let text: [UInt8]
        do {
            text = try Base64Text.decodeURL(header)
        } catch {
            throw .failed("JWT header had invalid encoding: \(error.message)")
        }
        let object: Value
        do {
            object = try Self.object(text, evaluation)
        } catch {
            throw .failed("bad JWT header: \(error.message)")
        }
        guard object["enc"].isUndefined else {
            throw .failed("JWT is a JWE object, which is not supported")
        }
        return object
    }

    func decodedPayload() throws(BuiltinError) -> [UInt8] {
        do {
            return try Base64Text.decodeURL(payload)
        } catch {
            throw .failed("JWT payload had invalid encoding: \(error.message)")
        }
    }

    func decodedSignature() throws(BuiltinError) -> [UInt8] { try Base64Text.decodeURL(signature) }

    static func object(_ text: [UInt8], _ evaluation: Evaluation) throws(BuiltinError) -> Value {
        let copy = try evaluation.bytes(text.count)
        copy.update(from: text, count: text.count)
        let bytes = UnsafeBufferPointer(start: UnsafePointer(copy), count: text.count)
        let value: Value
        do {
            value = try JSONReader.read(bytes, into: evaluation.arena)
        } catch {
            throw .failed("invalid JSON: \(error.code.rawValue) at byte \(error.offset)")
        }
        guard value.kind == .object else { throw .failed("decoded JSON type was not an Object") }
        return value
    }
}

/// The header parameters that decide how a token is read (RFC 7515 section 4.1).
struct TokenHeader {
    var algorithm = ""
    var keyIdentifier = ""
    var contentType = ""
    /// False when a critical extension is not understood or `alg` is missing.
    var isValid = false

    init(_ object: Value) throws(BuiltinError) {
        algorithm = try Self.text(object, "alg")
        keyIdentifier = try Self.text(object, "kid")
        contentType = try Self.text(object, "cty")
        _ = try Self.text(object, "typ")
        let critical = object["crit"]
        guard critical.isDefined else {
            isValid = !algorithm.isEmpty
            return
        }
        guard critical.kind == .array else { throw .failed("crit: must be a list") }
        let names = critical.elements.prefix { $0.isString }
        guard !names.isEmpty else { throw .failed("crit: must be a nonempty list") }
        let understood: [StaticString] = ["alg", "kid", "typ", "cty", "crit"]
        isValid =
            !algorithm.isEmpty
            && !names.contains { name in
                object[name].isDefined && !understood.contains { name.equals($0) }
            }
    }

    private static func text(_ object: Value, _ name: StaticString) throws(BuiltinError) -> String {
        let value = object[name]
        if value.isUndefined { return "" }
        guard let text = value.asString else { throw .failed("\(name): must be a string") }
        return text
    }
}
