// SPDX-License-Identifier: Apache-2.0
import HTTP2

/// Answers laid out once per loop; sending one copies no header.
public struct Answers {
    private let head = HeaderBlock.head([
        (":status", "200"), ("content-type", "application/grpc"),
    ])
    private let failure = HeaderBlock([
        (":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "13"),
        ("grpc-message", ""),
    ])
    private let unsupportedEncoding = HeaderBlock([
        (":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "12"),
        ("grpc-message", ""), ("grpc-accept-encoding", "identity"),
    ])
    private let text = HeaderBlock([
        (":status", "200"), ("content-type", "text/plain; charset=utf-8"),
        ("cache-control", "no-store"),
    ])
    private let trailers: UnsafeMutablePointer<HeaderBlock>

    init() {
        trailers = .allocate(capacity: GRPCStatus.allCases.count)
        for status in GRPCStatus.allCases {
            let fields = [(name: StaticString("grpc-status"), value: status.text)]
            let block = status == .ok ? HeaderBlock.trailers(fields) : HeaderBlock(fields)
            (trailers + Int(status.rawValue)).initialize(to: block)
        }
    }

    func destroy() {
        for block in [head, failure, unsupportedEncoding, text] { block.destroy() }
        for index in 0..<GRPCStatus.allCases.count { trailers[index].destroy() }
        trailers.deallocate()
    }

    /// Answers a unary call with one message and OK.
    ///
    /// - Returns: false when the stream is answered already.
    public func respond(_ stream: Stream, _ message: UnsafeRawBufferPointer) -> Bool {
        guard send(stream, message) else { return false }
        finish(stream, .ok)
        return true
    }

    /// Adds one message to the answer of a streaming call.
    public func send(_ stream: Stream, _ message: UnsafeRawBufferPointer) -> Bool {
        if !stream.isAnswerBegun {
            guard stream.beginAnswer(head, bodyFollows: true) else { return false }
        }
        guard !stream.isAnswerComplete else { return false }
        var prefix: (UInt8, UInt32) = (0, 0)
        let written = withUnsafeMutableBytes(of: &prefix) { bytes in
            bytes[0] = 0
            let length = UInt32(message.count).bigEndian
            bytes.storeBytes(of: length, toByteOffset: 1, as: UInt32.self)
            return stream.append(
                UnsafeRawBufferPointer(rebasing: bytes[0..<CallLimits.messagePrefix]))
        }
        guard written, stream.append(message) else {
            stream.reset(.enhanceYourCalm)
            return false
        }
        return true
    }

    /// Ends the answer of a streaming call.
    public func finish(_ stream: Stream, _ status: GRPCStatus) {
        stream.finishAnswer(trailers: trailers[Int(status.rawValue)])
    }

    /// Answers with a status and no message (Trailers-Only), or ends what was begun with it.
    ///
    /// - Returns: false when the stream is answered already.
    public func fail(_ stream: Stream, _ status: GRPCStatus, _ message: StaticString) -> Bool {
        guard !stream.isAnswerComplete else { return false }
        stream.discardRest()
        if stream.isAnswerBegun {
            finish(stream, status)
            return true
        }
        failure.setValue(2, status.text)
        return trailersOnly(stream, failure, message)
    }

    /// Refuses a message encoding; the answer says which are accepted.
    func refuseEncoding(_ stream: Stream, _ message: StaticString) {
        stream.discardRest()
        _ = trailersOnly(stream, unsupportedEncoding, message)
    }

    /// Answers a plain HTTP request.
    func answerHTTP(_ stream: Stream, status: StaticString, body: StaticString) {
        stream.discardRest()
        text.setValue(0, status)
        guard stream.beginAnswer(text, bodyFollows: true) else { return }
        let bytes = UnsafeRawBufferPointer(start: body.utf8Start, count: body.utf8CodeUnitCount)
        _ = stream.append(bytes)
        stream.finishAnswer(trailers: nil)
    }

    private func trailersOnly(
        _ stream: Stream, _ block: HeaderBlock, _ message: StaticString
    ) -> Bool {
        let bytes = UnsafeBufferPointer(start: message.utf8Start, count: message.utf8CodeUnitCount)
        if PercentEncoding.isPlain(bytes) {
            block.setValue(3, message)
            return stream.beginAnswer(block, bodyFollows: false)
        }
        return PercentEncoding.encode(bytes).withUnsafeBufferPointer {
            block.setValue(3, copying: $0)
            return stream.beginAnswer(block, bodyFollows: false)
        }
    }
}
