// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A system call that failed: which one, on what, and why.
public struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The call's name, such as `listen`.
    public let call: String
    /// What it was called on: a path or an address; empty when there is nothing to name.
    public let subject: String
    /// The value of errno.
    public let number: Int32

    public init(call: String, subject: String = "", number: Int32) {
        self.call = call
        self.subject = subject
        self.number = number
    }

    public var description: String {
        let on = subject.isEmpty ? "" : " `\(subject)`"
        return "\(call)\(on): \(String(cString: strerror(number))) (errno \(number))"
    }
}

/// Turns the `-errno` convention of CLinux into a value or a `SystemError`.
///
/// A bad descriptor is a bug of ours: it may by now belong to someone else, so it stops the
/// program instead of reaching a caller.
@inline(never)
public func checked(
    _ result: Int32, _ call: String, on subject: String = ""
) throws(SystemError) -> Int32 {
    precondition(result != -EBADF, "`\(call)` on a descriptor that is not open")
    if result < 0 { throw SystemError(call: call, subject: subject, number: -result) }
    return result
}
