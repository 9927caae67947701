// SPDX-License-Identifier: Apache-2.0

/// What policies reach of the network. The program hands it to its evaluations; without one, all
/// builtins that need a network fail.
public struct Network: Sendable {
    public let transport: any NetworkTransport
    /// Answers of `http.send` that outlive their decision.
    public let cache: HTTPCache

    public init(_ transport: any NetworkTransport, cache: HTTPCache) {
        self.transport = transport
        self.cache = cache
    }
}

/// Talks to the network for builtins. Its methods block, any thread may call them, and they end
/// when the patience does.
public protocol NetworkTransport: Sendable {
    /// One request and its answer; redirects are not followed.
    func exchange(_ request: HTTPRequest, _ patience: Patience) throws(NetworkFailure)
        -> HTTPResponse

    /// Addresses in text form, as the system's resolver gives them.
    func addresses(of host: String, _ patience: Patience) throws(NetworkFailure) -> [String]
}

/// How long somebody waits.
public struct Patience: Sendable {
    /// Monotonic nanoseconds; `.max` for ever.
    public var deadline: UInt64
    public var cancellation: Cancellation?

    public init(deadline: UInt64, cancellation: Cancellation? = nil) {
        self.deadline = deadline
        self.cancellation = cancellation
    }

    /// Nanoseconds that are left; 0 when it is over.
    public var left: UInt64 {
        if let cancellation, cancellation.isCancelled { return 0 }
        if deadline == .max { return .max }
        let now = MonotonicClock.now()
        return deadline > now ? deadline - now : 0
    }
}

extension Evaluation {
    /// Until the decision must be there.
    var patience: Patience { Patience(deadline: deadline, cancellation: cancellation) }
}

/// Why a transport has no answer.
public enum NetworkFailure: Error, Equatable, Sendable {
    /// The configuration does not allow this host.
    case disallowed(host: String)
    /// The request cannot be sent as it is.
    case invalid(String)
    /// The network, or the other side.
    case failed(String)
    case timedOut
}

/// What `http.send` asks for.
public struct HTTPRequest: Sendable {
    public var method: String
    public var url: String
    public var headers: [HTTPField] = []
    public var body: [UInt8] = []
    /// A Unix socket to connect to in the place of the URL's host.
    public var socket: String?
    public var security = HTTPSecurity()

    public init(method: String, url: String) {
        self.method = method
        self.url = url
    }
}

/// TLS settings of one request. Certificates and keys are PEM.
public struct HTTPSecurity: Sendable {
    /// The name that the peer's certificate must have; nil for the URL's host.
    public var serverName: String?
    public var verifiesPeer = true
    public var trustsSystem = true
    /// Authorities to trust besides.
    public var authorities: [UInt8] = []
    public var certificate: [UInt8] = []
    public var key: [UInt8] = []

    public init() {}
}

public struct HTTPField: Sendable, Equatable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

public struct HTTPResponse: Sendable {
    public var statusCode: Int
    /// `200 OK`
    public var status: String
    /// Names in lower case, in the order of the message.
    public var headers: [HTTPField]
    public var body: [UInt8]
    /// Where a redirect leads to, as an absolute URL.
    public var redirect: String?

    public init(
        statusCode: Int, status: String, headers: [HTTPField], body: [UInt8], redirect: String?
    ) {
        self.statusCode = statusCode
        self.status = status
        self.headers = headers
        self.body = body
        self.redirect = redirect
    }

    /// The first value of a header; empty when there is none.
    func header(_ name: String) -> String { headers.first { $0.name == name }?.value ?? "" }
}
