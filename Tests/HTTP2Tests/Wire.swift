// SPDX-License-Identifier: Apache-2.0
import HTTP2
import HTTP2Client

/// A server session and its context, fed by hand.
final class Wire {
    let context: UnsafeMutablePointer<SessionContext>
    let session: Session
    let client: Client
    var now: UInt64 = 1_000_000_000
    /// Called for each stream that something came for.
    var onReady: (Stream) -> Void = { _ in }

    init(limits: SessionLimits = SessionLimits(), client: Client = Client()) {
        var limits = limits
        // Plain malloc, so that a sanitizer sees every error.
        limits.poolsMemory = false
        context = SessionContext.make(limits: limits, now: now)!
        session = Session.open(in: context, now: now)!
        self.client = client
    }

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
nonisolated(unsafe) let okHead = HeaderBlock([
    (":status", "200"), ("content-type", "application/grpc"),
])
nonisolated(unsafe) let okTrailers = HeaderBlock([("grpc-status", "0")])

/// Answers with the request's own body.
func echo(_ stream: Stream) {
    guard stream.isEnded, !stream.isAnswerBegun else { return }
    _ = stream.beginAnswer(okHead, bodyFollows: true)
    _ = stream.append(stream.body)
    stream.finishAnswer(trailers: okTrailers)
}
