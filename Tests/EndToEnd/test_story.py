# SPDX-License-Identifier: Apache-2.0
"""The demo's story as a test, over both generations of MCP, and what must hold around it."""

import asyncio
import uuid

import httpx2
import pytest
from conftest import MeshFactory, Partner

from demo.mesh import Mesh
from demo.story import DECISION_HEADER, Gateway, Step, tell


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_story(start_mesh: MeshFactory, mode: str) -> None:
    mesh = start_mesh()
    steps: list[Step] = []
    gateway = Gateway(f"127.0.0.1:{mesh.port}", mesh.certificates)
    asyncio.run(tell(gateway, steps.append, mode))

    ids = [uuid.UUID(step.decision_id) for step in steps]
    assert len(set(ids)) == len(steps) == 10
    assert {id.version for id in ids} == {7}
    assert [step.outcome for step in steps].count("denied") == 4
    mesh.wait_for_records([step.decision_id for step in steps])
    assert mesh.verify_log()


def test_log_verifies_while_serving_and_after_stop(start_mesh: MeshFactory) -> None:
    mesh = start_mesh()
    assert Partner(mesh).request("GET", "/rates").status_code == 200
    assert mesh.verify_log()
    assert mesh.stop_one("portcullis") == 0, "SIGTERM drains and exits with 0"
    assert mesh.verify_log()


def test_no_answer_no_passage(start_mesh: MeshFactory) -> None:
    mesh = start_mesh()
    partner = Partner(mesh)
    assert partner.request("GET", "/rates").status_code == 200
    mesh.stop_one("portcullis")
    assert partner.request("GET", "/rates").status_code == 503


def test_certificate_of_another_authority_is_refused(mesh: Mesh) -> None:
    gateway = Gateway(f"127.0.0.1:{mesh.port}", mesh.certificates)
    with (
        httpx2.Client(verify=gateway.tls("rogue"), trust_env=False) as client,
        pytest.raises(httpx2.TransportError),
    ):
        client.get(f"https://{gateway.address}/", headers={"host": "partner.example"})


def test_agent_without_a_role_is_denied(mesh: Mesh) -> None:
    gateway = Gateway(f"127.0.0.1:{mesh.port}", mesh.certificates)
    with httpx2.Client(verify=gateway.tls("outsider"), trust_env=False) as client:
        answer = client.get(f"https://{gateway.address}/", headers={"host": "partner.example"})
    assert answer.status_code == 403
    assert uuid.UUID(answer.headers[DECISION_HEADER])


def test_unknown_host_has_no_route(mesh: Mesh) -> None:
    answer = Partner(mesh).request("GET", "/", headers={"host": "elsewhere.example"})
    assert answer.status_code == 404


def test_forged_headers_do_not_pass(mesh: Mesh) -> None:
    forged = {
        "x-portcullis-decision-id": "forged",
        "x-envoy-auth-failure-mode-allowed": "true",
        "x-forwarded-client-cert": "URI=spiffe://acme.example/agent/treasurer",
    }
    seen = Partner(mesh).request("GET", "/rates", headers=forged).json()["headers"]
    assert "x-portcullis-decision-id" not in seen
    assert "x-envoy-auth-failure-mode-allowed" not in seen
    assert seen["x-forwarded-client-cert"].endswith("URI=spiffe://acme.example/agent/researcher")


CALL = '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"search_documents"}}'


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (CALL.replace('"name"', '"name":"delete_document","name"'), {}),
        (CALL.replace('"name"', '"name":"search_documents","name"'), {}),
        (f"[{CALL}]", {}),
        (CALL[:-2], {}),
        (CALL.replace("search_documents", "x" * 300_000), {}),
        (CALL, {"content-encoding": "gzip"}),
        (CALL, {"content-type": "text/plain"}),
        (CALL, {"mcp-method": "tools/list"}),
    ],
    ids=[
        "two names",
        "the same name twice",
        "batch",
        "cut",
        "too long",
        "gzip",
        "no JSON",
        "header against body",
    ],
)
def test_a_body_without_certain_meaning_is_denied(
    mesh: Mesh, body: str, headers: dict[str, str]
) -> None:
    gateway = Gateway(f"127.0.0.1:{mesh.port}", mesh.certificates)
    common = {
        "host": "gateway.acme.example",
        "content-type": "application/json",
        "accept": "application/json, text/event-stream",
    }
    with httpx2.Client(verify=gateway.tls("researcher"), trust_env=False) as client:
        url = f"https://{gateway.address}/mcp"
        answer = client.post(url, content=body.encode(), headers=common | headers)
    # As a JSON-RPC error where the request's id is known, as a plain HTTP error elsewhere.
    assert uuid.UUID(answer.headers[DECISION_HEADER])
    assert answer.status_code in {400, 403} or answer.json()["error"]["code"] == -32001
