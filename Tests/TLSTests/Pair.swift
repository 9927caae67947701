// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import TLS
import TLSClient
import Testing

/// The names of alerts (RFC 8446 section 6).
enum Alert {
    static let handshakeFailure: Int32 = 40
    static let badCertificate: Int32 = 42
    static let certificateExpired: Int32 = 45
    static let unknownAuthority: Int32 = 48
    static let protocolVersion: Int32 = 70
    static let certificateRequired: Int32 = 116
    static let noApplicationProtocol: Int32 = 120
}

/// What all tests here share: making keys costs time.
enum Fixture {
    static let authority = TestAuthority()
    static let other = TestAuthority("other")
    static let server = authority.issue(.server)
    static let gateway = authority.issue(.uri("spiffe://acme.example/gateway"))

    static func texts(
        clients: [String]? = ["spiffe://acme.example/gateway", "spiffe://acme.example/below/*"]
    ) -> CredentialTexts {
        CredentialTexts(
            certificate: server.certificate, key: server.key,
            clientAuthorities: authority.certificate,
            clients: clients?.compactMap { ClientPattern($0) })
    }

    static func credentials() throws -> ServerCredentials { try ServerCredentials(texts()) }
}

/// A server's session and a client, whose bytes go back and forth in pieces.
final class Pair {
    let server: TLSSession
    let client: TestClient
    /// What the server read.
    private(set) var received: [UInt8] = []
    /// Bytes that the server sent.
    private(set) var sent = 0
    private let plaintext: UnsafeMutableRawBufferPointer
    private let output: UnsafeMutableRawBufferPointer

    init(_ credentials: ServerCredentials, _ options: TestClient.Options) throws {
        server = try #require(TLSSession.open(credentials))
        client = TestClient(options)
        plaintext = .allocate(byteCount: Limits.plaintext(input: 1 << 18), alignment: 16)
        output = .allocate(byteCount: 1 << 18, alignment: 16)
    }

    convenience init(
        _ identity: TestIdentity?, _ change: (inout TestClient.Options) -> Void = { _ in }
    ) throws {
        var options = TestClient.Options(identity)
        options.authorities = Fixture.authority.certificate
        change(&options)
        try self.init(try Fixture.credentials(), options)
    }

    deinit {
        server.close()
        plaintext.deallocate()
        output.deallocate()
    }

    /// Until neither has anything to say.
    func talk(pieces size: Int = .max) {
        while true {
            let bytes = client.output()
            if bytes.isEmpty { return }
            var rest = bytes[...]
            while !rest.isEmpty {
                feed(Array(rest.prefix(size)))
                rest = rest.dropFirst(min(size, rest.count))
            }
        }
    }

    /// Gives bytes to the server, and what it says to the client.
    func feed(_ bytes: [UInt8]) {
        let count = bytes.withUnsafeBytes {
            server.receive($0, plaintext: plaintext, output: output)
        }
        received += plaintext.prefix(count.plaintext)
        give(count.output)
    }

    /// The server sends; false when it cannot.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        guard let count = bytes.withUnsafeBytes({ server.send($0, output: output) }) else {
            return false
        }
        give(count)
        return true
    }

    func end() { give(server.end(output: output)) }

    private func give(_ count: Int) {
        sent += count
        client.input(Array(output.prefix(count)))
    }
}
