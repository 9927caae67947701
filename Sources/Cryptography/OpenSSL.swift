// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// The one way into libcrypto: clears the thread's error queue first, so that an error that another
/// connection or key left behind is never read as ours.
public enum OpenSSL {
    /// Runs a libcrypto call that answers 1 (or more) on success.
    ///
    /// - Throws: `CryptographyError.operation` with libcrypto's own words.
    @inline(__always)
    public static func check(
        _ name: StaticString, _ call: () -> Int32
    ) throws(CryptographyError) {
        ERR_clear_error()
        guard call() > 0 else { throw .operation(name.description, reason: lastError()) }
    }

    /// Runs a libcrypto call that answers a pointer, or nil on failure.
    @inline(__always)
    public static func make(
        _ name: StaticString, _ call: () -> OpaquePointer?
    ) throws(CryptographyError) -> OpaquePointer {
        ERR_clear_error()
        guard let result = call() else { throw .operation(name.description, reason: lastError()) }
        return result
    }

    /// Takes the oldest error from the queue and empties it.
    public static func lastError() -> String {
        let code = ERR_get_error()
        ERR_clear_error()
        guard code != 0 else { return "no reason given" }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { text in
            ERR_error_string_n(code, text.baseAddress, text.count)
            return text.baseAddress.map { String(cString: $0) } ?? "error \(code)"
        }
    }
}

/// What can go wrong in this module.
public enum CryptographyError: Error, Equatable, Sendable, CustomStringConvertible {
    /// libcrypto refused `name`.
    case operation(String, reason: String)
    /// A key, seed or signature of the wrong length, in bytes.
    case length(of: String, expected: Int, got: Int)
    /// A key file that holds something else than what is needed.
    case keyType(expected: String, got: String)

    public var description: String {
        switch self {
        case .operation(let name, let reason): "`\(name)` failed: \(reason)"
        case .length(let what, let expected, let got):
            "\(what): expected \(expected) bytes, got \(got)"
        case .keyType(let expected, let got): "key: expected \(expected), got \(got)"
        }
    }
}
