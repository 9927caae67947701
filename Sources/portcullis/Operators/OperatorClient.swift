// SPDX-License-Identifier: Apache-2.0
import Admin
import ArgumentParser
import Foundation
import HTTPClient
import Platform
import RegoVM

/// One call of the operators' API.
struct OperatorRequest {
    var method: String
    /// The path's segments below `/v1`, not encoded.
    var path: [String]
    var query: [(name: String, value: String)] = []
    var body: JSON?

    init(
        _ method: String, _ path: [String], query: [(name: String, value: String)] = [],
        body: JSON? = nil
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.body = body
    }

    /// Path and query, encoded.
    var target: String {
        let path = (["v1"] + path).map { "/" + HTTPRequest.encode($0) }.joined()
        let query = query.map { "\($0.name)=\(HTTPRequest.encode($0.value))" }
        return path + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
    }
}

struct OperatorAnswer {
    var body: [UInt8]

    /// - Throws: when the server is not one that this program understands.
    func decoded<Document: Decodable>(_ type: Document.Type) throws -> Document {
        do {
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            return try decoder.decode(type, from: Data(body))
        } catch {
            throw OperatorFailure(
                ExitStatus.failure, "the answer is none that this version understands")
        }
    }
}

/// Speaks to the operators' API.
struct OperatorClient {
    /// Nanoseconds for one call: it may wait for a disk or a compiler.
    private static let patience: UInt64 = 60_000_000_000

    var socket: String?
    var base = "http://portcullis"
    var token: String?
    var security = HTTPSecurity()

    func send(_ request: OperatorRequest) throws -> OperatorAnswer {
        var call = HTTPRequest(method: request.method, url: base + request.target)
        call.socket = socket
        call.security = security
        call.headers = [HTTPField("Accept", "application/json")]
        if let token { call.headers.append(HTTPField("Authorization", "Bearer \(token)")) }
        if let body = request.body {
            call.headers.append(HTTPField("Content-Type", "application/json"))
            call.body = body.bytes
        }
        let response: HTTPResponse
        do throws(NetworkFailure) {
            let deadline = MonotonicTime.now() + Self.patience
            response = try CurlTransport().exchange(call, Patience(deadline: deadline))
        } catch {
            throw unreachable(error)
        }
        guard (200..<300).contains(response.statusCode) else { throw refused(response) }
        return OperatorAnswer(body: response.body)
    }

    private func unreachable(_ failure: NetworkFailure) -> any Error {
        let place = socket ?? base
        switch failure {
        case .timedOut:
            return OperatorFailure(ExitStatus.failure, "`\(place)` did not answer in time")
        case .invalid(let text):
            guard socket == nil else { return OperatorFailure(ExitStatus.invalid, text) }
            return ValidationError("--url: \(text)")
        case .disallowed(let host):
            return OperatorFailure(ExitStatus.invalid, "`\(host)` is not allowed")
        case .failed(let text):
            return OperatorFailure(
                ExitStatus.failure, "no answer from `\(place)`: \(text.lowercased())",
                hint: "is `portcullis serve` running, with the same configuration and user?")
        }
    }

    private func refused(_ response: HTTPResponse) -> OperatorFailure {
        let exit =
            switch response.statusCode {
            case 401, 403: ExitStatus.denied
            case 400..<500: ExitStatus.invalid
            default: ExitStatus.failure
            }
        struct Problem: Decodable {
            var code: String
            var detail: String
        }
        let problem = try? JSONDecoder().decode(Problem.self, from: Data(response.body))
        let message = problem.map {
            "\(PlainText.clean($0.detail)) (\(PlainText.clean($0.code)))"
        }
        var failure = OperatorFailure(
            exit, message ?? "refused with HTTP status \(response.statusCode)")
        failure.status = response.statusCode
        return failure
    }
}
