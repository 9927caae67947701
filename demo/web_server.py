# SPDX-License-Identifier: Apache-2.0
"""A plain web server that answers every request with what it saw of it, as JSON.

Stands for the payments service and, with a certificate, for a partner outside.
"""

import argparse
import json
import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BODY_LIMIT_BYTES = 1 << 20


class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    name = "web"

    def answer(self) -> None:
        length = min(int(self.headers.get("content-length") or 0), BODY_LIMIT_BYTES)
        seen = {
            "server": self.name,
            "method": self.command,
            "path": self.path,
            "headers": {key.lower(): value for key, value in self.headers.items()},
            "body": self.rfile.read(length).decode(errors="replace"),
        }
        body = json.dumps(seen).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port and prints it")
    parser.add_argument("--name", default="web")
    parser.add_argument("--certificate", help="PEM; with --key, serves TLS")
    parser.add_argument("--key")
    options = parser.parse_args()

    Echo.name = options.name
    server = ThreadingHTTPServer((options.host, options.port), Echo)
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate, options.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print(f"listening on {server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
