// SPDX-License-Identifier: Apache-2.0
import GRPC
import HTTP2
import HTTP2Client

/// One server session with its call reader, and a client, both without IO.
final class Exchange {
    static let method = "/test.Service/Echo"

    let context: UnsafeMutablePointer<SessionContext>
    let session: Session
    let client: Client
    let reader: CallReader
    let health = HealthService(services: ["test.Service"])
    let reflection = ReflectionService(methods: [Exchange.method])
    var now: UInt64 = 1_000_000_000
    var status = ServingStatus.serving
    /// The messages of the calls that were handed on.
    var calls: [[UInt8]] = []
    var deadlines: [UInt64] = []
    var answers = true

    init(client: Client = Client(), messageLimit: Int = 4 << 20) {
        var limits = SessionLimits()
        limits.body = messageLimit + CallLimits.messagePrefix
        var calls = CallLimits()
        calls.message = messageLimit
        context = SessionContext.make(limits: limits, now: now)
        session = Session.open(in: context, now: now)!
        reader = CallReader(methods: [Self.method], limits: calls)
        self.client = client
    }

    deinit {
        session.close()
        reader.destroy()
        SessionContext.destroy(context)
    }

    func receive(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { buffer in
            session.receive(buffer, now: now)
            while let stream = session.nextReady() { serve(stream) }
            session.settle()
        }
    }

    private func serve(_ stream: Stream) {
        switch reader.examine(stream, now: now) {
        case .nothing: break
        case .call(_, let message, let deadline):
            calls.append(Array(message))
            deadlines.append(deadline)
            if answers { _ = reader.answers.respond(stream, message) }
        case .builtin(let method):
            switch method {
            case .healthCheck, .healthWatch: health.handle(method, stream, status, reader: reader)
            case .reflection, .reflectionAlpha: reflection.handle(stream, reader: reader)
            }
        }
    }

    func talk() {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 1)
        defer { buffer.deallocate() }
        while true {
            let request = client.output()
            if !request.isEmpty { receive(request) }
            let count = session.produce(into: buffer)
            if count > 0 { client.input(Array(buffer.prefix(count))) }
            if request.isEmpty && count == 0 { return }
        }
    }

    /// The answer to one request.
    func answer(_ request: (Client) -> Int32) -> Client.Answer {
        let id = request(client)
        talk()
        return client.answers[id] ?? Client.Answer()
    }
}
