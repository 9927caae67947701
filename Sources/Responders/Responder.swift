// SPDX-License-Identifier: Apache-2.0
import Platform
import RegoVM

/// Somebody to call when a restriction starts.
public struct Responder: Sendable {
    public var name: String
    /// Names of restrictions; one that ends in `:` stands for all that begin so. Empty: all.
    public var restrictions: [String] = []
    public var method = "POST"
    public var url: Template
    public var headers: [(name: String, value: Template)] = []
    /// nil: the standard one for methods that have a body.
    public var body: BodyTemplate?
    /// Names, and the files that are read for each attempt.
    public var secrets: [String: String] = [:]
    public var security = HTTPSecurity()
    /// Nanoseconds of one attempt.
    public var timeout = Limits.timeout
    public var attempts = Limits.defaultAttempts
    /// Nanoseconds before the second attempt.
    public var pause = Limits.pause
    /// Statuses that count as done besides 200 to 299.
    public var accepted: [Int] = []

    public struct Invalid: Error, Equatable {
        public let reason: String
    }

    public init(name: String, url: Template) throws(Invalid) {
        self.name = name
        self.url = url
        // Whom to call is the configuration's to say, never an agent's.
        let parts = url.prefix.split(separator: "/", omittingEmptySubsequences: false)
        let isFixed = url.parts.count == 1
        guard parts.count >= (isFixed ? 3 : 4), ["http:", "https:"].contains(parts[0]),
            parts[1].isEmpty,
            !parts[2].isEmpty
        else {
            throw Invalid(reason: "expected `https://host/...` before any placeholder")
        }
        guard url.secrets.isEmpty else { throw Invalid(reason: "expected no secret in a URL") }
    }

    func responds(to restriction: String) -> Bool {
        restrictions.isEmpty
            || restrictions.contains { name in
                name.hasSuffix(":") ? restriction.hasPrefix(name) : restriction == name
            }
    }

    func isDone(_ status: Int) -> Bool { (200..<300).contains(status) || accepted.contains(status) }

    /// The call for an incident.
    func request(_ incident: Incident) throws(CallFault) -> HTTPRequest {
        let values = Values(
            incident: incident, responder: name, secrets: try readSecrets())
        let target = try url.text(values) { (text) throws(CallFault) in try Self.encode(text) }
        guard target.utf8.count <= Limits.urlBytes else {
            throw CallFault("the URL is too long", isFinal: true)
        }
        var request = HTTPRequest(method: method, url: target)
        request.security = security
        for (name, value) in headers {
            let text = try value.text(values)
            guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
                throw CallFault("header `\(name)` would hold a control character", isFinal: true)
            }
            request.headers.append(HTTPField(name, text))
        }
        let hasBody = ["POST", "PUT", "PATCH"].contains(method)
        if let body = body ?? (hasBody ? .standard : nil) {
            request.body = Array(try body.json(values).utf8)
            guard request.body.count <= Limits.bodyBytes else {
                throw CallFault("the body is too long", isFinal: true)
            }
            add("Content-Type", "application/json", to: &request)
        }
        // Draft IETF Idempotency-Key header: one call for each restriction that a record starts.
        let suffix = incident.ordinal == 0 ? "" : "-\(incident.ordinal)"
        add("Idempotency-Key", incident.record + suffix, to: &request)
        add("User-Agent", "portcullis", to: &request)
        return request
    }

    private func add(_ name: String, _ value: String, to request: inout HTTPRequest) {
        let isThere = request.headers.contains { $0.name.lowercased() == name.lowercased() }
        if !isThere { request.headers.append(HTTPField(name, value)) }
    }

    private func readSecrets() throws(CallFault) -> [String: String] {
        var texts: [String: String] = [:]
        for (name, path) in secrets {
            var bytes = try Self.secret(name, path)
            while let last = bytes.last, last == 0x0A || last == 0x0D { bytes.removeLast() }
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw CallFault("secret `\(name)` is no text")
            }
            texts[name] = text
        }
        return texts
    }

    private static func secret(_ name: String, _ path: String) throws(CallFault) -> [UInt8] {
        let bytes: [UInt8]?
        do throws(StorageError) {
            bytes = try SecretFile.read(path)
        } catch {
            throw CallFault("secret `\(name)`: \(error)")
        }
        guard let bytes else { throw CallFault("secret `\(name)`: `\(path)` is not there") }
        guard bytes.count <= Limits.secretBytes else {
            throw CallFault(
                "secret `\(name)`: expected at most \(Limits.secretBytes) bytes in `\(path)`, got "
                    + "\(bytes.count)")
        }
        return bytes
    }

    /// One segment of a path, or one value of a query (RFC 3986 section 2.3).
    private static func encode(_ text: String) throws(CallFault) -> String {
        guard !text.isEmpty, text != ".", text != ".." else {
            throw CallFault("`\(text)` cannot stand in a URL", isFinal: true)
        }
        return HTTPRequest.encode(text)
    }
}
