// SPDX-License-Identifier: Apache-2.0
import GRPC
import HTTP2

/// Names one call for as long as somebody may want to answer it: a few trivial words. It may be
/// kept and sent anywhere, but used only on the thread of the loop that gave it.
public struct CallHandle: @unchecked Sendable {
    let name: StreamName

    /// Answers with one message and OK; the bytes are copied.
    ///
    /// - Returns: false when the call is gone: its peer left, reset it, or its deadline passed.
    @discardableResult
    public func respond(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let (stream, connection) = open else { return false }
        connection.markDirty()
        stream.clearTimer()
        return connection.loop.state.pointee.reader.answers.respond(stream, bytes)
    }

    /// Answers with a status and no message.
    ///
    /// - Returns: false when the call is gone.
    @discardableResult
    public func fail(status: GRPCStatus, message: StaticString) -> Bool {
        guard let (stream, connection) = open else { return false }
        connection.markDirty()
        stream.clearTimer()
        return connection.loop.state.pointee.reader.answers.fail(stream, status, message)
    }

    /// The call can still be answered.
    public var isOpen: Bool { open != nil }

    /// The stream and its connection, while it is not answered.
    var open: (HTTP2.Stream, Connection)? {
        guard let stream = name.stream, !stream.isAnswerComplete else { return nil }
        guard let connection = Connection(of: stream) else { return nil }
        return (stream, connection)
    }
}
