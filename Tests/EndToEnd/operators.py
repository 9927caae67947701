# SPDX-License-Identifier: Apache-2.0
"""The operators' side of a server: its command line, and its API on the Unix socket."""

import http.client
import json
import socket
import subprocess
from pathlib import Path
from typing import Any

from direct import Server

from demo.mesh import portcullis_binary


class Operators:
    def __init__(self, server: Server) -> None:
        self.server = server
        self.socket = server.operators_socket

    def run(self, *arguments: str, expect: int = 0) -> str:
        """A verb of the command line; its output, both streams when it is to fail."""
        command: list[str | Path] = [portcullis_binary(), *arguments, "--socket", self.socket]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == expect, f"{arguments}: {done.returncode}: {done.stderr}"
        return done.stdout if expect == 0 else done.stderr

    def json(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--format", "json"))

    def request(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, str], str]:
        connection = UnixConnection(self.socket)
        headers = {"content-type": "application/json"} if body is not None else {}
        text = json.dumps(body) if body is not None else None
        connection.request(method, path, text, headers)
        answer = connection.getresponse()
        fields = {name.lower(): value for name, value in answer.getheaders()}
        result = answer.status, fields, answer.read().decode()
        connection.close()
        return result

    def get(self, path: str) -> str:
        status, _, body = self.request("GET", path)
        assert status == 200, body
        return body


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(self.path)
