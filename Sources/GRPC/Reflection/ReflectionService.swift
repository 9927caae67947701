// SPDX-License-Identifier: Apache-2.0
import CExtAuthz
import HTTP2

/// gRPC server reflection, v1 and v1alpha (their messages are the same on the wire): what
/// `grpcurl list` and `grpcurl describe` ask.
public struct ReflectionService {
    private let services: [String]
    private let files: FileDescriptors

    /// - Parameter methods: full paths of the methods that are served beside the builtin ones.
    public init(methods: [String]) {
        self.init(methods: methods, files: .embedded)
    }

    init(methods: [String], files: FileDescriptors) {
        let paths = methods + BuiltinMethod.allCases.map(\.path)
        services = Set(paths.compactMap(Self.service)).sorted()
        self.files = files
    }

    /// Answers the messages that have come so far, and the end of the stream.
    public func handle(_ stream: Stream, reader: CallReader) {
        while !stream.isAnswerComplete {
            switch reader.nextMessage(stream, limit: CallLimits.reflectionRequest) {
            case .refused: return
            case .incomplete: return endIfDone(stream, reader)
            case .message(let message):
                guard let response = answer(message) else {
                    reader.refuse(stream, .invalidArgument, "malformed ServerReflectionRequest")
                    return
                }
                stream.consumeBody(CallLimits.messagePrefix + message.count)
                guard response.withUnsafeBytes({ reader.answers.send(stream, $0) }) else { return }
            }
        }
    }

    private func endIfDone(_ stream: Stream, _ reader: CallReader) {
        guard stream.isEnded else { return }
        if !stream.body.isEmpty {
            reader.refuse(stream, .internal, "message is shorter than its prefix says")
        } else if stream.isAnswerBegun {
            reader.answers.finish(stream, .ok)
        } else {
            reader.refuse(stream, .ok, "")
        }
    }

    private typealias Request = Grpc__Reflection__V1__ServerReflectionRequest

    private enum Question {
        case file(String)
        case symbol(String)
        case extensionNumbers(String)
        case extensionFile
        case services
        case none
    }

    /// A ServerReflectionResponse; nil when the request is malformed.
    func answer(_ message: UnsafeRawBufferPointer) -> [UInt8]? {
        guard let (host, question) = Self.read(message) else { return nil }
        var response = ProtobufWriter()
        if !host.isEmpty { response.field(1, host.utf8) }
        response.field(2, message)
        switch question {
        case .file(let name): write(files.closure(ofFile: name), to: &response)
        case .symbol(let name): write(files.closure(ofSymbol: name), to: &response)
        case .services: response.field(6, serviceList())
        case .extensionNumbers(let type):
            guard files.closure(ofSymbol: type) != nil else {
                response.field(7, Self.error(.notFound, "type not found"))
                break
            }
            // proto3 files extend nothing.
            var numbers = ProtobufWriter()
            numbers.field(1, type.utf8)
            response.field(5, numbers.bytes)
        case .extensionFile:
            response.field(7, Self.error(.notFound, "extension not found"))
        case .none:
            response.field(7, Self.error(.invalidArgument, "unknown question"))
        }
        return response.bytes
    }

    private func write(_ files: [FileDescriptors.File]?, to response: inout ProtobufWriter) {
        guard let files else {
            response.field(7, Self.error(.notFound, "file or symbol not found"))
            return
        }
        var list = ProtobufWriter()
        for file in files { list.field(1, file.bytes) }
        response.field(4, list.bytes)
    }

    private func serviceList() -> [UInt8] {
        var list = ProtobufWriter()
        for service in services {
            var entry = ProtobufWriter()
            entry.field(1, service.utf8)
            list.field(1, entry.bytes)
        }
        return list.bytes
    }

    private static func error(_ status: GRPCStatus, _ message: String) -> [UInt8] {
        var error = ProtobufWriter()
        error.field(1, varint: UInt64(status.rawValue))
        error.field(2, message.utf8)
        return error.bytes
    }

    private static func read(_ message: UnsafeRawBufferPointer) -> (String, Question)? {
        let start = message.baseAddress?.assumingMemoryBound(to: UInt8.self)
        guard
            let request = grpc__reflection__v1__server_reflection_request__unpack(
                nil, message.count, start)
        else { return nil }
        defer { grpc__reflection__v1__server_reflection_request__free_unpacked(request, nil) }
        return (String(cString: request.pointee.host), question(request.pointee))
    }

    /// The case's raw value is its field number in reflection.proto.
    private static func question(_ request: Request) -> Question {
        switch request.message_request_case.rawValue {
        case 3: .file(String(cString: request.file_by_filename))
        case 4: .symbol(String(cString: request.file_containing_symbol))
        case 5: .extensionFile
        case 6: .extensionNumbers(String(cString: request.all_extension_numbers_of_type))
        case 7: .services
        default: .none
        }
    }

    /// `package.Service` of `/package.Service/Method`.
    private static func service(_ path: String) -> String? {
        path.split(separator: "/").first.map(String.init)
    }
}
