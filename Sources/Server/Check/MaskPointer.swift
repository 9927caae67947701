// SPDX-License-Identifier: Apache-2.0
import Authorization
import DecisionLog
import ExtAuthz

/// What a mask policy's JSON pointers mean for the check that is kept and for its record: the same
/// for who masks and for who reads what was masked.
enum MaskPointer {
    /// Where a pointer leads.
    enum Target: Equatable {
        /// A request header, by its name.
        case header(String)
        /// The header with the agent's scopes.
        case scopes
        /// The body, or the part of its JSON under this pointer, and what the record says of it.
        case body(String, RecordMask.Parts)
        case path
        case request(CheckRequestMask.Parts, RecordMask.Parts)
        /// Only what the record says.
        case record(RecordMask.Parts)
        /// The whole input.
        case input
        /// Nothing that is ever kept.
        case nothing
        /// Something whose place cannot be told.
        case unknown
    }

    private static let request = ["input", "attributes", "request"]

    /// - Parameter parts: of the pointer, decoded (RFC 6901).
    static func target(_ parts: [String]) -> Target {
        guard parts.first == "input" else {
            return parts.first == "result" ? result(Array(parts.dropFirst())) : .unknown
        }
        guard parts.count > 1 else { return .input }
        switch parts[1] {
        case "attributes": return attribute(Array(parts.dropFirst(2)))
        case "parsed_body":
            return .body(pointer(Array(parts.dropFirst(2))), [.arguments, .prompt])
        case "parsed_path", "parsed_query": return .path
        case "truncated_body", "version": return .nothing
        case "source_principal": return .request(.principal, .agent)
        case "prompt": return .body("", [.arguments, .prompt])
        case "agent": return agent(parts.count > 2 ? parts[2] : "")
        case "action": return action(Array(parts.dropFirst(2)))
        case "context": return .nothing
        default: return .unknown
        }
    }

    private static func pointer(_ parts: [String]) -> String {
        parts.map {
            "/" + $0.replacing("~", with: "~0").replacing("/", with: "~1")
        }.joined()
    }

    private static func attribute(_ parts: [String]) -> Target {
        guard let first = parts.first else { return .input }
        switch first {
        case "source":
            guard parts.count > 1 else { return .request(.source, [.agent, .address]) }
            if parts[1] == "principal" || parts[1] == "certificate" {
                return .request(.principal, .agent)
            }
            return .request(.source, [.agent, .address])
        case "destination": return .request(.destination, [])
        case "contextExtensions": return .request(.contextExtensions, [])
        case "metadataContext": return .request(.metadata, .principals)
        case "routeMetadataContext": return .request(.routeMetadata, [])
        case "tlsSession": return .request(.tlsSession, [])
        case "request": return http(Array(parts.dropFirst()))
        default: return .unknown
        }
    }

    private static func http(_ parts: [String]) -> Target {
        guard parts.count > 1, parts[0] == "http" else { return .input }
        switch parts[1] {
        case "headers", "headerMap":
            guard parts.count == 3, parts[1] == "headers" else {
                return .request(.headers, [.scopes, .session, .trace])
            }
            return .header(parts[2].lowercased())
        case "body", "rawBody": return .body("", [.arguments, .prompt])
        case "path", "query", "fragment": return .path
        case "host": return .request(.host, .host)
        default: return .input
        }
    }

    private static func agent(_ name: String) -> Target {
        switch name {
        case "session": .header("mcp-session-id")
        case "scopes": .scopes
        case "human", "service", "token":
            .request([.principal, .metadata], [.agent, .principals])
        case "delegation":
            // A header may name whom the client impersonates.
            .request(
                [.principal, .metadata, .headers],
                [.agent, .session, .scopes, .trace, .principals])
        case "":
            .request(
                [.principal, .metadata, .headers], [.agent, .session, .scopes, .principals])
        default: .request(.principal, .agent)
        }
    }

    private static func action(_ parts: [String]) -> Target {
        switch parts.first {
        case "tool": .body("", [.arguments, .tool])
        case "operation": .body("", [.arguments, .operation])
        case "resource": .body("", [.arguments, .resource, .path])
        case "model": .body("", [.arguments, .model])
        case "destination": .request(.host, .host)
        case "arguments": .body("", [.arguments, .prompt])
        case "protocol", "effect", "certain": .nothing
        default: .unknown
        }
    }

    private static func result(_ parts: [String]) -> Target {
        switch parts.first {
        case nil: .record([.headerValues, .messages])
        case "headers", "response_headers_to_add", "response_headers": .record(.headerValues)
        case "reasons": .record(.messages)
        case "body", "dynamic_metadata", "query_parameters_to_set": .nothing
        default: .nothing
        }
    }
}

extension MaskPointer {
    /// Splits a pointer; nil for what is none.
    static func parts(_ pointer: String) -> [String]? {
        guard pointer.hasPrefix("/") else { return nil }
        return pointer.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map {
            String($0).replacing("~1", with: "/").replacing("~0", with: "~")
        }
    }
}

/// What mask operations leave of a check and of its record.
struct MaskResult {
    var request = CheckRequestMask()
    var record: RecordMask.Parts = []
    /// Pointers below the body, with their operations; the body is rewritten for them.
    var bodyPointers: [String] = []

    /// Takes something out.
    ///
    /// - Parameter memory: of the names that the mask refers to.
    /// - Returns: false for a pointer whose meaning is not known: nothing may be kept then.
    mutating func remove(_ pointer: String, scopeHeader: Bytes, _ names: (String) -> Bytes) -> Bool
    {
        guard let parts = MaskPointer.parts(pointer) else { return false }
        switch MaskPointer.target(parts) {
        case .header(let name):
            request.headers.append(.init(name: names(name), value: nil))
            if name == "mcp-session-id" { record.insert(.session) }
            if name == "traceparent" || name == "x-portcullis-decision-id" {
                record.insert(.trace)
            }
            if name.hasPrefix("impersonate-") { record.insert(.principals) }
            if names(name) == scopeHeader { record.insert(.scopes) }
            if name == ":path" { removePath() }
            if name == ":authority" { removeHost() }
        case .scopes:
            request.headers.append(.init(name: scopeHeader, value: nil))
            record.insert(.scopes)
        case .body(let below, let parts):
            record.formUnion(parts)
            if below.isEmpty { request.body = .none } else { bodyPointers.append(below) }
        case .path: removePath()
        case .request(let parts, let recorded):
            request.parts.formUnion(parts)
            record.formUnion(recorded)
            if parts.contains(.host) { removeHost() }
        case .record(let parts): record.formUnion(parts)
        case .input:
            request.parts.formUnion(.everything)
            request.body = .none
            record.formUnion(.all.subtracting([.headerValues, .messages]))
        case .nothing: break
        case .unknown: return false
        }
        return true
    }

    private mutating func removePath() {
        request.parts.insert(.path)
        record.formUnion([.path, .resource])
    }

    private mutating func removeHost() {
        request.parts.insert(.host)
        record.insert(.host)
    }
}
