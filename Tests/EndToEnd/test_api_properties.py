# SPDX-License-Identifier: Apache-2.0
"""The operators' API holds to its document whatever it is sent: Schemathesis makes the requests."""

import json
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from direct import Server
from hypothesis import HealthCheck, settings
from test_operators import free_port

from demo.mesh import ROOT

BEARER = "whoever-tries-everything"
EXAMPLES = 40
RAW_REQUESTS = 400
schema = schemathesis.openapi.from_path(ROOT / "Sources/Admin/openapi.json")


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = Path(tmp_path_factory.mktemp("api"))
    token = folder / "token"
    token.write_text(BEARER)
    token.chmod(0o600)
    port = free_port()
    policies = folder / "policies"
    policies.mkdir()
    (policies / "app.rego").write_text('package app\n\ndecision := {"action": "allow"}\n')
    tokens = [{"name": "everything", "file": str(token), "may": "operate"}]
    server = Server(
        folder,
        settings={
            "operators": {"tcp": f"127.0.0.1:{port}", "tokens": tokens},
            "policies": [str(policies)],
            "data": [],
            "entrypoint": "app/decision",
        },
    ).start()
    try:
        yield port
        assert server.terminate() == 0
        server.verify_log()
    finally:
        server.stop()


@schema.parametrize()  # type: ignore[untyped-decorator]
@settings(  # type: ignore[untyped-decorator]
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_answers_are_what_the_document_says(case: schemathesis.Case, port: int) -> None:
    headers = {"authorization": f"Bearer {BEARER}"}
    response = case.call(base_url=f"http://127.0.0.1:{port}", headers=headers)
    if response.status_code >= 400:
        problem(response.status_code, response.headers["content-type"][0], response.text)
    case.validate_response(response, headers=headers)


def problem(status: int, kind: str, text: str) -> None:
    """Whether an answer is a problem of RFC 9457 with our stable code."""
    assert kind == "application/problem+json", (status, kind)
    document: dict[str, Any] = json.loads(text)
    assert document["status"] == status
    assert document["type"] == f"urn:portcullis:problem:{document['code']}"
    assert document["title"]
    assert document["detail"]


def test_any_bytes_get_a_problem_or_nothing(port: int) -> None:
    """What is hardly HTTP: the library may refuse it itself, and nothing may stop the server."""
    chance = random.Random(7)
    body = '{"agent":"a","kind":"dlp","severity":1,"confidence":2,"seconds":60}'
    head = [
        "POST /v1/signals HTTP/1.1",
        "host: x",
        f"authorization: Bearer {BEARER}",
        "content-type: application/json",
        f"content-length: {len(body)}",
        "connection: close",
    ]
    whole = "\r\n".join([*head, "", body]).encode()
    seen = set()
    for _ in range(RAW_REQUESTS):
        request = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            place = chance.randrange(len(request))
            piece = bytes(chance.choices(b'\0\r\n %"{}[]:/\xff\x80a', k=chance.randint(1, 4)))
            request[place : place + chance.randint(0, 3)] = piece
        if answer := exchanged(port, bytes(request)):
            status, kind, text = answer
            seen.add(status)
            assert status < 500
            # Statuses of the library's own have no body of ours.
            if kind.startswith("application/"):
                assert status < 300 or kind == "application/problem+json"
            if kind == "application/problem+json":
                problem(status, kind, text)
    assert {201, 400, 401} <= seen
    assert (exchanged(port, whole) or (0,))[0] == 201


def exchanged(port: int, request: bytes) -> tuple[int, str, str] | None:
    """Status, content type and body of the answer, if there was one."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        received = b""
        try:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65536):
                received += piece
        except ConnectionError:
            pass
    if not received.startswith(b"HTTP/1.1 "):
        assert not received
        return None
    head, _, body = received.partition(b"\r\n\r\n")
    fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
    lower = {name.lower(): value for name, value in fields.items()}
    # Behind it there may be what the library says of the bytes that follow.
    body = body[: int(lower.get(b"content-length", b"0"))]
    return int(head.split()[1]), lower.get(b"content-type", b"").decode(), body.decode()
