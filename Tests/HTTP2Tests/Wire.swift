// SPDX-License-Identifier: Apache-2.0
import HTTP2Client

@testable import HTTP2

/// A server session and its context, fed by hand.
final class Wire {
    let context: UnsafeMutablePointer<SessionContext>
    let session: Session
    let client: Client
    var now: UInt64 = 1_000_000_000
    /// Called for each stream that something came for.
    var onReady: (Stream) -> Void = { _ in }

    init(limits: SessionLimits = SessionLimits(), client: Client = Client()) {
        context = SessionContext.make(limits: limits, now: now)
        session = Session.open(in: context, now: now)!
        self.client = client
    }

    /// Asked here, where the session lives for as long as it takes.
    var fault: SessionFault? { session.fault }

    deinit {
        session.close()
        SessionContext.destroy(context)
    }

    /// Gives the server bytes, in pieces of `piece`.
    func receive(_ bytes: [UInt8], piece: Int = .max) {
        var rest = bytes[...]
        while !rest.isEmpty {
            // A copy of its own: whoever keeps a pointer into it is found out.
            let part = UnsafeMutableRawBufferPointer.allocate(
                byteCount: min(piece, rest.count), alignment: 1)
            part.copyBytes(from: rest.prefix(part.count))
            rest = rest.dropFirst(part.count)
            session.receive(UnsafeRawBufferPointer(part), now: now)
            while let stream = session.nextReady() { onReady(stream) }
            session.settle()
            part.deallocate()
        }
    }

    /// What the server says, in pieces of `piece`.
    func produce(piece: Int = 65_536) -> [UInt8] {
        var all: [UInt8] = []
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: piece, alignment: 1)
        defer { buffer.deallocate() }
        while true {
            let count = session.produce(into: buffer)
            if count == 0 { return all }
            all += buffer.prefix(count)
        }
    }

    /// Lets both sides talk until neither has anything to say.
    func talk(piece: Int = .max) {
        while true {
            let request = client.output()
            receive(request, piece: piece)
            let answer = produce()
            if !answer.isEmpty { client.input(answer) }
            if request.isEmpty && answer.isEmpty { return }
        }
    }
}

// Never changed after they were made.
nonisolated(unsafe) let okHead = HeaderBlock.head([
    (":status", "200"), ("content-type", "application/grpc"),
])
nonisolated(unsafe) let okTrailers = HeaderBlock.trailers([("grpc-status", "0")])

/// Answers with the request's own body.
func echo(_ stream: Stream) {
    guard stream.isEnded, !stream.isAnswerBegun else { return }
    _ = stream.beginAnswer(okHead, bodyFollows: true)
    _ = stream.append(stream.body)
    stream.finishAnswer(trailers: okTrailers)
}

/// What the server says, frame by frame.
extension Wire {
    private func frames() -> [(head: FrameHead, payload: [UInt8])] { Self.frames(of: produce()) }

    static func frames(of output: [UInt8]) -> [(head: FrameHead, payload: [UInt8])] {
        var frames: [(FrameHead, [UInt8])] = []
        var rest = output[...]
        while rest.count >= FrameHead.bytes {
            let head = Array(rest).withUnsafeBytes { FrameHead($0.baseAddress!) }
            let payload = Array(rest.dropFirst(FrameHead.bytes).prefix(head.length))
            frames.append((head, payload))
            rest = rest.dropFirst(FrameHead.bytes + head.length)
        }
        return frames
    }

    private func number(_ bytes: [UInt8]) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }

    /// The error code of each RST_STREAM that waits.
    func resets() -> [Int32: Int] {
        var resets: [Int32: Int] = [:]
        for frame in frames() where frame.head.type == FrameType.rstStream {
            resets[frame.head.stream] = number(frame.payload)
        }
        return resets
    }

    /// Bytes by which windows grow.
    func windowUpdates() -> [Int32: Int] {
        var more: [Int32: Int] = [:]
        for frame in frames() where frame.head.type == FrameType.windowUpdate {
            more[frame.head.stream, default: 0] += number(frame.payload)
        }
        return more
    }

    func dataBytes() -> Int {
        frames().filter { $0.head.type == FrameType.data }.reduce(0) { $0 + $1.head.length }
    }
}
