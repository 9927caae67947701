// SPDX-License-Identifier: Apache-2.0
import CLinux
import CMicrohttpd
import Glibc

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
        isAmbiguous = Self.framing(connection).isAmbiguous
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

    private static func framing(_ connection: OpaquePointer) -> Framing {
        var framing = Framing()
        withUnsafeMutablePointer(to: &framing) { framing in
            _ = MHD_get_connection_values(
                connection, .HEADER_KIND, noteFraming, UnsafeMutableRawPointer(framing))
        }
        return framing
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

/// What the headers say of a body's end.
private struct Framing {
    var lengths = 0
    var codings = 0
    var isUnknown = false

    var isAmbiguous: Bool { isUnknown || lengths > 1 || codings > 1 || lengths + codings > 1 }
}

/// Called for each header.
private func noteFraming(
    _ context: UnsafeMutableRawPointer?, _ kind: MHD_ValueKind, _ name: UnsafePointer<CChar>?,
    _ value: UnsafePointer<CChar>?
) -> MHD_Result {
    guard let framing = context?.assumingMemoryBound(to: Framing.self), let name else { return .NO }
    let text = value.flatMap { String(validatingCString: $0) } ?? ""
    if strcasecmp(name, "Content-Length") == 0 {
        framing.pointee.lengths += 1
        if text.isEmpty || !text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            framing.pointee.isUnknown = true
        }
    } else if strcasecmp(name, "Transfer-Encoding") == 0 {
        framing.pointee.codings += 1
        if text.lowercased() != "chunked" { framing.pointee.isUnknown = true }
    }
    return .YES
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
