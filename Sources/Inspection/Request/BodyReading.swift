// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// What came of reading a body as JSON.
public enum BodyReading {
    /// There is no body in the check.
    case absent
    case value(Value, hasDuplicateKeys: Bool)
    /// The body is no JSON text.
    case malformed
}

/// A check's body, read as JSON at most once, whoever asks first.
///
/// `input.parsed_body` and the inspector share one instance. It belongs to one event loop.
public struct RequestBody {
    public let bytes: Bytes
    /// True when the bytes are exact; otherwise Envoy has put `!` for those that are not UTF-8.
    public let isExact: Bool
    private var reading: BodyReading?

    public init(_ context: AttributeContext) { self.init(UnsafePointer(context.attributes)) }

    public init(_ attributes: UnsafePointer<AttributeContext.Attributes>) {
        let raw = attributes.pointee.httpRequest.rawBody
        let text = attributes.pointee.httpRequest.body
        isExact = !raw.isEmpty || text.isEmpty
        bytes = raw.isEmpty ? text : raw
    }

    /// The body as JSON; values point into the body and `arena`.
    public mutating func json(_ arena: Arena) -> BodyReading {
        if let reading { return reading }
        let result = Self.read(bytes, arena)
        reading = result
        return result
    }

    private static func read(_ bytes: Bytes, _ arena: Arena) -> BodyReading {
        guard !bytes.isEmpty else { return .absent }
        var reader = JSONReader(bytes.buffer, arena: arena)
        do {
            let value = try reader.document()
            return .value(value, hasDuplicateKeys: reader.hasDuplicateKeys)
        } catch {
            return .malformed
        }
    }
}
