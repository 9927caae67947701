// SPDX-License-Identifier: Apache-2.0

/// Bounds of the operators' API, each with its unit.
public enum Limits {
    /// Connections at once on one listener; each has a thread. The last place is kept free: see
    /// `OpenConnections`.
    static let connections: UInt32 = 33
    /// Connections at once from one address.
    static let connectionsPerAddress: UInt32 = 8
    /// Seconds without a byte before a connection is closed.
    static let idleSeconds: UInt32 = 15
    /// Nanoseconds from a connection's last answer, or its start, to the next whole request.
    static let requestTime: Int64 = 60_000_000_000
    /// Microseconds that connections get to end when others took over their certificates, and
    /// between two looks at whether they have.
    static let retirement: UInt32 = 5_000_000
    static let retirementStep: UInt32 = 20_000
    /// Connections waiting in the kernel to be accepted.
    static let backlog: Int32 = 32
    /// Bytes of a thread's stack, of which only what is used takes memory: the JSON reader calls
    /// itself for each of the 512 levels that it allows.
    static let stackBytes = 4 << 20
    /// Bytes for a request's line and headers.
    static let headBytes = 32 << 10
    /// Bytes of a request's body.
    public static let bodyBytes = 64 << 10
    /// Bytes of a longer body that are read and thrown away, so that its sender gets an answer.
    static let discardedBytes = 1 << 20
    /// Bytes of the values of one body.
    static let valueBytes = 1 << 20
    /// Segments of a path.
    static let segments = 8
    /// Bytes of one segment of a path, or of one query value, before decoding. A SPIFFE ID has at
    /// most 2,048 bytes, each of which may be written as three.
    static let encodedBytes = 3 * agentBytes
    /// Query parameters of one request.
    static let queryParameters = 16
    /// Bytes of an agent's id.
    static let agentBytes = 2048
    /// Bytes of a session's id.
    static let sessionBytes = 256
    /// Bytes of the name of a restriction.
    static let nameBytes = 140
    /// Bytes of the kind of a signal.
    static let kindBytes = 64
    /// Bytes of an approval's id.
    static let identifierBytes = 64
    /// Bytes of a reason or of a detector's own words.
    static let reasonBytes = 1024
    /// Elements of one list in an answer.
    static let listed = 1000
    /// Seconds that a restriction or signal may last (ten years).
    static let seconds: Int64 = 315_360_000
    /// Bytes of an operator's token, at least and at most.
    public static let tokenBytes = 16...4096
    /// Bytes of a certificate's subject.
    static let subjectBytes = 1024
}
