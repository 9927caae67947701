// SPDX-License-Identifier: Apache-2.0
import CExtAuthz
import HTTP2

/// `grpc.health.v1.HealthCheckResponse.ServingStatus`.
public enum ServingStatus: UInt8, Sendable {
    case unknown, serving, notServing, serviceUnknown
}

/// `grpc.health.v1.Health`: one status for the server and all its services.
public struct HealthService {
    private let services: Set<String>

    /// - Parameter services: full names, such as `envoy.service.auth.v3.Authorization`. The empty
    ///   name, which asks for the server as a whole, is always known.
    public init(services: [String]) {
        self.services = Set(services + [""])
    }

    /// The message of a request on `stream`: a check is answered, a watch is told its status.
    public func handle(
        _ method: BuiltinMethod, _ stream: Stream, _ status: ServingStatus,
        reader: CallReader
    ) {
        guard case .message(let message) = reader.nextMessage(stream, limit: .max),
            let service = Self.service(message)
        else {
            reader.refuse(stream, .invalidArgument, "malformed HealthCheckRequest")
            return
        }
        let isKnown = services.contains(service)
        if method == .healthWatch {
            _ = send(isKnown ? status : .serviceUnknown, to: stream, reader.answers)
            stream.tag = isKnown ? stream.tag : Self.unknownService
        } else if isKnown {
            if send(status, to: stream, reader.answers) { reader.answers.finish(stream, .ok) }
        } else {
            reader.refuse(stream, .notFound, "unknown service")
        }
    }

    /// Tells a watch that the status has changed.
    public func notify(_ stream: Stream, _ status: ServingStatus, reader: CallReader) {
        // A service that is not served now never will be: its watch has its answer.
        if stream.tag == Self.unknownService { return }
        _ = send(status, to: stream, reader.answers)
    }

    /// A value of `Stream.tag` for watches of services that do not exist.
    private static let unknownService: Int32 = -100

    private func send(_ status: ServingStatus, to stream: Stream, _ answers: Answers) -> Bool {
        // Field 1, an enum: its default, 0, is left out.
        let bytes: [UInt8] = status == .unknown ? [] : [0x08, status.rawValue]
        return bytes.withUnsafeBytes { answers.send(stream, $0) }
    }

    /// The name in a HealthCheckRequest; nil when it is malformed.
    private static func service(_ message: UnsafeRawBufferPointer) -> String? {
        let start = message.baseAddress?.assumingMemoryBound(to: UInt8.self)
        guard
            let request = grpc__health__v1__health_check_request__unpack(nil, message.count, start)
        else { return nil }
        defer { grpc__health__v1__health_check_request__free_unpacked(request, nil) }
        return String(cString: request.pointee.service)
    }
}
