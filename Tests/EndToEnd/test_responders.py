# SPDX-License-Identifier: Apache-2.0
"""Responders: who is called when a restriction starts, whatever happens to the server."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from direct import Server
from operators import Operators

from demo.mesh import ROOT

AGENT = "spiffe://acme.example/agents/research"
TOKEN = "s.vault-token-of-the-tests"  # noqa: S105


@dataclass
class Received:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def key(self) -> str:
        return self.headers["idempotency-key"]


class Webhook:
    """A server that notes what it is asked, and answers as it is told."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.statuses: list[int] = []
        self.delay = 0.0
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                hook.received.append(Received(self.command, self.path, headers, body))
                time.sleep(hook.delay)
                self.send_response(hook.statuses.pop(0) if hook.statuses else 204)
                self.end_headers()

            do_GET = do_POST = do_PATCH = do_DELETE = answer

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait_for(self, count: int, seconds: float = 20) -> list[Received]:
        wait_until(lambda: len(self.received) >= count, f"{count} calls", seconds)
        return self.received

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def wait_until(ready: Callable[[], bool], what: str, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, f"no {what} after {seconds} s"
        time.sleep(0.02)


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    hook = Webhook()
    yield hook
    hook.close()


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def make(*responders: dict[str, Any]) -> Server:
        log = {"checkpoint_interval": "50ms"}
        settings = {"responders": list(responders)}
        servers.append(Server(tmp_path, log=log, settings=settings))
        return servers[-1]

    yield make
    for server in servers:
        server.stop()


def outcomes(server: Server) -> list[dict[str, Any]]:
    """The responders' records in the published log."""
    found = []
    for entry in server.entries():
        record = json.loads(entry)
        if record.get("kind") == "responder":
            found.append(record["responder"])
    return found


def test_examples_of_vault_and_kubernetes(
    make_server: Callable[..., Server], webhook: Webhook, tmp_path: Path
) -> None:
    token = tmp_path / "vault.token"
    token.write_text(TOKEN + "\n")
    token.chmod(0o600)
    server = make_server(
        {
            "name": "vault",
            "on": ["isolate"],
            "url": webhook.url + "/v1/identity/entity/name/${agent.name}",
            "headers": {"X-Vault-Token": "${secret:vault}"},
            "body": {"disabled": True},
            "secrets": {"vault": str(token)},
        },
        {
            "name": "kubernetes",
            "on": ["isolate"],
            "method": "PATCH",
            "url": webhook.url + "/apis/apps/v1/namespaces/agents/deployments/${agent.name}/scale",
            "headers": {"Content-Type": "application/merge-patch+json"},
            "body": {"spec": {"replicas": 0}},
        },
        {"name": "any", "on": ["read_only"], "url": webhook.url + "/any?agent=${agent}"},
    ).start()
    operators = Operators(server)
    operators.run("agents", "restrict", AGENT, "read_only", "--for", "10m", "--reason", 'a "quote"')
    operators.run("agents", "isolate", AGENT, "--for", "1h")
    calls = {call.path: call for call in webhook.wait_for(3)}
    vault = calls["/v1/identity/entity/name/research"]
    assert (vault.method, vault.json) == ("POST", {"disabled": True})
    assert vault.headers["x-vault-token"] == TOKEN
    scale = calls["/apis/apps/v1/namespaces/agents/deployments/research/scale"]
    assert (scale.method, scale.json) == ("PATCH", {"spec": {"replicas": 0}})
    assert scale.headers["content-type"] == "application/merge-patch+json"
    assert scale.key == vault.key
    plain = calls["/any?agent=spiffe%3A%2F%2Facme.example%2Fagents%2Fresearch"].json
    assert plain["agent"] == AGENT
    assert plain["restriction"] == "read_only"
    assert plain["seconds"] == 600
    assert plain["reason"] == 'a "quote"'
    assert plain["operator"].startswith("unix:")
    wait_until(lambda: len(outcomes(server)) == 3, "outcomes in the log")
    schema = json.loads((ROOT / "Sources/DecisionLog/Record/record.schema.json").read_text())
    for entry in server.entries():
        jsonschema.validate(json.loads(entry), schema)
    assert {it["outcome"] for it in outcomes(server)} == {"done"}
    # A restriction that holds already is not told again.
    operators.run("agents", "isolate", AGENT, "--for", "1h")
    time.sleep(0.5)
    assert len(webhook.received) == 3
    assert server.terminate() == 0
    server.verify_log()
    assert TOKEN not in (server.folder / "output.txt").read_text()
    assert TOKEN.encode() not in b"".join(server.entries())


def test_a_failing_responder_is_tried_again_and_given_up(
    make_server: Callable[..., Server], webhook: Webhook
) -> None:
    server = make_server(
        {"name": "slow", "url": webhook.url + "/hook", "attempts": 4, "pause": "20ms"}
    ).start()
    operators = Operators(server)
    webhook.statuses = [500, 503]
    operators.run("agents", "isolate", AGENT, "--for", "1h")
    calls = webhook.wait_for(3)
    assert len({call.key for call in calls}) == 1, "one key for all attempts"
    wait_until(lambda: len(outcomes(server)) == 1, "the outcome in the log")
    assert outcomes(server)[0]["attempts"] == 3
    webhook.statuses = [400] * 4
    operators.run("agents", "restrict", AGENT, "no_egress", "--for", "1h")
    wait_until(lambda: len(outcomes(server)) == 2, "the failure in the log")
    failed = outcomes(server)[1]
    assert (failed["outcome"], failed["attempts"], failed["http_status"]) == ("failed", 4, 400)
    assert 'outcome="failed"} 1' in operators.get("/metrics")


def test_kill_loses_no_call(make_server: Callable[..., Server], webhook: Webhook) -> None:
    """Killed before, during and after calls: each restriction is told at least once."""
    server = make_server(
        {
            "name": "hook",
            "url": webhook.url + "/hook",
            "pause": "20ms",
            "timeout": "5s",
            "attempts": 50,
        }
    )
    expected = set()
    for round in range(6):
        server.start()
        operators = Operators(server)
        # Answers come late, fail, or come at once.
        webhook.delay = [0.3, 0.0, 0.05][round % 3]
        webhook.statuses = [500] * (round % 3)
        for number in range(3):
            agent = f"spiffe://acme.example/agents/a{round}-{number}"
            answer = operators.json("agents", "isolate", agent, "--for", "1h")
            expected.add(answer["record"])
        time.sleep([0, 0.06, 0.12, 0.4, 0.2, 0.01][round])
        server.kill()
    webhook.delay = 0
    webhook.statuses = []
    server.start()

    def told() -> bool:
        done = {it["record"] for it in outcomes(server) if it["outcome"] == "done"}
        return expected <= done

    wait_until(told, "outcome of each restriction", 60)
    assert {call.key for call in webhook.received} == expected
    assert server.terminate() == 0
    server.verify_log()
    # Nothing is left to do: another start makes no call.
    before = len(webhook.received)
    server.start()
    time.sleep(1)
    assert len(webhook.received) == before


def test_configuration_is_checked(make_server: Callable[..., Server], tmp_path: Path) -> None:
    for responder, message in [
        ({"name": "a", "url": "https://${agent}/x"}, "before any placeholder"),
        ({"name": "a", "url": "https://h/${secret:x}"}, "no secret in a URL"),
        ({"name": "a", "url": "https://h/${agnet}"}, "unknown placeholder"),
        ({"name": "a", "url": "https://h/", "headers": {"X": "${secret:y}"}}, "expected a file"),
        ({"name": "a", "url": "https://h/", "colour": "red"}, "unknown key"),
    ]:
        server = make_server(responder)
        process = server.launch()
        assert process.child.wait(20) == 3
        assert message in process.log.read_text()
