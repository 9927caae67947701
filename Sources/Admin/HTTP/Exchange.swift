// SPDX-License-Identifier: Apache-2.0
import CMicrohttpd

/// One request while it comes in. libmicrohttpd calls for its head, for each piece of its body, and
/// once more at its end; what can be refused is refused at its head.
///
/// Belongs to the thread of its connection.
final class Exchange {
    private enum Progress {
        case head
        case body
        /// More came than is taken; so many bytes were thrown away.
        case overlong(Int)
    }

    private let route: Route
    private var request: Request
    private var progress = Progress.head

    /// Reads a request's head.
    ///
    /// - Throws: what already refuses it.
    init(_ head: RequestHead, _ core: AdminCore) throws(Problem) {
        let caller = try core.identify(head)
        let (route, parameters) = try Route.find(head.method, head.path)
        guard caller.permission.includes(route.permission) else {
            throw .forbidden("`\(caller.name)` may only `\(caller.permission.rawValue)`")
        }
        self.route = route
        request = Request(
            parameters: parameters, query: head.query, body: [], operatorName: caller.name)
        try checkBody(head)
    }

    private func checkBody(_ head: RequestHead) throws(Problem) {
        guard head.hasBody else {
            if route.body == .required { throw .invalid("missing_body", "expected a body") }
            return
        }
        guard route.body != .none else {
            throw .invalid("unexpected_body", "expected no body")
        }
        if let length = head.contentLength, length > Limits.bodyBytes { throw .bodyTooLarge }
        guard MediaType.isJSON(head.contentType) else { throw .mediaType(head.contentType) }
    }

    /// - Returns: false when so much came that the connection ends.
    func take(_ piece: UnsafeBufferPointer<UInt8>) -> Bool {
        switch progress {
        case .overlong(let count):
            progress = .overlong(count + piece.count)
            return count + piece.count <= Limits.discardedBytes
        case .head, .body:
            if request.body.count + piece.count > Limits.bodyBytes {
                request.body = []
                progress = .overlong(piece.count)
            } else {
                progress = .body
                request.body.append(contentsOf: piece)
            }
            return true
        }
    }

    /// The request is whole.
    func finish(_ services: AdminServices) -> Response {
        if case .overlong = progress { return Response(problem: .bodyTooLarge) }
        do throws(Problem) {
            return try route.answer(request, services)
        } catch {
            return Response(problem: error)
        }
    }
}

/// What is known of a request before its body.
struct RequestHead {
    var method: String
    /// Undecoded, without the query.
    var path: String
    /// Undecoded.
    var query: [(name: String, value: String)] = []
    var contentType: String?
    /// nil when it is absent, or no number.
    var contentLength: Int?
    var hasBody = false
    var authorization: String?
    var peer = Peer.tcp(subject: nil)

    enum Peer: Equatable {
        case unix(user: Int64)
        /// The subject of the certificate; nil when the peer gave none.
        case tcp(subject: String?)
        /// A certificate that does not hold.
        case untrusted
    }
}

enum MediaType {
    /// `application/json`, with parameters or without (RFC 9110 section 8.3.1).
    static func isJSON(_ header: String?) -> Bool {
        guard let header else { return false }
        var type = header.prefix { $0 != ";" }
        while let last = type.last, last == " " || last == "\t" { type.removeLast() }
        return type.lowercased() == "application/json"
    }
}
