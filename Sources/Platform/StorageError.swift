// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A file operation that failed.
public struct StorageError: Error, Equatable, Sendable {
    /// The system call or step, such as `fdatasync`.
    public let operation: String
    public let path: String
    /// errno.
    public let number: Int32

    public init(_ operation: String, _ path: String, _ number: Int32) {
        self.operation = operation
        self.path = path
        self.number = number
    }

    /// Stable.
    public var code: String {
        switch number {
        case ENOSPC, EDQUOT: "storage_full"
        case EWOULDBLOCK: "storage_locked"
        case EACCES, EPERM, EROFS: "storage_denied"
        default: "storage_failed"
        }
    }

    /// Another process, or another instance, has the folder.
    public var isLocked: Bool { number == EWOULDBLOCK }
    /// The disk or the quota is full.
    public var isFull: Bool { number == ENOSPC || number == EDQUOT }
}

extension StorageError: CustomStringConvertible {
    public var description: String {
        if isLocked { return "`\(path)` is in use by another process" }
        return "\(operation) of `\(path)` failed: \(errorText(number))"
    }
}

/// The system's words for an errno, such as `No space left on device`.
func errorText(_ number: Int32) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { text in
        guard let start = text.baseAddress, strerror_r(number, start, text.count) == 0 else {
            return "error \(number)"
        }
        return String(cString: start)
    }
}
