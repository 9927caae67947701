# SPDX-License-Identifier: Apache-2.0
"""CheckRequests made field by field, for traffic of many agents."""

import json


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number: int, content: bytes | str) -> bytes:
    """A string or an embedded message."""
    data = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(data)) + data


def pair(number: int, key: str, value: str) -> bytes:
    return field(number, field(1, key) + field(2, value))


def check(
    agent: str,
    path: str = "/mcp",
    method: str = "POST",
    host: str = "tools.acme.example",
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    extensions: dict[str, str] | None = None,
) -> bytes:
    """A CheckRequest as Envoy sends one for an agent with an mTLS identity."""
    base = {":authority": host, ":method": method, ":path": path, ":scheme": "https"}
    if body:
        base |= {"content-type": "application/json", "content-length": str(len(body))}
    http = field(1, "9824569183745619283") + field(2, method)
    http += b"".join(pair(3, name, value) for name, value in (base | (headers or {})).items())
    http += field(4, path) + field(5, host) + field(6, "https") + field(10, "HTTP/2")
    if body:
        http += field(11, body)
    address = field(1, field(2, "10.42.7.19") + b"\x18" + varint(40000))
    attributes = field(1, field(1, address) + field(4, f"spiffe://acme.example/{agent}"))
    attributes += field(4, field(2, http))
    attributes += b"".join(pair(10, key, value) for key, value in (extensions or {}).items())
    return field(1, attributes)


def tool_call(agent: str, tool: str, arguments: dict[str, object], **options: object) -> bytes:
    """An MCP `tools/call`."""
    message = {
        "jsonrpc": "2.0",
        "id": 42,
        "method": "tools/call",
        "params": {"name": tool, "arguments": arguments},
    }
    return check(agent, body=json.dumps(message).encode(), **options)  # type: ignore[arg-type]
