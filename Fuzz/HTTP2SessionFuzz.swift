// SPDX-License-Identifier: Apache-2.0

// Bytes of a hostile peer against one session with its call reader, health and reflection. The
// first byte cuts the rest into pieces; answers are given at once, late or never. Compiled together
// with the sources of HTTP2 and GRPC (Scripts/fuzz), so it names no module.

private let methods = ["/envoy.service.auth.v3.Authorization/Check"]

// One thread runs all inputs, and these hold nothing of any.
nonisolated(unsafe) private let reader = {
    var limits = CallLimits()
    limits.message = 4096 - CallLimits.messagePrefix
    return CallReader(methods: methods, limits: limits)
}()
nonisolated(unsafe) private let health = HealthService(
    services: ["envoy.service.auth.v3.Authorization"])
nonisolated(unsafe) private let reflection = ReflectionService(methods: methods)

private struct Target {
    let context: UnsafeMutablePointer<SessionContext>
    let session: Session
    var now: UInt64 = 1
    var late: [Int32] = []

    init?() {
        var limits = SessionLimits()
        // Small, so that they are reached.
        limits.headerList = 2048
        limits.body = 4096
        limits.heldBodies = 64 << 10
        limits.heldAnswers = 64 << 10
        limits.concurrentStreams = 16
        let context = SessionContext.make(limits: limits, now: 1)
        guard let session = Session.open(in: context, now: 1) else { return nil }
        self.context = context
        self.session = session
    }

    mutating func receive(_ piece: UnsafeRawBufferPointer) {
        // A copy of its own, so that a pointer kept into it is found out.
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: piece.count, alignment: 1)
        copy.copyMemory(from: piece)
        now += 1_000_000
        session.receive(UnsafeRawBufferPointer(copy), now: now)
        while let stream = session.nextReady() { serve(stream) }
        session.settle()
        copy.deallocate()
    }

    private mutating func serve(_ stream: Stream) {
        switch reader.examine(stream, now: now) {
        case .nothing: break
        case .call(_, let message, _):
            var sum: UInt8 = 0
            for byte in message { sum &+= byte }
            switch sum % 4 {
            case 0: late.append(stream.id)
            case 1: _ = reader.answers.fail(stream, .aborted, "no")
            case 2: break
            default: _ = reader.answers.respond(stream, message)
            }
        case .builtin(let method):
            switch method {
            case .healthCheck, .healthWatch:
                health.handle(method, stream, .serving, reader: reader)
            case .reflection, .reflectionAlpha: reflection.handle(stream, reader: reader)
            }
        }
    }

    mutating func answerLate() {
        for id in late {
            guard let stream = session.stream(id) else { continue }
            _ = reader.answers.respond(stream, UnsafeRawBufferPointer(start: nil, count: 0))
        }
        late = []
    }

    func produce() {
        withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 16) { output in
            while session.produce(into: UnsafeMutableRawBufferPointer(output)) > 0 {}
        }
    }

    func destroy() {
        session.close()
        SessionContext.destroy(context)
    }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHTTP2Session(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    guard let start, count > 1, var target = Target() else { return 0 }
    let bytes = UnsafeRawBufferPointer(start: start + 1, count: count - 1)
    let piece = start[0] == 0 ? bytes.count : Int(start[0])
    var offset = 0
    while offset < bytes.count {
        let end = min(offset + piece, bytes.count)
        target.receive(UnsafeRawBufferPointer(rebasing: bytes[offset..<end]))
        // Sometimes nobody reads what we say.
        if start[0] & 1 == 0 { target.produce() }
        target.answerLate()
        offset = end
    }
    target.session.resetStuckAnswers()
    if start[0] & 2 != 0 {
        target.session.announceShutdown()
        target.session.refuseNewStreams()
    }
    target.produce()
    target.destroy()
    return 0
}
