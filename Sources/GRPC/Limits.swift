// SPDX-License-Identifier: Apache-2.0

/// What one gRPC server accepts.
public struct CallLimits: Sendable {
    /// Bytes of one request message.
    public var message: Int = 4 << 20
    /// Nanoseconds that a request may take to come in whole.
    public var requestTime: UInt64 = 30_000_000_000
    /// Health watches held at once by one loop.
    public var watches: Int = 1024

    public init() {}

    /// Bytes before each message: a flag and a length (gRPC over HTTP/2, Length-Prefixed-Message).
    public static let messagePrefix = 5
    /// Digits of a grpc-timeout.
    static let timeoutDigits = 8
    /// Bytes of one message on a reflection stream.
    static let reflectionRequest = 16 << 10
}
