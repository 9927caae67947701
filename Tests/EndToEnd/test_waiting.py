# SPDX-License-Identifier: Apache-2.0
"""Policies that wait for a network: checks go to workers, and everything else goes on."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from direct import Answer, Client, Server

WAITING = "waits/decision"
POLICY = """package waits

origin := data.origin

path := input.attributes.request.http.path

request := {"method": "get", "url": concat("", [origin, path]), "timeout": "20s"}

caching := {"cache": startswith(path, "/cached"), "raise_error": false}

decision if http.send(object.union(request, caching)).status_code == 200
"""
QUICK = "package quick\n\ndecision := true\n"


def field(number: int, value: bytes) -> bytes:
    """A length-delimited field of a protobuf message."""
    assert len(value) < 1 << 14
    low, high = len(value) & 0x7F, len(value) >> 7
    return bytes([number << 3 | 2, low | 0x80, high] if high else [number << 3 | 2, low]) + value


def check(path: str, entrypoint: str = WAITING) -> bytes:
    """A CheckRequest for a GET of `path`."""
    http = field(2, b"GET") + field(4, path.encode()) + field(5, b"a.example")
    extension = field(1, b"portcullis.entrypoint") + field(2, entrypoint.encode())
    return field(1, field(4, field(2, http)) + field(10, extension))


class Upstream:
    """What policies ask: `/slow/1.5` answers after 1.5 s; `/cached...` may be kept."""

    def __init__(self) -> None:
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                upstream.asked.append(self.path)
                if "/slow/" in self.path:
                    time.sleep(float(self.path.split("/slow/")[1]))
                self.send_response(200)
                self.send_header("content-length", "2")
                if self.path.startswith("/cached"):
                    self.send_header("cache-control", "max-age=60")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                pass

        self.asked: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        # Who asked may be gone.
        self.server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    upstream = Upstream()
    yield upstream
    upstream.server.shutdown()


StartServer = Callable[..., tuple[Server, Client]]


@pytest.fixture
def start(tmp_path: Path, upstream: Upstream) -> Iterator[StartServer]:
    """Starts a server with one loop; keywords are settings of its configuration."""
    servers: list[Server] = []
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies/waits.rego").write_text(POLICY)
    (tmp_path / "policies/quick.rego").write_text(QUICK)
    (tmp_path / "data.json").write_text(json.dumps({"origin": upstream.origin}))

    def start(log: dict[str, Any] | None = None, **settings: object) -> tuple[Server, Client]:
        server = Server(
            tmp_path,
            log=log or {},
            settings={
                "policies": [str(tmp_path / "policies")],
                "data": [str(tmp_path / "data.json")],
                "entrypoint": "quick/decision",
                "route_entrypoints": [WAITING],
                "loops": 1,
                **settings,
            },
        ).start()
        servers.append(server)
        return server, Client(server)

    yield start
    for server in servers:
        server.stop()


def records(server: Server) -> dict[str, Any]:
    """The records of a server that has ended, by decision id."""
    assert server.terminate() == 0
    server.verify_log()
    result = {}
    for file in sorted((server.log_folder / "tile/entries").rglob("*")):
        entries = file.read_bytes() if file.is_file() else b""
        while entries:
            size = int.from_bytes(entries[:2])
            record = json.loads(entries[2 : 2 + size])
            result[record["decision_id"]] = record
            entries = entries[2 + size :]
    return result


def reasons(record: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in record["answer"]["reasons"]]


@pytest.mark.parametrize("durability", ["buffered", "durable"])
def test_policy_asks_the_network(start: StartServer, durability: str) -> None:
    server, client = start(log={"durability": durability})
    answers = [client.check(check("/a")) for _ in range(3)]
    assert {answer.kind for answer in answers} == {"ok"}
    assert records(server).keys() >= {answer.decision_id for answer in answers}


def test_others_are_not_held_up(start: StartServer) -> None:
    _, client = start()
    slow = client.method.future(check("/slow/4"), timeout=20)
    for _ in range(20):
        assert client.check(check("/", "quick/decision")).kind == "ok"
    assert not slow.done()
    # The deadline of checks whose caller sets none is another one: this caller waits.
    assert Answer.parse(slow.result()).kind == "ok"


def test_deadline_denies_in_time(start: StartServer) -> None:
    server, client = start()
    # An answer that came later would be an error of the client's.
    answer = client.check(check("/slow/5"), seconds=2)
    assert answer.is_refusal
    assert reasons(records(server)[answer.decision_id]) == ["eval_cancel_error"]


def test_checks_without_a_deadline_have_the_configured_one(start: StartServer) -> None:
    server, client = start(limits={"deadline": "300ms"}, network={"workers": 1})
    began = time.monotonic()
    calls = [client.method.future(check("/slow/5")) for _ in range(3)]
    answers = [Answer.parse(call.result()) for call in calls]
    # Those that no worker took end too, and before the first could have had its answer.
    assert time.monotonic() - began < 5
    found = records(server)
    for answer in answers:
        record = found[answer.decision_id]
        assert reasons(record) == ["eval_cancel_error"]
        # An eighth is left for the answer; time in the queue counts.
        assert record["duration_ns"] >= 300_000_000 * 7 // 8


def test_full_queue_denies(start: StartServer) -> None:
    server, client = start(network={"workers": 1, "queue": 1})
    calls = [client.method.future(check("/slow/1"), timeout=10) for _ in range(5)]
    answers = [Answer.parse(call.result()) for call in calls]
    found = records(server)
    refused = [reasons(found[answer.decision_id]) for answer in answers if answer.is_refusal]
    assert refused.count(["waiting_queue_full"]) in (3, 4)
    assert len([answer for answer in answers if answer.kind == "ok"]) == 5 - len(refused)


def test_reset_cancels(start: StartServer) -> None:
    _, client = start(network={"workers": 1})
    call = client.method.future(check("/slow/8"), timeout=10)
    time.sleep(0.3)
    call.cancel()
    assert client.check(check("/a"), seconds=2).kind == "ok"


def test_drain_waits(start: StartServer) -> None:
    server, client = start()
    call = client.method.future(check("/slow/1"), timeout=10)
    time.sleep(0.3)
    found = records(server)
    answer = Answer.parse(call.result())
    assert answer.kind == "ok"
    assert answer.decision_id in found


def test_only_allowed_hosts_are_reached(start: StartServer, upstream: Upstream) -> None:
    _, client = start(network={"allow": ["b.example", "localhost"]})
    assert client.check(check("/a")).kind == "denied"
    assert upstream.asked == []


def test_one_flight_for_many(start: StartServer, upstream: Upstream) -> None:
    _, client = start(network={"workers": 8})
    with ThreadPoolExecutor(12) as pool:
        kinds = pool.map(lambda _: client.check(check("/cached/slow/0.3")).kind, range(40))
        assert set(kinds) == {"ok"}
    assert upstream.asked == ["/cached/slow/0.3"]


def test_upstream_that_is_down_denies(start: StartServer, upstream: Upstream) -> None:
    _, client = start()
    upstream.server.shutdown()
    upstream.server.server_close()
    answer = client.check(check("/a"))
    assert answer.kind == "denied"
