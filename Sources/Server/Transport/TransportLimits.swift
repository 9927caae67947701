// SPDX-License-Identifier: Apache-2.0
import GRPC
import HTTP2
import Platform

/// What the transport of one server may cost. Every bound has its unit in its comment.
public struct TransportLimits: Sendable {
    public var session = SessionLimits()
    public var call = CallLimits()
    /// Connections open at once on all loops; more are closed as they come.
    public var connections = 10_000
    /// Nanoseconds until a new connection must have sent its preface and SETTINGS, after its
    /// TLS handshake if there is one.
    public var greetingTime = 10 * MonotonicTime.second
    /// Nanoseconds a connection may have no open stream before it is told to go.
    public var idleTime = 900 * MonotonicTime.second
    /// Nanoseconds a peer may leave our output unread before its connection is closed.
    public var stallTime = 30 * MonotonicTime.second
    /// Nanoseconds between the first GOAWAY of a drain and the one that refuses new streams.
    public var drainNotice = 100 * MonotonicTime.millisecond
    /// Nanoseconds that calls in flight get to end once a drain has begun.
    public var drainTime = 20 * MonotonicTime.second
    /// Nanoseconds that a peer which was told all gets to close first: bytes of its that we left
    /// unread would make the kernel drop our last ones.
    public var lingerTime = MonotonicTime.second

    public init() {}

    /// Bytes read from one connection at a time.
    static let inputBytes = 256 << 10
    /// Bytes written to one connection at a time; as many wait for one that does not read.
    static let outputBytes = 256 << 10
    /// TLS handshakes that a loop works on in one turn, at about 1 ms each: a storm of new
    /// connections must not hold up the checks of those that are there.
    static let handshakesPerTurn = 4
    /// Calls of one turn after which they are answered, before the next connection is read: whoever
    /// sent them need not wait for the others'.
    static let batchCalls = 16
    /// Connections waiting in the kernel to be accepted.
    static let backlog: Int32 = 1024
    /// Milliseconds without accepting after the process ran out of descriptors or memory.
    static let acceptPause: Int32 = 100
}
