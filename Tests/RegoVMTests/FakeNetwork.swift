// SPDX-License-Identifier: Apache-2.0
import Synchronization

@testable import RegoVM

/// A network that a test answers for.
final class FakeNetwork: NetworkTransport {
    typealias Answer = @Sendable (HTTPRequest, Int) throws(NetworkFailure) -> HTTPResponse

    private let answer: Answer
    private let asked = Mutex<[HTTPRequest]>([])

    /// - Parameter answer: given the request and how many came before it.
    init(_ answer: @escaping Answer) { self.answer = answer }

    var requests: [HTTPRequest] { asked.withLock { $0 } }

    func exchange(_ request: HTTPRequest, _ patience: Patience) throws(NetworkFailure)
        -> HTTPResponse
    {
        let number = asked.withLock { asked in
            asked.append(request)
            return asked.count - 1
        }
        return try answer(request, number)
    }

    func addresses(of host: String, _ patience: Patience) throws(NetworkFailure) -> [String] {
        guard host == "localhost" || host == "127.0.0.1" else { throw .failed("no such host") }
        return ["127.0.0.1"]
    }

    static func response(
        _ body: String, _ code: Int = 200, headers: [HTTPField] = [], redirect: String? = nil
    ) -> HTTPResponse {
        HTTPResponse(
            statusCode: code, status: "\(code) X", headers: headers, body: Array(body.utf8),
            redirect: redirect)
    }
}
