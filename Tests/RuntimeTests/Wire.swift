// SPDX-License-Identifier: Apache-2.0

/// A CheckRequest, written by hand.
struct SampleCheck {
    var agent = "spiffe://acme.example/agent/researcher"
    var method = "POST"
    var host = "tools.internal"
    var path = "/mcp"
    var headers: [(String, String)] = [("content-type", "application/json")]
    var body = ""
    /// What the Envoy route names; empty for none.
    var entrypoint = ""

    /// A call of an MCP tool.
    static func tool(
        _ name: String, _ arguments: String = "{}", agent: String? = nil, session: String? = nil,
        id: String = "1"
    ) -> SampleCheck {
        var check = SampleCheck()
        if let agent { check.agent = agent }
        if let session { check.headers.append(("mcp-session-id", session)) }
        check.body =
            #"{"jsonrpc":"2.0","id":\#(id),"method":"tools/call","params":"#
            + #"{"name":"\#(name)","arguments":\#(arguments)}}"#
        return check
    }

    var bytes: [UInt8] {
        var http = Self.text(2, method) + Self.text(4, path) + Self.text(5, host)
        for (name, value) in headers {
            http += Self.field(3, Self.text(1, name) + Self.text(2, value))
        }
        if !body.isEmpty { http += Self.field(9, number: body.utf8.count) + Self.text(11, body) }
        let request = Self.field(4, Self.field(2, http))
        let source = Self.field(1, Self.text(4, agent))
        var extensions: [UInt8] = []
        if !entrypoint.isEmpty {
            extensions = Self.field(
                10, Self.text(1, "portcullis.entrypoint") + Self.text(2, entrypoint))
        }
        return Self.field(1, source + request + extensions)
    }

    private static func varint(_ value: Int) -> [UInt8] {
        var rest = value
        var bytes: [UInt8] = []
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    private static func field(_ number: Int, _ content: [UInt8]) -> [UInt8] {
        varint(number << 3 | 2) + varint(content.count) + content
    }

    private static func field(_ field: Int, number: Int) -> [UInt8] {
        varint(field << 3) + varint(number)
    }

    private static func text(_ number: Int, _ content: String) -> [UInt8] {
        field(number, Array(content.utf8))
    }
}
