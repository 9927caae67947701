// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import Admin

@Suite struct AuthenticationTests {
    private let tokens = [
        OperatorToken(name: "alice", secret: Array("alice-0123456789".utf8), permission: .operate),
        OperatorToken(name: "dlp", secret: Array("dlp-0123456789ab".utf8), permission: .signal),
        OperatorToken(
            name: "scraper", secret: Array("scr-0123456789ab".utf8), permission: .observe),
    ]

    @Test func tokensSayWhoAsks() throws {
        let harness = try Harness(tokens: tokens)
        let nobody = harness.send("GET", "/v1/agents")
        #expect((nobody.status, nobody.code) == (401, "unauthorized"))
        #expect(nobody.headers["www-authenticate"] == "Bearer")
        let wrong = harness.send("GET", "/v1/agents", token: "alice-012345678")
        #expect(wrong.status == 401)
        #expect(!wrong.body.contains("alice-"))
        #expect(harness.send("GET", "/v1/agents", token: "alice-0123456789").status == 200)
        let body = #"{"name":"isolate","seconds":60}"#
        let path = "/v1/agents/a/restrictions"
        #expect(harness.send("POST", path, body, token: "alice-0123456789").status == 201)
        #expect(
            harness.operations.state.withLock { $0.origins.map(\.operatorName) } == ["token:alice"])
    }

    @Test func tokensDoOnlyWhatTheyMay() throws {
        let harness = try Harness(tokens: tokens)
        let signal =
            #"{"agent":"a","kind":"dlp","severity":90,"confidence":80,"seconds":60}"#
        #expect(
            harness.send("POST", "/v1/signals", signal, token: "dlp-0123456789ab").status == 201)
        let read = harness.send("GET", "/v1/agents", token: "dlp-0123456789ab")
        #expect((read.status, read.code) == (403, "forbidden"))
        let release = "/v1/agents/a/restrictions"
        #expect(harness.send("DELETE", release, token: "dlp-0123456789ab").status == 403)
        #expect(harness.send("DELETE", release, token: "scr-0123456789ab").status == 403)
        #expect(harness.send("GET", "/metrics", token: "scr-0123456789ab").status == 200)
        #expect(harness.send("GET", "/v1/openapi.json", token: "dlp-0123456789ab").status == 200)
    }

    @Test func usersOfTheSocket() throws {
        let known = Authentication()
        #expect(try known.peer(user: 1000, owner: 1000).name == "unix:1000")
        #expect(try known.peer(user: 0, owner: 1000).name == "unix:0")
        for user: Int64 in [1001, -1, -107] {
            #expect(throws: Problem.self) { try known.peer(user: user, owner: 1000) }
        }
    }

    @Test func certificatesAreListed() throws {
        let open = Authentication(asksForCertificates: true)
        #expect(try open.certificate("CN=a")?.name == "certificate:CN=a")
        #expect(try open.certificate(nil) == nil)
        var listed = open
        listed.certificates = [OperatorCertificate(subject: "CN=a", permission: .observe)]
        #expect(try listed.certificate("CN=a")?.permission == .observe)
        #expect(throws: Problem.self) { try listed.certificate("CN=ab") }
    }

    @Test func socketOfALivingServerIsNotTaken() throws {
        let first = try Harness()
        var configuration = AdminConfiguration()
        configuration.unixPath = first.path
        let services = AdminServices(
            operations: nil, policy: MemoryPolicy(), health: { HealthReport([]) },
            metrics: .init(), logger: .init(level: .error))
        #expect(throws: (any Error).self) { try AdminServer(configuration, services) }
        #expect(first.send("GET", "/v1/health").status == 200)
    }
}

@Suite struct DocumentTests {
    /// The document tells the routes that there are, and no others.
    @Test func tellsEveryRoute() throws {
        let bytes = Data(PackageResources.openapi_json)
        let document = try JSONSerialization.jsonObject(with: bytes) as? [String: Any]
        let paths = document?["paths"] as? [String: [String: Any]] ?? [:]
        let told = paths.flatMap { path, methods in
            methods.keys.map { "\($0.uppercased()) \(path)" }
        }
        #expect(told.sorted() == Route.all.map { "\($0.method) \($0.pattern)" }.sorted())
    }
}
