// SPDX-License-Identifier: Apache-2.0
import HTTP2

/// What came of the bytes that came for a stream.
public enum Arrival {
    /// More must come, or the call is answered already.
    case nothing
    /// One whole unary request. The message is valid until the session receives again; the
    /// deadline is in monotonic nanoseconds, `.max` for none.
    case call(method: Int, message: UnsafeRawBufferPointer, deadline: UInt64)
    /// A call that this target serves itself.
    case builtin(BuiltinMethod)
}

/// Judges requests by the gRPC over HTTP/2 specification and reads their messages. One per loop.
public struct CallReader {
    public let answers = Answers()
    public let limits: CallLimits
    /// `GET /healthz` answers 200, otherwise 503.
    public var isServing = true
    private let methods: MethodTable

    /// How far a stream has come; kept in `Stream.stage`.
    private enum Stage {
        static let fresh: UInt8 = 0
        static let reading: UInt8 = 1
        /// Handed on, or answered here.
        static let done: UInt8 = 2
    }

    /// - Parameter methods: full paths; their index is the method's number.
    public init(methods paths: [String], limits: CallLimits) {
        var methods: [(path: String, number: Int32)] = []
        for (index, path) in paths.enumerated() { methods.append((path, Int32(index))) }
        for builtin in BuiltinMethod.allCases { methods.append((builtin.path, builtin.rawValue)) }
        self.methods = MethodTable(methods)
        self.limits = limits
    }

    public func destroy() {
        methods.destroy()
        answers.destroy()
    }

    /// Looks at a stream of `Session.nextReady`, and answers it when it must be refused.
    ///
    /// - Parameter now: monotonic nanoseconds.
    public func examine(_ stream: Stream, now: UInt64) -> Arrival {
        if stream.stage == Stage.fresh {
            guard stream.isHeadRead, judge(stream, now: now) else { return .nothing }
            stream.stage = Stage.reading
        }
        guard stream.stage == Stage.reading else { return .nothing }
        if let builtin = BuiltinMethod(rawValue: stream.tag), builtin.isClientStreaming {
            return .builtin(builtin)
        }
        guard let message = readMessage(stream) else { return .nothing }
        stream.stage = Stage.done
        if stream.deadline <= now {
            refuse(stream, .deadlineExceeded, "deadline exceeded")
            return .nothing
        }
        if let builtin = BuiltinMethod(rawValue: stream.tag) { return .builtin(builtin) }
        return .call(method: Int(stream.tag), message: message, deadline: stream.deadline)
    }

    /// The moment at which a stream that was not answered yet must be: its deadline, or for a
    /// request that is still coming the end of the time it may take. `.max` for never.
    public func timeout(of stream: Stream, now: UInt64) -> UInt64 {
        if stream.stage == Stage.done || stream.isEnded { return stream.deadline }
        // A stream of requests lives as long as its peer likes.
        if let builtin = BuiltinMethod(rawValue: stream.tag), builtin.isClientStreaming {
            return stream.deadline
        }
        return min(stream.deadline, now + limits.requestTime)
    }

    /// Answers a stream whose time is over.
    public func expire(_ stream: Stream) {
        if stream.stage == Stage.fresh { return stream.reset(.cancel) }
        refuse(stream, .deadlineExceeded, "deadline exceeded")
    }

    // MARK: headers

    /// False when the request was answered.
    private func judge(_ stream: Stream, now: UInt64) -> Bool {
        if stream.isHeadTooLarge {
            return http(stream, "431", "request headers are too large\n")
        }
        guard isGRPC(stream.header(.contentType)) else { return judgePlain(stream) }
        guard stream.header(.method).equals("POST") else {
            return http(stream, "405", "gRPC needs POST\n")
        }
        guard stream.header(.te).equals("trailers") else {
            return refuse(stream, .internal, "expected header te: trailers")
        }
        guard case .text(let path) = stream.header(.path), let method = methods.find(path) else {
            return refuse(stream, .unimplemented, "unknown method")
        }
        stream.tag = method
        return judgeEncoding(stream) && readDeadline(stream, now: now)
    }

    private func judgePlain(_ stream: Stream) -> Bool {
        guard stream.header(.method).equals("GET") else {
            return http(stream, "415", "expected content-type application/grpc\n")
        }
        guard stream.header(.path).equals("/healthz") else {
            return http(stream, "404", "not found\n")
        }
        return isServing ? http(stream, "200", "ok\n") : http(stream, "503", "draining\n")
    }

    private func judgeEncoding(_ stream: Stream) -> Bool {
        if case .absent = stream.header(.encoding) { return true }
        if stream.header(.encoding).equals("identity") { return true }
        stream.stage = Stage.done
        answers.refuseEncoding(stream, "unsupported grpc-encoding")
        return false
    }

    private func readDeadline(_ stream: Stream, now: UInt64) -> Bool {
        switch stream.header(.timeout) {
        case .absent: return true
        case .overlong: return refuse(stream, .internal, "malformed grpc-timeout")
        case .text(let text):
            guard let timeout = GRPCTimeout.parse(text) else {
                return refuse(stream, .internal, "malformed grpc-timeout")
            }
            let (deadline, overflow) = now.addingReportingOverflow(timeout)
            stream.deadline = overflow ? .max : deadline
            return true
        }
    }

    /// `application/grpc`, alone, with `+proto`, or with parameters.
    private func isGRPC(_ value: HeaderValue) -> Bool {
        if value.equals("application/grpc") { return true }
        guard case .text(let text) = value else { return false }
        guard startsIgnoringCase(text, "application/grpc") else { return false }
        let rest = text.dropFirst("application/grpc".utf8.count)
        guard let next = rest.first else { return true }
        if next == UInt8(ascii: ";") || next == UInt8(ascii: " ") { return true }
        return startsIgnoringCase(UnsafeBufferPointer(rebasing: rest), "+proto")
            && (rest.count == 6 || rest[rest.startIndex + 6] == UInt8(ascii: ";"))
    }

    private func startsIgnoringCase(
        _ text: UnsafeBufferPointer<UInt8>, _ literal: StaticString
    ) -> Bool {
        guard text.count >= literal.utf8CodeUnitCount else { return false }
        for index in 0..<literal.utf8CodeUnitCount {
            let byte = text[index]
            let isUpper = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
            if (isUpper ? byte | 0x20 : byte) != literal.utf8Start[index] { return false }
        }
        return true
    }

    // MARK: the message

    /// The one message of a unary request; nil when more must come or the call was refused.
    private func readMessage(_ stream: Stream) -> UnsafeRawBufferPointer? {
        if stream.isBodyTooLarge {
            refuse(stream, .resourceExhausted, "message is larger than the limit")
            return nil
        }
        if stream.isBodyRefused {
            refuse(stream, .resourceExhausted, "too many bytes of unfinished requests")
            return nil
        }
        switch nextMessage(stream, limit: limits.message) {
        case .refused: return nil
        case .incomplete:
            if stream.isEnded { refuseEnd(stream) }
            return nil
        case .message(let message):
            if stream.body.count > CallLimits.messagePrefix + message.count {
                refuse(stream, .unimplemented, "expected one message, got more")
                return nil
            }
            return stream.isEnded ? message : nil
        }
    }

    enum NextMessage {
        case incomplete
        case refused
        case message(UnsafeRawBufferPointer)
    }

    /// The first message of the body as it is so far.
    func nextMessage(_ stream: Stream, limit: Int) -> NextMessage {
        let body = stream.body
        guard body.count >= CallLimits.messagePrefix else { return .incomplete }
        guard body[0] == 0 else {
            // Compressed, though no encoding was announced (gRPC compression, test case 3), or
            // a flag that does not exist.
            refuse(stream, .internal, "message has a compression flag without a grpc-encoding")
            return .refused
        }
        let length = Int(UInt32(bigEndian: body.loadUnaligned(fromByteOffset: 1, as: UInt32.self)))
        if length > limit {
            refuse(stream, .resourceExhausted, "message is larger than the limit")
            return .refused
        }
        let end = CallLimits.messagePrefix + length
        guard body.count >= end else { return .incomplete }
        return .message(UnsafeRawBufferPointer(rebasing: body[CallLimits.messagePrefix..<end]))
    }

    private func refuseEnd(_ stream: Stream) {
        if stream.body.isEmpty {
            refuse(stream, .unimplemented, "expected one message, got none")
        } else {
            refuse(stream, .internal, "message is shorter than its prefix says")
        }
    }

    // MARK: refusals

    @discardableResult
    func refuse(_ stream: Stream, _ status: GRPCStatus, _ message: StaticString) -> Bool {
        stream.stage = Stage.done
        _ = answers.fail(stream, status, message)
        return false
    }

    private func http(_ stream: Stream, _ status: StaticString, _ body: StaticString) -> Bool {
        stream.stage = Stage.done
        answers.answerHTTP(stream, status: status, body: body)
        return false
    }
}
