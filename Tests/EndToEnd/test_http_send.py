# SPDX-License-Identifier: Apache-2.0
"""`http.send` against real servers: TLS in all its forms, Unix sockets, compressed bodies."""

import gzip
import json
import os
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from demo.mesh import portcullis_binary, run
from demo.processes import ProcessFailed


class Handler(BaseHTTPRequestHandler):
    """Tells who asked."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        peer = getattr(self.connection, "getpeercert", lambda: None)()
        names = [value for part in (peer or {}).get("subject", ()) for _, value in part]
        body = json.dumps({"host": self.headers["host"], "client": names}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/vnd.test+json; charset=utf-8")
        if self.path == "/gzip":
            body = gzip.compress(body)
            self.send_header("content-encoding", "gzip")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass

    def address_string(self) -> str:
        return ""


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


@dataclass
class Origin:
    """An HTTPS server for `service.test` that asks its clients for certificates."""

    folder: Path
    port: int

    def text(self, name: str) -> str:
        return (self.folder / name).read_text()


def certify(folder: Path, name: str, *options: str) -> None:
    """A key and a certificate that the authority `ca` signs, or signs itself."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        + ["-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
        + ["-keyout", f"{name}.key", "-out", f"{name}.crt", *options],
        cwd=folder,
        check=True,
        capture_output=True,
    )


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Origin]:
    folder = tmp_path_factory.mktemp("origin")
    certify(folder, "service.test")
    certify(folder, "client.test")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "service.test.crt", folder / "service.test.key")
    context.load_verify_locations(folder / "client.test.crt")
    context.verify_mode = ssl.CERT_OPTIONAL
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Origin(folder, server.server_port)
    server.shutdown()


def send(request: dict[str, Any], **environment: str) -> dict[str, Any]:
    """What `portcullis eval` gives for it."""
    query = f"http.send({json.dumps({'method': 'get', 'raise_error': False, **request})})"
    command = [str(portcullis_binary()), "eval", "--format", "raw", query]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=30, env={**os.environ, **environment}
    )
    assert done.returncode == 0, done.stderr + done.stdout
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def url(origin: Origin, path: str = "/") -> str:
    return f"https://127.0.0.1:{origin.port}{path}"


def test_unknown_authority_is_refused(origin: Origin) -> None:
    answer = send({"url": url(origin)})
    assert answer["error"]["code"] == "eval_http_send_network_error"


def test_certificate_of_another_name_is_refused(origin: Origin) -> None:
    answer = send({"url": url(origin), "tls_ca_cert": origin.text("service.test.crt")})
    assert answer["status_code"] == 0


def test_server_name(origin: Origin) -> None:
    trust = {"url": url(origin), "tls_ca_cert": origin.text("service.test.crt")}
    answer = send({**trust, "tls_server_name": "service.test"})
    assert answer["status_code"] == 200
    assert answer["body"]["host"].startswith("127.0.0.1")
    # The header alone names the server too, as in OPA.
    answer = send({**trust, "headers": {"host": "service.test"}})
    assert answer["body"]["host"] == "service.test"
    assert send({**trust, "tls_server_name": "other.test"})["status_code"] == 0


@pytest.mark.parametrize("form", ["text", "file", "variable"])
def test_client_certificate(origin: Origin, form: str) -> None:
    names = {"ca": "service.test.crt", "client_cert": "client.test.crt"}
    names["client_key"] = "client.test.key"
    request = {"url": url(origin), "tls_server_name": "service.test"}
    environment = {}
    for name, file in names.items():
        key = "tls_ca_cert" if name == "ca" else f"tls_{name}"
        if form == "text":
            request[key] = origin.text(file)
        elif form == "file":
            request[f"{key}_file"] = str(origin.folder / file)
        else:
            request[f"{key}_env_variable"] = f"TEST_{name.upper()}"
            environment[f"TEST_{name.upper()}"] = origin.text(file)
    answer = send(request, **environment)
    assert answer["body"]["client"] == ["client.test"], answer


def test_verification_can_be_turned_off(origin: Origin) -> None:
    assert send({"url": url(origin), "tls_insecure_skip_verify": True})["status_code"] == 200


def test_compressed_body(origin: Origin) -> None:
    answer = send({"url": url(origin, "/gzip"), "tls_insecure_skip_verify": True})
    assert answer["body"]["client"] == []
    assert "content-encoding" not in answer["headers"]


def test_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    server = UnixServer(str(path), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    quoted = str(path).replace("/", "%2F")
    assert send({"url": f"unix://localhost/x?socket={quoted}"})["status_code"] == 200
    server.shutdown()


@pytest.mark.parametrize("address", ["file:///etc/passwd", "gopher://a.test/", "http://", "::"])
def test_other_schemes_are_refused(address: str) -> None:
    assert send({"url": address})["error"]["code"] == "eval_http_send_internal_error"


def test_error_ends_the_evaluation_when_strict() -> None:
    query = 'http.send({"method": "get", "url": "http://127.0.0.1:1/"})'
    command: list[str | Path] = [portcullis_binary(), "eval", "--strict-builtin-errors", query]
    with pytest.raises(ProcessFailed, match="eval_builtin_error"):
        run(command)
