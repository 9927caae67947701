// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM
import TestSupport

@testable import Inspection

/// A request for tests. Its bytes are never freed, so facts about it stay valid.
final class SampleRequest {
    let context = AttributeContext()
    let arena = Arena()
    /// Dynamic metadata by namespace.
    var metadata = Value.undefined

    init(
        _ method: String = "POST", _ path: String = "/mcp", host: String = "tools.acme.example",
        headers: [(String, String)] = [("content-type", "application/json")], body: String = "",
        principal: String = "", version: String = "HTTP/1.1", route: String = ""
    ) {
        var http = AttributeContext.HTTPRequest()
        http.method = Self.bytes(method)
        http.path = Self.bytes(path)
        http.host = Self.bytes(host)
        http.rawBody = Self.bytes(body)
        http.size = Int64(body.utf8.count)
        http.protocol = Self.bytes(version)
        context.http = http
        context.source.principal = Self.bytes(principal)
        for (name, value) in headers {
            context.headers.append(.init(name: Self.bytes(name), value: Self.bytes(value)))
        }
        if !route.isEmpty {
            context.contextExtensions.append(
                .init(key: Self.bytes("portcullis.protocol"), value: Self.bytes(route)))
        }
    }

    /// A request from one of the recorded fixtures, by its input document.
    ///
    /// - Parameter isChunked: as if its body had come in chunks, without a length.
    init(fixture: String, isChunked: Bool = false) throws {
        let text = Self.bytes(try SharedFolder.text("fixtures/check/\(fixture).opa-input.json"))
        let document = try JSONReader.read(text.buffer, into: arena)
        let attributes = document["attributes"]
        let request = attributes["request"]["http"]
        var http = AttributeContext.HTTPRequest()
        http.method = request["method"].text
        http.path = request["path"].text
        http.host = request["host"].text
        http.body = request["body"].text
        http.protocol = request["protocol"].text
        http.size = Int64(request["size"].description.split(separator: ".")[0]) ?? 0
        context.http = http
        context.source.principal = attributes["source"]["principal"].text
        metadata = attributes["metadataContext"]["filterMetadata"]
        let headers = request["headers"]
        if isChunked {
            context.attributes.pointee.httpRequest.size = 0
            context.headers.append(
                .init(name: Self.bytes("transfer-encoding"), value: Self.bytes("chunked")))
        }
        for (key, value) in zip(headers.keys, headers.values)
        where !isChunked || !key.text.equals("content-length") {
            context.headers.append(.init(name: key.text, value: value.text))
        }
    }

    /// With the metadata of Envoy's token filter as JSON.
    func principals(_ identity: AgentIdentity, metadata: String = "{}") -> Principals {
        let metadata = try? JSONReader.read(Self.bytes(metadata).buffer, into: arena)
        let token = TokenClaims(context, metadata: metadata ?? .undefined, arena: arena)
        return Principals(identity, context, token, arena: arena)
    }

    static func bytes(_ text: String) -> Bytes {
        let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: text.utf8.count)
        _ = memory.initialize(from: text.utf8)
        return Bytes(start: UnsafePointer(memory.baseAddress), count: memory.count)
    }

    static let inspector = {
        let destinations = ["acme.example", "127.0.0.0/8", "mesh.test"]
        do {
            return Inspector(internalDestinations: try InternalDestinations(destinations))
        } catch {
            fatalError("\(error)")
        }
    }()

    var facts: ActionFacts {
        var body = RequestBody(context)
        return Self.inspector.inspect(
            context, arena: arena,
            readMetadata: { metadata[.string($0.start, $0.count)] },
            readBody: { body.json(arena) })
    }
}

extension ActionFacts {
    /// Protocol, operation, effect and doubts in one line, for comparison.
    var summary: String {
        let doubts = Doubts.words.enumerated().filter {
            self.doubts.rawValue & (1 << UInt32($0.0)) != 0
        }
        return
            (["\(trafficProtocol.word)", operation.string, "\(effect.word)"]
            + doubts.map { "!\($0.1)" }).joined(separator: " ")
    }
}
