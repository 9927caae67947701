// SPDX-License-Identifier: Apache-2.0
import Authorization
import TestSupport
import Testing

@testable import ExtAuthz

@Suite("checks as they are kept")
struct CheckRequestWriterTests {
    private func rewritten(
        _ message: [UInt8], _ mask: CheckRequestMask = CheckRequestMask()
    ) throws -> [UInt8] {
        try message.withUnsafeBytes { bytes in
            let context = AttributeContext()
            try CheckRequestReader.read(bytes, into: context)
            var writer = CheckRequestWriter()
            return Array(writer.encode(context, mask).buffer)
        }
    }

    private func sample(_ name: String) throws -> [UInt8] {
        Array(try SharedFolder.read("bench/\(name)").dropFirst(5))
    }

    @Test(
        "what was kept is kept the same when it is read and written again",
        arguments: [
            "check-get.grpc", "check-mcp.grpc", "check-llm.grpc",
        ])
    func fixpoint(name: String) throws {
        let message = try sample(name)
        let once = try rewritten(message)
        #expect(try rewritten(once) == once)
        #expect(once.count <= message.count + 64)
    }

    @Test("no credential and no query value is kept, all else is")
    func secrets() throws {
        let kept = String(decoding: try rewritten(try sample("check-mcp.grpc")), as: UTF8.self)
        #expect(!kept.contains("Bearer") && !kept.contains("eyJ"))
        for text in [
            "spiffe://acme.example/ns/agents/sa/research-agent", "search_documents",
            "mcp-session-id", "c0ffee00-1234-4c1d-8f7a-1f0d8e2b9a77", "mcp.acme.example", "route",
        ] {
            #expect(kept.contains(text))
        }
        let get = String(decoding: try rewritten(try sample("check-get.grpc")), as: UTF8.self)
        #expect(get.contains("/v1/reports/17?full=*") && !get.contains("full=1"))
    }

    @Test("masked parts are left out or replaced")
    func masked() throws {
        var mask = CheckRequestMask()
        mask.parts = [.principal, .contextExtensions]
        mask.headers = [
            .init(name: Bytes("user-agent"), value: nil),
            .init(name: Bytes("traceparent"), value: Bytes("replaced")),
        ]
        mask.newBody = Bytes("new body")
        let kept = String(
            decoding: try rewritten(try sample("check-mcp.grpc"), mask), as: UTF8.self)
        for text in ["research-agent", "mcp-finance", "acme-agent", "00-4bf9", "search_documents"] {
            #expect(!kept.contains(text))
        }
        #expect(kept.contains("replaced") && kept.contains("new body"))
        mask.body = .none
        let without = String(
            decoding: try rewritten(try sample("check-mcp.grpc"), mask), as: UTF8.self)
        #expect(!without.contains("new body"))
    }
}
