// SPDX-License-Identifier: Apache-2.0
import Glibc

extension HTTPSendParameters {
    /// The request that the parameters describe.
    func request(_ evaluation: Evaluation) throws(HTTPSendFailure) -> HTTPRequest {
        var request = HTTPRequest(
            method: (try text("method") ?? "").uppercased(), url: try text("url") ?? "")
        guard HTTPField.isToken(request.method) else {
            throw .parameter("net/http: invalid method \"\(request.method)\"")
        }
        request.body = try body(evaluation)
        request.headers = try headers()
        request.security = try security()
        if request.security.serverName == nil {
            request.security.serverName = request.headers.first { $0.name == "Host" }?.value
        }
        if request.url.hasPrefix("unix:") { try useSocket(&request) }
        return request
    }

    private func body(_ evaluation: Evaluation) throws(HTTPSendFailure) -> [UInt8] {
        if let raw = try text("raw_body") { return Array(raw.utf8) }
        let body = object["body"]
        guard body.isDefined else { return [] }
        do throws(BuiltinError) {
            return Array(try JSONMarshal.compact(body, evaluation).bytes)
        } catch {
            throw .parameter(error.message)
        }
    }

    /// Names in Go's canonical form, as they are sent.
    private func headers() throws(HTTPSendFailure) -> [HTTPField] {
        let headers = object["headers"]
        guard headers.isDefined else { return [HTTPField("User-Agent", Self.userAgent)] }
        guard headers.kind == .object else { throw .parameter("invalid type for headers key") }
        var fields: [HTTPField] = []
        for (name, value) in zip(headers.keys, headers.values) {
            guard let text = value.asString else {
                throw .parameter("invalid type for headers value \(value)")
            }
            let field = HTTPField(HTTPField.canonical(name.asString ?? name.description), text)
            guard HTTPField.isToken(field.name) else {
                throw .parameter("net/http: invalid header field name \"\(field.name)\"")
            }
            guard HTTPField.isValue(field.value) else {
                throw .parameter("net/http: invalid header field value for \"\(field.name)\"")
            }
            fields.append(field)
        }
        if !fields.contains(where: { $0.name == "User-Agent" }) {
            fields.append(HTTPField("User-Agent", Self.userAgent))
        }
        return fields
    }

    private static let userAgent = "portcullis"

    // MARK: TLS

    private func security() throws(HTTPSendFailure) -> HTTPSecurity {
        var security = HTTPSecurity()
        security.serverName = try text("tls_server_name")
        security.verifiesPeer = !(try looseFlag("tls_insecure_skip_verify") ?? false)
        let wantsSystem = try looseFlag("tls_use_system_certs")
        if let inline = try text("tls_ca_cert") {
            security.authorities += Array(inline.replacing("\\n", with: "\n").utf8) + [0x0A]
        }
        if let path = try text("tls_ca_cert_file") {
            security.authorities += try CredentialFile.read(path) + [0x0A]
        }
        if let name = try text("tls_ca_cert_env_variable") {
            security.authorities += CredentialFile.variable(name) + [0x0A]
        }
        security.trustsSystem = security.authorities.isEmpty || wantsSystem ?? false
        if let pair = try clientPair() { (security.certificate, security.key) = pair }
        return security
    }

    /// The client's certificate and key; of several pairs the first one.
    private func clientPair() throws(HTTPSendFailure) -> ([UInt8], [UInt8])? {
        let certificate = try text("tls_client_cert") ?? ""
        let key = try text("tls_client_key") ?? ""
        if !certificate.isEmpty, !key.isEmpty { return (Array(certificate.utf8), Array(key.utf8)) }
        if let certificate = try text("tls_client_cert_file"),
            let key = try text("tls_client_key_file")
        {
            return (try CredentialFile.read(certificate), try CredentialFile.read(key))
        }
        if let certificate = try text("tls_client_cert_env_variable"),
            let key = try text("tls_client_key_env_variable")
        {
            return (CredentialFile.variable(certificate), CredentialFile.variable(key))
        }
        return nil
    }

    // MARK: Unix sockets

    /// `unix://localhost/path?socket=%2Frun%2Fa.sock`
    private func useSocket(_ request: inout HTTPRequest) throws(HTTPSendFailure) {
        let parts = request.url.dropFirst("unix:".count).split(separator: "?", maxSplits: 1)
        guard parts.count == 2 else {
            throw .parameter("unsupported protocol scheme \"unix\"")
        }
        var kept: [Substring] = []
        for pair in parts[1].split(separator: "&") {
            guard pair.hasPrefix("socket=") else {
                kept.append(pair)
                continue
            }
            if request.socket == nil {
                request.socket = PercentText.decode(pair.dropFirst("socket=".count))
            }
        }
        guard request.socket != nil else { throw .parameter("unix: no `socket` in the URL") }
        request.url = "http:" + parts[0]
        if !kept.isEmpty { request.url += "?" + kept.joined(separator: "&") }
    }
}

/// Percent-encoded text.
private enum PercentText {
    static func decode(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                rest = rest.dropFirst(2)
                bytes.append(code)
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension HTTPField {
    /// RFC 9110 section 5.6.2.
    static func isToken(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                    || (0x61...0x7A).contains(byte) || "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
    }

    /// Without what would end the header's line.
    static func isValue(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7F) }
    }

    /// `x-request-id` as `X-Request-Id`.
    static func canonical(_ name: String) -> String {
        guard isToken(name) else { return name }
        return name.split(separator: "-", omittingEmptySubsequences: false)
            .map { $0.prefix(1).uppercased() + $0.dropFirst().lowercased() }
            .joined(separator: "-")
    }
}

/// Certificates and keys that a policy names instead of holding them.
private enum CredentialFile {
    static func variable(_ name: String) -> [UInt8] {
        guard let text = getenv(name) else { return [] }
        return Array(String(cString: text).utf8)
    }

    static func read(_ path: String) throws(HTTPSendFailure) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw .parameter("open \(path): \(String(cString: strerror(errno)).lowercased())")
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: Limits.httpCredentialBytes + 1)
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(
                    descriptor, buffer.baseAddress.map { $0 + filled }, buffer.count - filled)
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else {
                throw .parameter("read \(path): \(String(cString: strerror(errno)).lowercased())")
            }
            if count == 0 { return Array(bytes[..<filled]) }
            filled += count
        }
        throw .parameter("read \(path): more than \(Limits.httpCredentialBytes) bytes")
    }
}
