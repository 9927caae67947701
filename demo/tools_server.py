# SPDX-License-Identifier: Apache-2.0
"""The upstream: an MCP server on the official SDK, with a handful of harmless tools.

It checks nothing: whatever is kept from it was stopped before.
"""

import argparse
import socket

import uvicorn
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.transport_security import TransportSecuritySettings

DOCUMENTS = {
    "handbook/travel.md": "Book trains first.",
    "handbook/security.md": "Lock your screen.",
    "payroll/2026-11.csv": "name,cents\nada,612300\ngrace,598700",
}

server = MCPServer("acme-tools")


@server.tool()
def search_documents(query: str) -> list[str]:
    """Paths of the documents whose path or text holds the query."""
    words = query.lower()
    return [path for path, text in DOCUMENTS.items() if words in path or words in text.lower()]


@server.tool()
def read_document(path: str) -> str:
    """The text of one document."""
    if path not in DOCUMENTS:
        raise ValueError(f"no document `{path}`")
    return DOCUMENTS[path]


@server.tool()
def delete_document(path: str) -> str:
    """Removes a document. The demo's story fails when this is ever reached."""
    return f"deleted {path}"


@server.tool()
def post_message(host: str, text: str) -> str:
    """Would send a text to another organisation; here it only says so."""
    return f"{len(text)} characters for {host}"


@server.tool()
def show_scopes(context: Context) -> str:
    """The scope header as this server received it."""
    headers = context.headers or {}
    return headers.get("x-agent-scopes", "(no header)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port and prints it")
    options = parser.parse_args()

    listener = socket.create_server((options.host, options.port))
    # The gateway decides which names exist; this server is reached under the gateway's.
    application = server.streamable_http_app(
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False)
    )
    print(f"listening on {listener.getsockname()[1]}", flush=True)
    configuration = uvicorn.Config(application, log_level="warning", lifespan="on")
    uvicorn.Server(configuration).run(sockets=[listener])


if __name__ == "__main__":
    main()
