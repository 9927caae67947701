# SPDX-License-Identifier: Apache-2.0
"""A server whose checks come in over mutual TLS, and who asks it."""

import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
from direct import METHOD, Answer, Server, sample
from operators import Operators
from test_operators import free_port

SECONDS = 10.0
AGENT_URI = "subjectAltName=URI:spiffe://acme.example"
CLIENTS = ["spiffe://acme.example/gateway", "spiffe://acme.example/gateways/*"]


class Certificates:
    """An authority and what it signs, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.authority("ca")
        self.authority("other")
        self.leaf("server", "ca", "serverAuth", f"{AGENT_URI}/portcullis,IP:127.0.0.1")
        self.leaf("gateway", "ca", "clientAuth", f"{AGENT_URI}/gateway")
        self.leaf("below", "ca", "clientAuth", f"{AGENT_URI}/gateways/eu/1")
        self.leaf("agent", "ca", "clientAuth", f"{AGENT_URI}/agent")
        self.leaf("two", "ca", "clientAuth", f"{AGENT_URI}/gateway,URI:spiffe://acme.example/agent")
        self.leaf("unnamed", "ca", "clientAuth", "subjectAltName=DNS:gateway.acme.example")
        self.leaf("servers", "ca", "serverAuth", f"{AGENT_URI}/gateway")
        self.leaf("rogue", "other", "clientAuth", f"{AGENT_URI}/gateway")

    def path(self, name: str, kind: str = "pem") -> str:
        return str(self.folder / f"{name}.{kind}")

    def bytes(self, name: str, kind: str = "pem") -> bytes:
        return Path(self.path(name, kind)).read_bytes()

    def authority(self, name: str) -> None:
        self.openssl(name, "-subj", f"/CN={name}")

    def leaf(self, name: str, issuer: str, purpose: str, names: str) -> None:
        self.openssl(
            name, "-subj", f"/O=Acme/CN={name}", "-CA", self.path(issuer),
            "-CAkey", self.path(issuer, "key"), "-addext", "basicConstraints=critical,CA:false",
            "-addext", f"extendedKeyUsage={purpose}", "-addext", names,
        )  # fmt: skip

    def openssl(self, name: str, *arguments: str) -> None:
        files = ["-keyout", self.path(name, "key"), "-out", self.path(name)]
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        command = ["openssl", "req", "-x509", *key, *files, *arguments]
        subprocess.run(command, check=True, capture_output=True)

    def put(self, source: str, target: str, kind: str = "pem") -> None:
        """Replaces a file as whoever rotates certificates should: whole, at once."""
        new = self.path(f"{target}-next", kind)
        shutil.copy(self.path(source, kind), new)
        os.chmod(new, 0o600)
        os.replace(new, self.path(target, kind))


def listen(certificates: Certificates, port: int, **more: Any) -> dict[str, Any]:
    tls = {
        "certificate": certificates.path("server"),
        "key": certificates.path("server", "key"),
        "client_authorities": certificates.path("ca"),
        "clients": CLIENTS,
        **more,
    }
    present = {key: value for key, value in tls.items() if value is not None}
    return {"tcp": f"127.0.0.1:{port}", "tls": present}


def tls_server(folder: Path, certificates: Certificates, **more: Any) -> Server:
    """Not started. Keywords replace settings of `listen.tls`; None takes one out."""
    port = free_port()
    server = Server(folder, settings={"listen": listen(certificates, port, **more)})
    server.port = port
    return server


def channel(
    server: Server, certificates: Certificates, name: str | None = "gateway"
) -> grpc.Channel:
    """A connection of its own, with a client's certificate when one is named."""
    credentials = grpc.ssl_channel_credentials(
        certificates.bytes("ca"),
        certificates.bytes(name, "key") if name else None,
        certificates.bytes(name) if name else None,
    )
    options = [("grpc.use_local_subchannel_pool", 1)]
    return grpc.secure_channel(f"127.0.0.1:{server.port}", credentials, options=options)


def check(server: Server, certificates: Certificates, name: str | None = "gateway") -> Answer:
    with channel(server, certificates, name) as connection:
        message = connection.unary_unary(METHOD)(sample(), timeout=SECONDS)
        return Answer.parse(message)


def context(
    certificates: Certificates, name: str | None = "gateway", protocols: tuple[str, ...] = ("h2",)
) -> ssl.SSLContext:
    """For sockets: what a client offers and believes."""
    made = ssl.create_default_context(cafile=certificates.path("ca"))
    if name:
        made.load_cert_chain(certificates.path(name), certificates.path(name, "key"))
    if protocols:
        made.set_alpn_protocols(list(protocols))
    return made


def connect(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=SECONDS)


def read_all(connection: socket.socket) -> bytes:
    """Until the other side ends."""
    found = b""
    while True:
        try:
            part = connection.recv(65536)
        except ConnectionResetError:
            return found
        if not part:
            return found
        found += part


def metric(server: Server, name: str, **labels: str) -> float:
    label = ",".join(f'{key}="{value}"' for key, value in labels.items())
    wanted = f"{name}{{{label}}}" if label else name
    _, _, text = Operators(server).request("GET", "/metrics")
    for line in text.splitlines():
        if line.startswith(wanted + " "):
            return float(line.rsplit(" ", 1)[1])
    raise AssertionError(f"no metric `{wanted}`")


def failures(server: Server, reason: str) -> float:
    return metric(server, "portcullis_tls_handshake_failures_total", reason=reason)


class Asking:
    """Clients that ask again and again, each on a connection that it keeps or makes anew."""

    def __init__(self, server: Server, certificates: Certificates, count: int = 3) -> None:
        self.server = server
        self.certificates = certificates
        self.answers = 0
        self.failed: list[str] = []
        self.ends = threading.Event()
        kept = [index % 2 == 0 for index in range(count)]
        self.threads = [threading.Thread(target=self.run, args=[it]) for it in kept]

    def __enter__(self) -> "Asking":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ends.set()
        for thread in self.threads:
            thread.join()

    def run(self, keeps: bool) -> None:
        while not self.ends.is_set():
            with channel(self.server, self.certificates) as connection:
                method = connection.unary_unary(METHOD)
                for _ in range(10_000 if keeps else 20):
                    if self.ends.is_set():
                        return
                    try:
                        Answer.parse(method(sample(), timeout=SECONDS))
                        self.answers += 1
                    except grpc.RpcError as error:
                        self.failed.append(f"{error.code()}: {error.details()}")

    def wait_for_answers(self, count: int) -> None:
        wanted = self.answers + count
        deadline = time.monotonic() + 4 * SECONDS
        while self.answers < wanted:
            assert time.monotonic() < deadline, f"{self.answers} of {wanted}: {self.failed[-3:]}"
            time.sleep(0.01)
