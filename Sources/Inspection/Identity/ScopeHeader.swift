// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// The request header that carries an agent's scopes, and what is left of it once some are
/// stripped.
///
/// A client may send the header several times; Envoy then joins the values with commas or sends
/// each one. All of them count, and a comma, a space and a tab always part scopes, whatever the
/// separator is: a scope must not hide behind a separator that only the upstream knows.
public final class ScopeHeader: @unchecked Sendable {
    private let ownedName: OwnedBytes
    /// What is written between scopes.
    public let separator: UInt8

    public static let defaultName = "x-agent-scopes"
    public static let defaultSeparator = UInt8(ascii: " ")

    /// - Parameter separator: one ASCII character that is no letter, digit or control character.
    public init(name: String = defaultName, separator: UInt8 = defaultSeparator) {
        ownedName = OwnedBytes(name.lowercased())
        self.separator = separator
    }

    /// The header's name in lower case.
    public var name: Bytes { ownedName.bytes }

    /// What stripping does to the request.
    public enum Remainder {
        /// None of the stripped scopes was there: the header stays as it came.
        case unchanged
        /// The header's new value.
        case rewritten(Bytes)
        /// No scope is left: the header is removed.
        case removed
    }

    /// The scopes of a request, each once, in the order in which they came.
    public func scopes(_ context: AttributeContext, arena: Arena) -> ScopeList {
        var list = ScopeList(arena)
        values(context) { value in
            split(value) { list.add($0) }
        }
        return list
    }

    /// What is left of the request's scopes without `stripped`.
    ///
    /// The new value lies in `buffer`, which needs room for as many bytes as the header's values
    /// have together, plus one for each value; a smaller one gives `.removed`, never more scopes.
    public func strip(
        _ stripped: [Bytes], from context: AttributeContext,
        into buffer: UnsafeMutableBufferPointer<UInt8>
    ) -> Remainder {
        var count = 0
        var isStripped = false
        var fits = true
        values(context) { value in
            split(value) { scope in
                for candidate in stripped where candidate == scope {
                    isStripped = true
                    return
                }
                fits = fits && append(scope, to: buffer, &count)
            }
        }
        guard isStripped else { return .unchanged }
        guard fits, count > 0 else { return .removed }
        return .rewritten(Bytes(start: UnsafePointer(buffer.baseAddress), count: count))
    }

    /// The values of the request's headers of this name.
    private func values(_ context: AttributeContext, _ body: (Bytes) -> Void) {
        let headers = context.attributes.pointee.headers
        var index = headers.firstIndex(of: name, from: 0)
        while index < headers.count {
            body(headers[index].value)
            index = headers.firstIndex(of: name, from: index + 1)
        }
    }

    private func append(
        _ scope: Bytes, to buffer: UnsafeMutableBufferPointer<UInt8>, _ count: inout Int
    ) -> Bool {
        let needed = scope.count + (count > 0 ? 1 : 0)
        guard count + needed <= buffer.count else { return false }
        if count > 0 {
            buffer[count] = separator
            count += 1
        }
        for index in 0..<scope.count { buffer[count + index] = scope[index] }
        count += scope.count
        return true
    }

    private func split(_ value: Bytes, _ body: (Bytes) -> Void) {
        var start = 0
        for index in 0...value.count {
            guard index == value.count || isSeparator(value[index]) else { continue }
            if index > start { body(value[start..<index]) }
            start = index + 1
        }
    }

    private func isSeparator(_ byte: UInt8) -> Bool {
        byte == separator || byte == UInt8(ascii: " ") || byte == UInt8(ascii: ",") || byte == 0x09
    }
}

/// Distinct scopes of one request, in an arena.
public struct ScopeList {
    private let memory: UnsafeMutablePointer<Value>
    public private(set) var count = 0
    /// True when the request has more scopes than are told apart (`Limits.scopes`).
    public private(set) var isOverfull = false

    init(_ arena: Arena) {
        memory = arena.values(Limits.scopes)
    }

    mutating func add(_ scope: Bytes) {
        let value = Value.string(scope.start, scope.count)
        for index in 0..<count where memory[index].isEqual(to: value) { return }
        guard count < Limits.scopes else {
            isOverfull = true
            return
        }
        memory[count] = value
        count += 1
    }

    public subscript(index: Int) -> Bytes { memory[index].text }

    /// The scopes as an array of strings.
    public var value: Value { .array(sharing: memory, count: count) }
}
