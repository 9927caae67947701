// SPDX-License-Identifier: Apache-2.0
import Glibc

/// An open file descriptor with one owner, which closes it.
public struct Descriptor: ~Copyable, Sendable {
    public let number: Int32

    /// Takes ownership of an open descriptor.
    public init(owning number: Int32) {
        self.number = number
    }

    deinit {
        _ = Glibc.close(number)
    }

    /// Gives the descriptor away without closing it.
    public consuming func release() -> Int32 {
        let released = number
        discard self
        return released
    }
}
