// SPDX-License-Identifier: Apache-2.0
import CMicrohttpd

/// One request while it comes in. libmicrohttpd calls for its head, for each piece of its body, and
/// once more at its end. What is refused at its head is answered at its end all the same: a client
/// that still sends would not see an answer before.
///
/// Belongs to the thread of its connection.
final class Exchange {
    private enum Outcome {
        case route(Route, Request)
        case refusal(Problem)
    }

    private var outcome: Outcome
    /// Bytes of the body that were thrown away.
    private var discarded = 0

    /// Reads a request's head.
    init(_ head: RequestHead, _ core: AdminCore) {
        do throws(Problem) {
            let (route, request) = try Self.admit(head, core)
            outcome = .route(route, request)
        } catch {
            outcome = .refusal(error)
        }
    }

    private static func admit(
        _ head: RequestHead, _ core: AdminCore
    ) throws(Problem) -> (Route, Request) {
        let caller = try core.identify(head)
        let (route, parameters) = try Route.find(head.method, head.path)
        guard caller.permission.includes(route.permission) else {
            throw .forbidden("`\(caller.name)` may only `\(caller.permission.rawValue)`")
        }
        try checkBody(head, route)
        return (
            route,
            Request(
                parameters: parameters, query: head.query, body: [], operatorName: caller.name)
        )
    }

    private static func checkBody(_ head: RequestHead, _ route: Route) throws(Problem) {
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
        if case .route(let route, var request) = outcome {
            if request.body.count + piece.count <= Limits.bodyBytes {
                // Taken out meanwhile, so that it is not copied.
                outcome = .refusal(.bodyTooLarge)
                request.body.append(contentsOf: piece)
                outcome = .route(route, request)
                return true
            }
            outcome = .refusal(.bodyTooLarge)
        }
        discarded += piece.count
        return discarded <= Limits.discardedBytes
    }

    /// The request is whole.
    func finish(_ services: AdminServices) -> Response {
        do throws(Problem) {
            switch outcome {
            case .refusal(let problem): throw problem
            case .route(let route, let request): return try route.answer(request, services)
            }
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
    /// Where the body ends can be read in several ways (RFC 9112 section 6.3): a proxy before us
    /// may see another request behind it than we do.
    var isAmbiguous = false
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
