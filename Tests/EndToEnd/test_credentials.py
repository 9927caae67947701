# SPDX-License-Identifier: Apache-2.0
"""The operators' tokens and certificates change while the server runs."""

import http.client
import os
import shutil
import signal
import socket
import ssl
import threading
import time
from pathlib import Path

import pytest
from direct import Server
from test_operators import Authorities, MakeServer, authorities, free_port, make_server, wait_until

__all__ = ["authorities", "make_server"]  # fixtures

SECONDS = 20.0


def write(file: Path, text: str) -> None:
    """As whoever rotates secrets should: whole, at once."""
    new = file.with_suffix(".new")
    new.write_text(text)
    new.chmod(0o600)
    os.replace(new, file)


def status(port: int, token: str, tls: ssl.SSLContext | None = None) -> int:
    connection: http.client.HTTPConnection
    if tls is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    else:
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=SECONDS, context=tls)
    try:
        connection.request("GET", "/v1/health", headers={"authorization": f"Bearer {token}"})
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize("is_told", [False, True], ids=["on change", "on SIGHUP"])
def test_tokens_change(make_server: MakeServer, tmp_path: Path, is_told: bool) -> None:
    port = free_port()
    file, other = tmp_path / "alice.token", tmp_path / "bob.token"
    write(file, "token-of-alice-one")
    write(other, "token-of-bob-one")
    tokens = [{"name": it.stem, "file": str(it)} for it in (file, other)]
    server = make_server(operators={"tcp": f"127.0.0.1:{port}", "tokens": tokens}).start()

    def told() -> None:
        if is_told and server.process:
            server.process.signal_group(signal.SIGHUP)

    kept = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    old = {"authorization": "Bearer token-of-alice-one"}
    kept.request("GET", "/v1/health", headers=old)
    answer = kept.getresponse()
    assert (answer.status, len(answer.read()) > 0) == (200, True)

    write(file, "token-of-alice-two")
    told()
    wait_until(lambda: status(port, "token-of-alice-two") == 200)
    assert status(port, "token-of-alice-one") == 401
    # Also on a connection that was there before.
    kept.request("GET", "/v1/health", headers=old)
    assert kept.getresponse().status == 401

    # What is no token changes nothing, and a file that is gone takes its token with it.
    write(file, "short")
    told()
    wait_until(lambda: "operators_not_renewed" in output(server))
    assert status(port, "token-of-alice-two") == 200
    write(file, "token-of-alice-three")
    other.unlink()
    told()
    wait_until(lambda: status(port, "token-of-bob-one") == 401)
    assert status(port, "token-of-alice-three") == 200
    assert "token-of" not in output(server)


def output(server: Server) -> str:
    return (server.folder / "output.txt").read_text()


def presented(port: int, authority: str) -> bytes:
    """The certificate that the server shows."""
    context = ssl.create_default_context(cafile=authority)
    with (
        socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as connection,
    ):
        return connection.getpeercert(binary_form=True) or b""


def test_certificates_change_under_load(make_server: MakeServer, authorities: Authorities) -> None:
    port = free_port()
    token = authorities.folder / "alice.token"
    write(token, "token-of-alice-one")
    authorities.certificate("next", "ca", "serverAuth", "subjectAltName=IP:127.0.0.1")
    tls = {
        "certificate": authorities.path("server"),
        "key": authorities.path("server", "key"),
        "client_authorities": authorities.path("other"),
    }
    tokens = [{"name": "alice", "file": str(token)}]
    server = make_server(
        operators={"tcp": f"127.0.0.1:{port}", "tls": tls, "tokens": tokens}
    ).start()
    first = presented(port, authorities.path("ca"))
    context = ssl.create_default_context(cafile=authorities.path("ca"))
    statuses: list[int] = []
    failures: list[Exception] = []
    is_over = threading.Event()

    def ask() -> None:
        while not is_over.is_set():
            try:
                statuses.append(status(port, "token-of-alice-one", context))
            except Exception as error:
                failures.append(error)

    clients = [threading.Thread(target=ask) for _ in range(2)]
    for client in clients:
        client.start()
    # The certificate alone does not fit the key: nothing changes until both are there.
    shutil.copy(authorities.path("next"), authorities.path("server"))
    wait_until(lambda: "operators_not_renewed" in output(server))
    assert presented(port, authorities.path("ca")) == first
    shutil.copy(authorities.path("next", "key"), authorities.path("server", "key"))
    wait_until(lambda: presented(port, authorities.path("ca")) != first)
    before = len(statuses)
    deadline = time.monotonic() + SECONDS
    while len(statuses) < before + 20 and time.monotonic() < deadline:
        time.sleep(0.05)
    is_over.set()
    for client in clients:
        client.join()
    assert len(statuses) >= before + 20
    assert not failures, failures[:3]
    assert set(statuses) == {200}
    assert "PRIVATE KEY" not in output(server)
    assert server.terminate() == 0


def test_authorities_change(make_server: MakeServer, authorities: Authorities) -> None:
    """Whose authority is taken away is nobody from then on, on old connections too."""
    port = free_port()
    trusted = authorities.folder / "trusted.pem"
    shutil.copy(authorities.path("other"), trusted)
    tls = {
        "certificate": authorities.path("server"),
        "key": authorities.path("server", "key"),
        "client_authorities": str(trusted),
    }
    make_server(operators={"tcp": f"127.0.0.1:{port}", "tls": tls}).start()

    def connect(name: str) -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cafile=authorities.path("ca"))
        context.load_cert_chain(authorities.path(name), authorities.path(name, "key"))
        return http.client.HTTPSConnection("127.0.0.1", port, timeout=SECONDS, context=context)

    def asked(connection: http.client.HTTPSConnection) -> int:
        connection.request("GET", "/v1/health")
        answer = connection.getresponse()
        answer.read()
        return answer.status

    kept = connect("eve")
    assert (asked(kept), asked(connect("alice"))) == (200, 401)
    shutil.copy(authorities.path("ca"), trusted)
    wait_until(lambda: asked(connect("alice")) == 200)
    assert asked(connect("eve")) == 401

    # It was told that its connection ends, or it has ended: http.client then makes a new one.
    def is_nobody() -> bool:
        try:
            return asked(kept) == 401
        except (OSError, http.client.HTTPException):
            kept.close()
            return False

    wait_until(is_nobody)
