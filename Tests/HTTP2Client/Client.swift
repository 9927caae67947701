// SPDX-License-Identifier: Apache-2.0
import CNghttp2

/// An HTTP/2 client for tests: a session of nghttp2 without IO, so that what the server says is
/// judged by somebody else's code.
public final class Client {
    public struct Answer {
        /// Header and trailer fields in the order they came.
        public var fields: [(name: String, value: String)] = []
        public var body: [UInt8] = []
        /// The error code with which the stream was closed; nil while it is open.
        public var closed: UInt32?
        public var headerFrames = 0

        public init() {}

        public subscript(_ name: String) -> String? { fields.first { $0.name == name }?.value }
    }

    public private(set) var answers: [Int32: Answer] = [:]
    /// The error code of the last GOAWAY that came.
    public private(set) var goneAway: UInt32?
    public private(set) var goAwayLastStream: Int32?
    private var session: OpaquePointer?
    private var bodies: [Int32: Body] = [:]

    /// What is still to be sent of a request.
    private final class Body {
        var bytes: [UInt8]
        var sent = 0
        var isComplete: Bool
        init(_ bytes: [UInt8], _ isComplete: Bool) {
            self.bytes = bytes
            self.isComplete = isComplete
        }
    }

    /// - Parameter window: SETTINGS_INITIAL_WINDOW_SIZE for what the server sends.
    public init(window: UInt32 = 65_535, frameSize: UInt32 = 16_384) {
        var callbacks: OpaquePointer?
        nghttp2_session_callbacks_new(&callbacks)
        nghttp2_session_callbacks_set_on_header_callback(callbacks, onHeader)
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, onData)
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, onFrame)
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, onClose)
        let user = Unmanaged.passUnretained(self).toOpaque()
        nghttp2_session_client_new(&session, callbacks, user)
        nghttp2_session_callbacks_del(callbacks)
        let settings = [
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue), value: window),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_MAX_FRAME_SIZE.rawValue), value: frameSize),
        ]
        nghttp2_submit_settings(session, 0, settings, settings.count)
    }

    deinit { nghttp2_session_del(session) }

    /// Sends one SETTINGS frame with these SETTINGS_HEADER_TABLE_SIZE, one after the other.
    public func limitTable(_ sizes: UInt32...) {
        let settings = sizes.map {
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_HEADER_TABLE_SIZE.rawValue), value: $0)
        }
        nghttp2_submit_settings(session, 0, settings, settings.count)
    }

    /// Lets the server send so many bytes on all streams together.
    public func widen(_ window: Int32) {
        nghttp2_session_set_local_window_size(session, 0, 0, window)
    }

    // MARK: requests

    public static let grpcFields: [(String, String)] = [
        ("content-type", "application/grpc"), ("te", "trailers"),
    ]

    /// Opens a stream.
    ///
    /// - Parameter body: nil ends the stream with its headers; otherwise what is sent first.
    @discardableResult
    public func request(
        method: String = "POST", path: String, fields: [(String, String)] = grpcFields,
        body: [UInt8]? = nil, ends: Bool = true
    ) -> Int32 {
        let pseudo = [
            (":method", method), (":scheme", "http"), (":path", path), (":authority", "authz"),
        ]
        return withFields(pseudo + fields) { values in
            guard let body else {
                let id = nghttp2_submit_request(
                    session, nil, values, pseudo.count + fields.count, nil, nil)
                answers[id] = Answer()
                return id
            }
            let pending = Body(body, ends)
            var provider = nghttp2_data_provider(
                source: nghttp2_data_source(ptr: Unmanaged.passUnretained(pending).toOpaque()),
                read_callback: readBody)
            let id = nghttp2_submit_request(
                session, nil, values, pseudo.count + fields.count, &provider, nil)
            bodies[id] = pending
            answers[id] = Answer()
            return id
        }
    }

    /// A unary gRPC call with one message.
    @discardableResult
    public func call(
        _ path: String, _ message: [UInt8] = [], fields: [(String, String)] = []
    ) -> Int32 {
        request(path: path, fields: Self.grpcFields + fields, body: framed(message))
    }

    /// Adds to the body of a stream that was not ended.
    public func send(_ bytes: [UInt8], on id: Int32, ends: Bool = false) {
        guard let body = bodies[id] else { return }
        body.bytes += bytes
        body.isComplete = ends
        nghttp2_session_resume_data(session, id)
    }

    public func reset(_ id: Int32, code: UInt32 = 8) {
        nghttp2_submit_rst_stream(session, 0, id, code)
    }

    public func ping() { nghttp2_submit_ping(session, 0, nil) }

    // MARK: bytes

    /// What the client wants to send now.
    public func output() -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk: UnsafePointer<UInt8>?
        while true {
            let count = nghttp2_session_mem_send(session, &chunk)
            if count <= 0 { return bytes }
            bytes += UnsafeBufferPointer(start: chunk, count: count)
        }
    }

    /// Takes bytes of the server.
    ///
    /// - Returns: false when they are no HTTP/2.
    @discardableResult
    public func input(_ bytes: [UInt8]) -> Bool {
        nghttp2_session_mem_recv(session, bytes, bytes.count) == bytes.count
    }

    // MARK: callbacks

    fileprivate func addField(_ id: Int32, _ name: String, _ value: String) {
        answers[id, default: Answer()].fields.append((name, value))
    }

    fileprivate func addData(_ id: Int32, _ bytes: UnsafeBufferPointer<UInt8>) {
        answers[id, default: Answer()].body += bytes
    }

    fileprivate func close(_ id: Int32, _ code: UInt32) {
        answers[id, default: Answer()].closed = code
        bodies[id] = nil
    }

    fileprivate func take(_ frame: nghttp2_frame) {
        if frame.hd.type == NGHTTP2_GOAWAY.rawValue {
            goneAway = frame.goaway.error_code
            goAwayLastStream = frame.goaway.last_stream_id
        }
        if frame.hd.type == NGHTTP2_HEADERS.rawValue {
            answers[frame.hd.stream_id, default: Answer()].headerFrames += 1
        }
    }

    private func withFields<Result>(
        _ fields: [(String, String)], _ body: ([nghttp2_nv]) -> Result
    ) -> Result {
        var storage: [UnsafeMutableBufferPointer<UInt8>] = []
        defer { for buffer in storage { buffer.deallocate() } }
        func copy(_ text: String) -> UnsafeMutableBufferPointer<UInt8> {
            let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: text.utf8.count + 1)
            _ = buffer.initialize(from: Array(text.utf8) + [0])
            storage.append(buffer)
            return buffer
        }
        return body(
            fields.map { field in
                nghttp2_nv(
                    name: copy(field.0).baseAddress, value: copy(field.1).baseAddress,
                    namelen: field.0.utf8.count, valuelen: field.1.utf8.count, flags: 0)
            })
    }

    fileprivate static func read(
        _ source: UnsafeMutableRawPointer, _ buffer: UnsafeMutablePointer<UInt8>, _ length: Int,
        _ flags: UnsafeMutablePointer<UInt32>
    ) -> Int {
        let body = Unmanaged<Body>.fromOpaque(source).takeUnretainedValue()
        let count = min(length, body.bytes.count - body.sent)
        for index in 0..<count { buffer[index] = body.bytes[body.sent + index] }
        body.sent += count
        if body.sent == body.bytes.count && body.isComplete {
            flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue
        } else if count == 0 {
            return Int(NGHTTP2_ERR_DEFERRED.rawValue)
        }
        return count
    }
}

/// A gRPC message with its prefix.
public func framed(_ message: [UInt8], flag: UInt8 = 0, length: Int? = nil) -> [UInt8] {
    let count = UInt32(length ?? message.count)
    let prefix = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) }
    return [flag] + prefix + message
}

private func client(_ user: UnsafeMutableRawPointer?) -> Client {
    Unmanaged<Client>.fromOpaque(user!).takeUnretainedValue()
}

private func onHeader(
    _ raw: OpaquePointer?, _ frame: UnsafePointer<nghttp2_frame>?, _ name: UnsafePointer<UInt8>?,
    _ nameCount: Int, _ value: UnsafePointer<UInt8>?, _ valueCount: Int, _ flags: UInt8,
    _ user: UnsafeMutableRawPointer?
) -> Int32 {
    let name = String(decoding: UnsafeBufferPointer(start: name, count: nameCount), as: UTF8.self)
    let value = String(
        decoding: UnsafeBufferPointer(start: value, count: valueCount), as: UTF8.self)
    client(user).addField(frame!.pointee.hd.stream_id, name, value)
    return 0
}

private func onData(
    _ raw: OpaquePointer?, _ flags: UInt8, _ id: Int32, _ bytes: UnsafePointer<UInt8>?,
    _ count: Int, _ user: UnsafeMutableRawPointer?
) -> Int32 {
    client(user).addData(id, UnsafeBufferPointer(start: bytes, count: count))
    return 0
}

private func onFrame(
    _ raw: OpaquePointer?, _ frame: UnsafePointer<nghttp2_frame>?, _ user: UnsafeMutableRawPointer?
) -> Int32 {
    client(user).take(frame!.pointee)
    return 0
}

private func onClose(
    _ raw: OpaquePointer?, _ id: Int32, _ code: UInt32, _ user: UnsafeMutableRawPointer?
) -> Int32 {
    client(user).close(id, code)
    return 0
}

private func readBody(
    _ raw: OpaquePointer?, _ id: Int32, _ buffer: UnsafeMutablePointer<UInt8>?, _ length: Int,
    _ flags: UnsafeMutablePointer<UInt32>?, _ source: UnsafeMutablePointer<nghttp2_data_source>?,
    _ user: UnsafeMutableRawPointer?
) -> Int {
    Client.read(source!.pointee.ptr, buffer!, length, flags!)
}
