# SPDX-License-Identifier: Apache-2.0
"""Every service that the clients call, in one server: it answers what they expect to hear.

Each request's method, path and `x-portcullis-seen` header become a line in the file of --record.
"""

import argparse
import json
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvicorn
from mcp.server.transport_security import TransportSecuritySettings

from demo.tools_server import server as tools

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
BODY_LIMIT_BYTES = 4 << 20


class Upstream:
    """An ASGI application; MCP is the demo's own tools server."""

    def __init__(self, record: Path) -> None:
        self.record = record
        self.tools = tools.streamable_http_app(
            transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False)
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self.tools(scope, receive, send)  # type: ignore[arg-type]
        self.note(scope)
        if scope["type"] == "websocket":
            return await command_output(scope, receive, send)
        if scope["path"] == "/mcp":
            return await self.tools(scope, receive, send)  # type: ignore[arg-type]
        body = await whole_body(receive)
        await answer(send, reply(scope["method"], scope["path"], body))

    def note(self, scope: Scope) -> None:
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        line = {
            "method": scope.get("method", "GET"),
            "path": scope["path"],
            "seen": headers.get("x-portcullis-seen", ""),
        }
        with self.record.open("a") as output:
            output.write(json.dumps(line) + "\n")


async def whole_body(receive: Receive) -> Any:
    """The body as JSON, or None."""
    body = b""
    while len(body) < BODY_LIMIT_BYTES:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    try:
        return json.loads(body)
    except ValueError:
        return None


async def answer(send: Send, content: Any) -> None:
    body = json.dumps(content).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def command_output(scope: Scope, receive: Receive, send: Send) -> None:
    """What `exec` streams: a channel's number before each piece (v4.channel.k8s.io)."""
    await receive()
    await send({"type": "websocket.accept", "subprotocol": "v4.channel.k8s.io"})
    await send({"type": "websocket.send", "bytes": b"\x01uid=0\n"})
    status = json.dumps({"metadata": {}, "status": "Success"}).encode()
    await send({"type": "websocket.send", "bytes": b"\x03" + status})
    await send({"type": "websocket.close", "code": 1000})


def reply(method: str, path: str, body: Any) -> Any:
    if isinstance(body, dict) and "jsonrpc" in body:
        return {"jsonrpc": "2.0", "id": body.get("id"), "result": agent_reply(body["method"])}
    for end, content in REPLIES.items():
        if path.endswith(end):
            return content
    if path.startswith("/tasks/") or path.startswith("/v1/tasks/"):
        return TASK
    if path.startswith("/api/") or path.startswith("/apis/"):
        return cluster_reply(method, path)
    if path.startswith("/v1/"):
        return vault_reply(path)
    return {"ok": True}


# A2A

TASK = {
    "id": "task-1",
    "contextId": "context-1",
    "status": {"state": "TASK_STATE_COMPLETED"},
}
OLD_TASK = {**TASK, "kind": "task", "status": {"state": "completed"}}


def agent_reply(method: str) -> Any:
    if method == "SendMessage":
        return {"task": TASK}
    return OLD_TASK if "/" in method else TASK


# Language models, by the end of the path

REPLIES: dict[str, Any] = {
    "/message:send": {"task": TASK},
    "/chat/completions": {
        "id": "chat-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-5",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": "done"},
            }
        ],
    },
    "/responses": {
        "id": "resp-1",
        "object": "response",
        "created_at": 1,
        "model": "gpt-5",
        "output": [],
        "parallel_tool_calls": False,
        "tool_choice": "auto",
        "tools": [],
    },
    "/embeddings": {
        "object": "list",
        "model": "embed-1",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}],
        "usage": {"prompt_tokens": 1, "total_tokens": 1},
    },
    "/v1/messages": {
        "id": "msg-1",
        "type": "message",
        "role": "assistant",
        "model": "claude-5",
        "content": [{"type": "text", "text": "done"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    },
}


# Vault and Kubernetes


def vault_reply(path: str) -> Any:
    data: Any = {"keys": ["db"]}
    if "/data/" in path:
        data = {"data": {"password": "x"}, "metadata": {"version": 1}}
    return {
        "request_id": "1",
        "lease_id": "",
        "renewable": False,
        "lease_duration": 0,
        "data": data,
        "auth": {"client_token": "t", "policies": []} if "login" in path else None,
    }


def cluster_reply(method: str, path: str) -> Any:
    names = path.strip("/").split("/")
    if path.endswith("/log"):
        return {"line": "ready"}
    if method == "GET" and names[-1] in {"pods", "secrets"}:
        kind = "PodList" if names[-1] == "pods" else "SecretList"
        return {"kind": kind, "apiVersion": "v1", "metadata": {}, "items": []}
    if path.endswith("/token"):
        return {"spec": {"audiences": ["x"]}, "status": {"token": "t", "expirationTimestamp": None}}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {"name": names[-1]}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", type=Path, required=True)
    options = parser.parse_args()
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"listening on {listener.getsockname()[1]}", flush=True)
    application = Upstream(options.record)
    configuration = uvicorn.Config(application, log_level="warning", lifespan="on")
    uvicorn.Server(configuration).run(sockets=[listener])


if __name__ == "__main__":
    main()
