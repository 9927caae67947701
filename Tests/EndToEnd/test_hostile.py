# SPDX-License-Identifier: Apache-2.0
"""Bytes that no honest Envoy sends: each is refused with an answer, and the server goes on.

Frames and connections of hostile peers are tested in Tests/HTTP2Tests and Tests/ServerTests; here,
what comes in well-formed frames and goes all the way through.
"""

import random
from collections.abc import Iterator

import grpc  # type: ignore[import-untyped]
import pytest
from direct import INTERNAL, Client, Server, sample

MESSAGE_LIMIT = 4 << 20  # bytes, the default of limits.message
HONEST = sample()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("hostile")).start()
    yield server
    assert server.process
    assert server.process.child.poll() is None, server.process.tail()
    assert server.terminate() == 0
    server.verify_log()


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    client = Client(server)
    yield client
    assert client.check(HONEST).kind == "ok", "the next honest check is answered as ever"
    client.close()


def test_truncated_checks_are_our_error(client: Client) -> None:
    for size in range(1, len(HONEST), 7):
        answer = client.check(HONEST[:size])
        assert (answer.code, answer.kind) == (INTERNAL, "error"), size


def test_random_bytes_are_refused(client: Client) -> None:
    seeded = random.Random(1)
    for _ in range(300):
        assert client.check(seeded.randbytes(seeded.randrange(2000))).is_refusal


def test_damaged_checks_are_never_answered_with_nothing(client: Client) -> None:
    seeded = random.Random(2)
    for _ in range(500):
        damaged = bytearray(HONEST)
        for _ in range(seeded.randint(1, 8)):
            damaged[seeded.randrange(len(damaged))] = seeded.randrange(256)
        answer = client.check(bytes(damaged))
        # A damaged word in a header may leave a request that is allowed.
        assert answer.kind == "ok" if answer.code == 0 else answer.is_refusal


def test_empty_check_is_denied(client: Client) -> None:
    assert client.check(b"").kind == "denied"


@pytest.mark.parametrize("size", [MESSAGE_LIMIT + 1, 4 * MESSAGE_LIMIT])
def test_message_over_the_limit(client: Client, size: int) -> None:
    with pytest.raises(grpc.RpcError) as failure:
        client.check(bytes(size), seconds=20)
    assert failure.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_largest_message_is_read(client: Client) -> None:
    assert client.check(bytes(MESSAGE_LIMIT), seconds=20).is_refusal


# What is said, and what is said in its place: of the same length, so that the message stays whole.
LIES = {
    "principal that is not UTF-8": (b"/sa/research-agent", b"/sa/research-a\xff\xfent"),
    "principal with a NUL": (b"/sa/research-agent", b"/sa/research-a\x00\x00nt"),
    "host that is not UTF-8": (b"mcp.acme.example", b"mcp.acme.exampl\xff"),
    "body that is not UTF-8": (b"quarterly", b"quart\xc0\xafly"),
    "body that ends early": (b"}}}}", b"}}} "),
    "a key twice in the body": (b'"limit"', b'"query"'),
    "a form that claims to be JSON": (b'{"jsonrpc":"2.0"', b"a=1&b=2&c=3&d=44"),
    "JSON that claims to be a form": (b"application/json", b"application/form"),
    "plain text that claims to be compressed": (b"x-envoy-internal", b"content-encoding"),
    "another version of JSON-RPC": (b'"jsonrpc":"2.0"', b'"jsonrpc":"1.0"'),
}


@pytest.mark.parametrize("lie", LIES)
def test_lies_are_refused(client: Client, lie: str) -> None:
    said, instead = LIES[lie]
    assert len(said) == len(instead)
    assert said in HONEST
    assert client.check(HONEST.replace(said, instead)).is_refusal
