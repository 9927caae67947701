// SPDX-License-Identifier: Apache-2.0
import CLinux
import CMicrohttpd

/// A request's head, as libmicrohttpd has it.
extension RequestHead {
    init?(
        _ connection: OpaquePointer, method: UnsafePointer<CChar>?, path: UnsafePointer<CChar>?,
        isUnix: Bool
    ) {
        guard let method = Self.text(method), let path = Self.text(path) else { return nil }
        self.init(method: method, path: path)
        contentType = Self.header("Content-Type", connection)
        authorization = Self.header("Authorization", connection)
        if let length = Self.header("Content-Length", connection) {
            contentLength = Int(length)
            hasBody = contentLength != 0
        }
        if Self.header("Transfer-Encoding", connection) != nil { hasBody = true }
        guard let query = Self.query(connection) else { return nil }
        self.query = query
        peer = Self.peer(connection, isUnix: isUnix)
    }

    /// Nil for what is not UTF-8.
    private static func text(_ start: UnsafePointer<CChar>?) -> String? {
        start.flatMap { String(validatingCString: $0) }
    }

    private static func header(_ name: String, _ connection: OpaquePointer) -> String? {
        text(MHD_lookup_connection_value(connection, .HEADER_KIND, name))
    }

    private static func query(_ connection: OpaquePointer) -> [(name: String, value: String)]? {
        var list = QueryList()
        withUnsafeMutablePointer(to: &list) { list in
            _ = MHD_get_connection_values(
                connection, .GET_ARGUMENT_KIND, collectArgument, UnsafeMutableRawPointer(list))
        }
        return list.isMalformed ? nil : list.entries
    }

    private static func peer(_ connection: OpaquePointer, isUnix: Bool) -> Peer {
        if isUnix {
            let descriptor = http_connection_descriptor(connection)
            return .unix(user: descriptor < 0 ? -1 : linux_peer_user(descriptor))
        }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Limits.subjectBytes) {
            subject in
            let length = http_peer_subject(connection, subject.baseAddress, subject.count)
            if length == Int32(HTTP_PEER_ANONYMOUS) { return .tcp(subject: nil) }
            guard length > 0, let text = text(subject.baseAddress) else { return .untrusted }
            return .tcp(subject: text)
        }
    }
}

private struct QueryList {
    var entries: [(name: String, value: String)] = []
    var isMalformed = false
}

/// Called for each argument of a query.
private func collectArgument(
    _ context: UnsafeMutableRawPointer?, _ kind: MHD_ValueKind, _ name: UnsafePointer<CChar>?,
    _ value: UnsafePointer<CChar>?
) -> MHD_Result {
    guard let list = context?.assumingMemoryBound(to: QueryList.self) else { return .NO }
    guard let name = name.flatMap({ String(validatingCString: $0) }),
        list.pointee.entries.count < Limits.queryParameters
    else {
        list.pointee.isMalformed = true
        return .NO
    }
    let text = value.map { String(validatingCString: $0) } ?? ""
    guard let text else {
        list.pointee.isMalformed = true
        return .NO
    }
    list.pointee.entries.append((name, text))
    return .YES
}

extension Response {
    /// Hands the answer to libmicrohttpd.
    func queue(on connection: OpaquePointer) -> MHD_Result {
        let response = body.withUnsafeBufferPointer { bytes in
            MHD_create_response_from_buffer(
                bytes.count, UnsafeMutableRawPointer(mutating: bytes.baseAddress),
                .RESPMEM_MUST_COPY)
        }
        guard let response else { return .NO }
        defer { MHD_destroy_response(response) }
        MHD_add_response_header(response, "Content-Type", contentType)
        MHD_add_response_header(response, "Cache-Control", "no-store")
        MHD_add_response_header(response, "X-Content-Type-Options", "nosniff")
        for (name, value) in headers { MHD_add_response_header(response, name, value) }
        return MHD_queue_response(connection, status, response)
    }
}
