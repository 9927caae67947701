// SPDX-License-Identifier: Apache-2.0

/// One request, whole, of an operator who may make it.
struct Request {
    /// What stands in the place of the route's `{...}`, in their order.
    var parameters: [String] = []
    /// As they came, undecoded.
    var query: [(name: String, value: String)] = []
    var body: [UInt8] = []
    /// `unix:<uid>`, `token:<name>`, `certificate:<subject>`.
    var operatorName: String

    /// The query's parameters by name.
    ///
    /// - Throws: for a name that is not among `known`, one that occurs twice, and values that are
    ///   not well encoded.
    func query(_ known: [String]) throws(Problem) -> [String: String] {
        var found: [String: String] = [:]
        for (name, value) in query {
            guard known.contains(name) else {
                let list = known.map { "`\($0)`" }.joined(separator: ", ")
                throw .invalid(
                    "unknown_parameter",
                    "expected \(known.isEmpty ? "no query" : "one of \(list)"), got `\(name)`")
            }
            guard found[name] == nil else {
                throw .invalid("duplicate_parameter", "`\(name)` occurs twice")
            }
            guard value.utf8.count <= Limits.encodedBytes,
                let text = PercentDecoding.decode(value[...], plusIsSpace: true)
            else { throw .invalid("invalid_parameter", "`\(name)` is not well encoded") }
            found[name] = text
        }
        return found
    }

    func noQuery() throws(Problem) { _ = try query([]) }
}

/// An answer of the API.
struct Response: Sendable {
    var status: UInt32 = 200
    var contentType = "application/json"
    var body: [UInt8]
    var headers: [(name: String, value: String)] = []

    init(_ document: JSON, status: UInt32 = 200) {
        self.status = status
        body = document.bytes
    }

    init(contentType: String, body: [UInt8]) {
        self.contentType = contentType
        self.body = body
    }

    init(problem: Problem) {
        status = problem.status
        contentType = "application/problem+json"
        body = problem.document.bytes
        headers = problem.headers
    }
}
