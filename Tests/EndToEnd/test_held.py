# SPDX-License-Identifier: Apache-2.0
"""Checks that wait for a person (`approvals.hold`), through the real Envoy."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPSConnection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from clients.mesh import ClientMesh, connection_manager
from operators import Operators

from demo.story import DECISION_HEADER, Gateway

POLICY = """package held

decision := {"action": "require_approval"} if {
	startswith(input.attributes.request.http.path, "/ask")
} else := {"action": "allow"}
"""
POLL_SECONDS = 0.02


@dataclass
class HeldMesh(ClientMesh):
    """Everything below `/ask` needs a person, for whom checks wait `hold`, and Envoy `patience`."""

    hold: str = "20s"
    patience: str = "25s"

    def portcullis_config(self) -> dict[str, Any]:
        return {**super().portcullis_config(), "approvals": {"hold": self.hold}}

    def envoy_config(self) -> dict[str, Any]:
        config = super().envoy_config()
        manager = connection_manager(config["static_resources"]["listeners"][0])
        for entry in manager["http_filters"]:
            if entry["name"] == "envoy.filters.http.ext_authz":
                entry["typed_config"]["grpc_service"]["timeout"] = self.patience
        return config

    @property
    def operators(self) -> Operators:
        server = SimpleNamespace(operators_socket=f"{self.log_folder}.operators.sock")
        return Operators(server)  # type: ignore[arg-type]

    def connect(self) -> HTTPSConnection:
        tls = Gateway("", self.certificates).tls("researcher")
        return HTTPSConnection("127.0.0.1", self.port, timeout=30, context=tls)

    def post(self, path: str, body: Any) -> tuple[int, Any, float]:
        """Status, body, and seconds."""
        began = time.monotonic()
        headers = {"content-type": "application/json"}
        with closing(self.connect()) as connection:
            connection.request("POST", path, json.dumps(body), headers)
            response = connection.getresponse()
            assert response.headers[DECISION_HEADER] or response.status == 200
            return response.status, json.loads(response.read()), time.monotonic() - began

    def pending(self) -> list[dict[str, Any]]:
        listed = self.operators.json("approvals", "list", "--state", "pending")
        found: list[dict[str, Any]] = listed["approvals"]
        return found

    def the_pending(self) -> str:
        """The one approval that is waited for, as soon as there is one."""
        wait_until(lambda: len(self.pending()) == 1)
        id: str = self.pending()[0]["id"]
        return id

    def state(self, approval: str) -> str:
        state: str = self.operators.json("approvals", "show", approval)["state"]
        return state


StartMesh = Callable[..., HeldMesh]


@pytest.fixture
def start_mesh(tmp_path: Path) -> Iterator[StartMesh]:
    meshes: list[HeldMesh] = []
    policies = tmp_path / "policies"
    policies.mkdir()
    (policies / "held.rego").write_text(POLICY)

    def start(**options: str) -> HeldMesh:
        mesh = HeldMesh(
            tmp_path / "mesh",
            policies=policies,
            entrypoint="held/decision",
            **options,  # type: ignore[arg-type]
        )
        meshes.append(mesh)
        mesh.__enter__()
        return mesh

    yield start
    for mesh in meshes:
        mesh.stop()


@pytest.fixture
def clients() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


def wait_until(ready: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(POLL_SECONDS)


Call = Future[tuple[int, Any, float]]


def test_granted_while_held(start_mesh: StartMesh, clients: ThreadPoolExecutor) -> None:
    mesh = start_mesh()
    call: Call = clients.submit(mesh.post, "/ask", {"amount": 7})
    approval = mesh.the_pending()
    # Others are not held up meanwhile, and what waits has not gone through.
    status, _, _ = mesh.post("/other", {})
    assert (status, call.done(), mesh.requests()) == (200, False, 1)
    mesh.operators.run("approvals", "grant", approval, "--reason", "a test")
    status, body, _ = call.result()
    assert (status, body) == (200, {"ok": True})
    assert mesh.state(approval) == "used"
    assert [it["path"] for it in mesh.seen_by_upstream(0)] == ["/other", "/ask"]
    # It is used up: the same request needs another one, which somebody denies.
    call = clients.submit(mesh.post, "/ask", {"amount": 7})
    other = mesh.the_pending()
    assert other != approval
    mesh.operators.run("approvals", "deny", other)
    status, _, seconds = call.result()
    assert status == 403
    assert seconds < 15, "not at the end of the time, but when it was denied"
    assert mesh.requests() == 2
    assert mesh.stop_one("portcullis") == 0
    assert mesh.verify_log()
    entries = mesh.log_entries()
    assert f'"approval":{{"id":"{approval}","state":"used"}}'.encode() in entries


def test_grant_is_for_one_of_two(start_mesh: StartMesh, clients: ThreadPoolExecutor) -> None:
    mesh = start_mesh(hold="10s", patience="15s")
    calls: list[Call] = [clients.submit(mesh.post, "/ask", {"amount": 7}) for _ in range(2)]
    other: Call = clients.submit(mesh.post, "/ask", {"amount": 8})
    wait_until(lambda: len(mesh.pending()) == 2)
    time.sleep(0.3)
    pending = mesh.pending()
    assert len({it["digest"] for it in pending}) == 2, "equal requests wait for the same approval"
    for approval in pending:
        mesh.operators.run("approvals", "grant", approval["id"])
    statuses = sorted(call.result()[0] for call in calls)
    assert statuses == [200, 403], "an approval is used once"
    assert other.result()[0] == 200
    assert mesh.requests() == 2


def test_nobody_decides(start_mesh: StartMesh) -> None:
    mesh = start_mesh(hold="1s")
    status, body, seconds = mesh.post("/ask", {"amount": 7})
    assert status == 403
    assert 0.9 < seconds < 20
    approval = body["approval"]["id"]
    assert mesh.requests() == 0
    assert mesh.state(approval) == "pending"
    # Whoever decides late decides for the next attempt, which need not wait.
    mesh.operators.run("approvals", "grant", approval)
    assert mesh.post("/ask", {"amount": 7})[0] == 200
    assert mesh.state(approval) == "used"


def test_envoy_does_not_wait_in_vain(start_mesh: StartMesh) -> None:
    """The check's deadline ends the wait before Envoy takes it for an outage."""
    mesh = start_mesh(hold="20s", patience="4s")
    status, body, seconds = mesh.post("/ask", {"amount": 7})
    assert status == 403
    assert body["approval"]["id"]
    assert 3 < seconds < 10


def test_client_that_went_uses_nothing(start_mesh: StartMesh, clients: ThreadPoolExecutor) -> None:
    mesh = start_mesh()
    connection = mesh.connect()
    connection.request("POST", "/ask", '{"amount": 7}', {"content-type": "application/json"})
    approval = mesh.the_pending()
    connection.close()
    time.sleep(0.5)
    mesh.operators.run("approvals", "grant", approval)
    time.sleep(0.5)
    assert mesh.state(approval) == "granted"
    assert mesh.requests() == 0
    status, _, _ = mesh.post("/ask", {"amount": 7})
    assert (status, mesh.state(approval)) == (200, "used")


def test_end_of_the_server_answers(start_mesh: StartMesh, clients: ThreadPoolExecutor) -> None:
    mesh = start_mesh()
    call: Call = clients.submit(mesh.post, "/ask", {"amount": 7})
    approval = mesh.the_pending()
    assert mesh.stop_one("portcullis") == 0
    status, body, seconds = call.result()
    assert seconds < 20
    assert (status, body["approval"]["id"]) == (403, approval)
    # Nothing was forgotten: the person may still decide.
    mesh.start_portcullis()
    assert mesh.state(approval) == "pending"
    assert mesh.verify_log()
