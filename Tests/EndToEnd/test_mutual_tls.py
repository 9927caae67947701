# SPDX-License-Identifier: Apache-2.0
"""Checks over mutual TLS: who gets in, who does not, and what changes while it serves."""

import shutil
import socket
import ssl
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest
from direct import Server
from mutual_tls import (
    SECONDS,
    Asking,
    Certificates,
    check,
    connect,
    context,
    failures,
    listen,
    metric,
    read_all,
    tls_server,
)
from test_operators import wait_until

from demo.mesh import portcullis_binary

ALERT = 21
SETTINGS = 4
GOAWAY = 7
NO_APPLICATION_PROTOCOL = 120
GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, certificates: Certificates
) -> Iterator[Server]:
    server = tls_server(tmp_path_factory.mktemp("server"), certificates).start()
    yield server
    assert server.terminate() == 0


@pytest.fixture
def own(tmp_path: Path) -> Iterator[tuple[Server, Certificates]]:
    """A server whose files a test may change; `trusted.pem` are its authorities."""
    certificates = Certificates(tmp_path / "certificates")
    certificates.put("ca", "trusted")
    authorities = certificates.path("trusted")
    server = tls_server(tmp_path, certificates, client_authorities=authorities).start()
    yield server, certificates
    server.stop()


def output(server: Server) -> str:
    return (server.folder / "output.txt").read_text()


@pytest.mark.parametrize("name", ["gateway", "below"])
def test_clients_get_answers(server: Server, certificates: Certificates, name: str) -> None:
    before = metric(server, "portcullis_tls_handshakes_total", session="new")
    assert check(server, certificates, name).decision_id
    assert metric(server, "portcullis_tls_handshakes_total", session="new") > before


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (None, "certificate_missing"),
        ("rogue", "certificate_untrusted"),
        ("servers", "certificate_untrusted"),
        ("agent", "client_unknown"),
        ("two", "client_unnamed"),
        ("unnamed", "client_unnamed"),
        ("ca", "client_unnamed"),
    ],
)
def test_others_do_not(
    server: Server, certificates: Certificates, name: str | None, reason: str
) -> None:
    before = failures(server, reason)
    calls = metric(server, "portcullis_calls_total")
    with pytest.raises(grpc.RpcError) as refusal:
        check(server, certificates, name)
    assert refusal.value.code() == grpc.StatusCode.UNAVAILABLE
    wait_until(lambda: failures(server, reason) > before)
    assert metric(server, "portcullis_calls_total") == calls
    if reason == "client_unknown":
        # Whoever wrote the list of clients needs the name.
        named = '"code":"listen_client_refused"'
        wait_until(lambda: named in output(server))
        assert "spiffe://acme.example/agent" in output(server)


@pytest.mark.parametrize("protocols", [(), ("http/1.1",)], ids=["none", "another"])
def test_protocol_is_required(
    server: Server, certificates: Certificates, protocols: tuple[str, ...]
) -> None:
    before = failures(server, "no_h2")
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context(certificates, protocols=protocols).wrap_bio(
        incoming, outgoing, server_hostname="127.0.0.1"
    )
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    with connect(server) as connection:
        connection.sendall(outgoing.read())
        answer = read_all(connection)
    assert answer[0] == ALERT
    assert answer[5:] == bytes([2, NO_APPLICATION_PROTOCOL])
    assert failures(server, "no_h2") == before + 1


def test_old_versions_are_refused(server: Server, certificates: Certificates) -> None:
    before = failures(server, "version")
    old = context(certificates)
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with connect(server) as connection, pytest.raises(ssl.SSLError):
        old.wrap_socket(connection, server_hostname="127.0.0.1")
    assert failures(server, "version") == before + 1


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (GREETING, "not_tls"),
        (b"GET / HTTP/1.1\r\nhost: a\r\n\r\n", "not_tls"),
        (b"\x16\x03\x01\xff\xff" + b"\xaa" * 400, "protocol_error"),
        (b"\x16\x03\x01\x00\x40\x01\x00\x00\x3c\x03\x03", None),
        (b"", None),
    ],
    ids=["HTTP/2", "HTTP/1.1", "record too long", "truncated hello", "nothing"],
)
def test_what_is_no_handshake(
    server: Server, certificates: Certificates, sent: bytes, reason: str | None
) -> None:
    before = failures(server, reason or "closed")
    with connect(server) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        assert b"HTTP" not in read_all(connection)
    wait_until(lambda: failures(server, reason or "closed") == before + 1)
    assert check(server, certificates).decision_id


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_sessions_are_resumed(
    server: Server, certificates: Certificates, version: ssl.TLSVersion
) -> None:
    client = context(certificates)
    client.minimum_version = client.maximum_version = version
    session: ssl.SSLSession | None = None
    before = metric(server, "portcullis_tls_handshakes_total", session="resumed")
    for expected in (False, True, True):
        plain = connect(server)
        with client.wrap_socket(plain, server_hostname="127.0.0.1", session=session) as it:
            it.sendall(GREETING)
            # The server's SETTINGS; tickets of TLS 1.3 come before them.
            assert it.recv(65536)
            assert it.session_reused is expected
            session = it.session
    after = metric(server, "portcullis_tls_handshakes_total", session="resumed")
    assert after == before + 2


def test_close_notify_is_answered(server: Server, certificates: Certificates) -> None:
    plain = connect(server)
    with context(certificates).wrap_socket(plain, server_hostname="127.0.0.1") as connection:
        connection.sendall(GREETING)
        # Up to the acknowledgement of our SETTINGS: what comes later would not be read any more.
        answer = b""
        while not answer.endswith(b"\x00\x00\x00\x04\x01\x00\x00\x00\x00"):
            answer += connection.recv(65536)
        connection.unwrap()


def test_broken_records_after_the_handshake(server: Server, certificates: Certificates) -> None:
    def faults() -> float:
        return metric(server, "portcullis_connection_faults_total", reason="protocol_error")

    before = faults()
    plain = connect(server)
    connection = context(certificates).wrap_socket(plain, server_hostname="127.0.0.1")
    connection.sendall(GREETING)
    assert connection.recv(65536)
    with socket.socket(fileno=connection.detach()) as bare:
        bare.settimeout(SECONDS)
        bare.sendall(b"\x17\x03\x03\x00\x20" + b"\x00" * 32)
        read_all(bare)
    wait_until(lambda: faults() == before + 1)
    assert check(server, certificates).decision_id


def test_client_that_does_not_trust_us_is_counted(
    server: Server, certificates: Certificates
) -> None:
    before = failures(server, "refused_by_peer")
    suspicious = ssl.create_default_context(cafile=certificates.path("other"))
    suspicious.set_alpn_protocols(["h2"])
    with connect(server) as plain, pytest.raises(ssl.SSLCertVerificationError):
        suspicious.wrap_socket(plain, server_hostname="127.0.0.1")
    wait_until(lambda: failures(server, "refused_by_peer") == before + 1)


def test_certificates_change_under_load(own: tuple[Server, Certificates]) -> None:
    server, certificates = own
    certificates.leaf(
        "next", "ca", "serverAuth",
        "subjectAltName=URI:spiffe://acme.example/portcullis,IP:127.0.0.1",
    )  # fmt: skip

    def shown() -> bytes:
        plain = connect(server)
        with context(certificates).wrap_socket(plain, server_hostname="127.0.0.1") as connection:
            return connection.getpeercert(binary_form=True) or b""

    first = shown()
    with Asking(server, certificates) as asking:
        asking.wait_for_answers(100)
        # The certificate alone does not fit the key: nothing changes until both are there.
        certificates.put("next", "server")
        wait_until(lambda: "listen_tls_not_renewed" in output(server))
        assert shown() == first
        certificates.put("next", "server", "key")
        wait_until(lambda: shown() != first)
        asking.wait_for_answers(100)
        Path(certificates.path("trusted")).write_text("nothing that helps\n")
        wait_until(lambda: output(server).count("listen_tls_not_renewed") == 2)
    assert not asking.failed, asking.failed[:3]
    assert "PRIVATE KEY" not in output(server)
    assert server.terminate() == 0


def test_authorities_change_under_load(own: tuple[Server, Certificates]) -> None:
    """Who came in before has to show its certificate again; nobody loses a check."""
    server, certificates = own
    trusted = Path(certificates.path("trusted"))
    with Asking(server, certificates) as asking:
        asking.wait_for_answers(100)
        opened = metric(server, "portcullis_connections_accepted_total")
        trusted.write_bytes(certificates.bytes("ca") + certificates.bytes("other"))
        wait_until(lambda: "listen_tls_renewed" in output(server))
        asking.wait_for_answers(100)
        wait_until(lambda: metric(server, "portcullis_connections_accepted_total") > opened)
    assert not asking.failed, asking.failed[:3]
    # The authority is taken away: nobody gets in any more, on old connections neither.
    with Asking(server, certificates, count=1) as asking:
        asking.wait_for_answers(10)
        trusted.write_bytes(certificates.bytes("other"))
        wait_until(lambda: len(asking.failed) > 0)
        before = asking.answers
        wait_until(lambda: failures(server, "certificate_untrusted") > 0)
    assert asking.answers == before


def test_who_connects_meanwhile_is_told_later(own: tuple[Server, Certificates]) -> None:
    """gRPC's client takes a connection that is given up while it connects for a good one."""
    server, certificates = own
    plain = connect(server)
    with context(certificates).wrap_socket(plain, server_hostname="127.0.0.1") as connection:
        sent = connection.recv(65536)
        assert SETTINGS in frame_types(sent)
        trusted = Path(certificates.path("trusted"))
        trusted.write_bytes(certificates.bytes("ca") + certificates.bytes("other"))
        wait_until(lambda: "listen_tls_renewed" in output(server))
        connection.settimeout(0.5)
        with pytest.raises(TimeoutError):
            sent += connection.recv(65536)
        connection.settimeout(SECONDS)
        connection.sendall(GREETING)
        while data := connection.recv(65536):
            sent += data
        # The one that allows for streams on their way, and the last word.
        assert frame_types(sent).count(GOAWAY) == 2


def frame_types(data: bytes) -> list[int]:
    """Of HTTP/2 frames, whole ones only (RFC 9113, section 4.1)."""
    types = []
    while data:
        types.append(data[3])
        data = data[9 + int.from_bytes(data[:3], "big") :]
    return types


def test_drain_says_goodbye(own: tuple[Server, Certificates]) -> None:
    server, certificates = own
    with Asking(server, certificates) as asking:
        asking.wait_for_answers(100)
        plain = connect(server)
        with context(certificates).wrap_socket(plain, server_hostname="127.0.0.1") as connection:
            connection.sendall(GREETING)
            assert connection.recv(65536)
            asking.ends.set()
            assert server.terminate() == 0
            # GOAWAY, then close_notify: without it this would be an SSLEOFError.
            rest = b""
            while part := connection.recv(65536):
                rest += part
            assert rest.count(b"\x07\x00\x00\x00\x00\x00") >= 1


def test_without_authorities_nobody_is_asked(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path / "certificates")
    server = tls_server(tmp_path, certificates, client_authorities=None, clients=None).start()
    assert check(server, certificates, None).decision_id
    server.stop()


def validate(server: Server) -> tuple[int, str]:
    command: list[str | Path] = [portcullis_binary(), "validate", "--config", server.config_file]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stderr


def test_validate_reads_the_files(tmp_path: Path, certificates: Certificates) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({}, ""),
        ({"key": certificates.path("gateway", "key")}, "the key is not the certificate's"),
        ({"certificate": certificates.path("absent")}, "no such file"),
        ({"client_authorities": certificates.path("ca", "key")}, "expected PEM certificates"),
        ({"clients": ["acme.example"]}, "expected a SPIFFE ID"),
        ({"client_authorities": None}, "expected `client_authorities` beside it"),
    ]
    for number, (change, words) in enumerate(cases):
        folder = tmp_path / str(number)
        folder.mkdir()
        code, errors = validate(tls_server(folder, certificates, **change))
        assert (code, words in errors) == (3 if words else 0, True), errors


def test_keys_that_others_can_read_are_refused(tmp_path: Path, certificates: Certificates) -> None:
    key = tmp_path / "open.key"
    shutil.copy(certificates.path("server", "key"), key)
    key.chmod(0o644)
    code, errors = validate(tls_server(tmp_path, certificates, key=str(key)))
    assert code == 3
    assert "0600" in errors


@pytest.mark.parametrize("has_tls", [False, True])
def test_open_listeners_are_warned_of(
    tmp_path: Path, certificates: Certificates, has_tls: bool
) -> None:
    wide = {**listen(certificates, 9191), "tcp": "0.0.0.0:9191"}
    if not has_tls:
        del wide["tls"]
    code, errors = validate(Server(tmp_path, settings={"listen": wide}))
    assert code == 0
    assert ("warning: `0.0.0.0:9191` takes checks in the clear" in errors) is not has_tls
