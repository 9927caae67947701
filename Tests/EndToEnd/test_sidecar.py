# SPDX-License-Identifier: Apache-2.0
"""envoy/sidecar.yaml in front of the MCP server, with the official client and a dishonest one."""

import asyncio

import httpx2
import pytest
from conftest import MeshFactory

from demo.mesh import ROOT, Mesh
from demo.story import SERVICES, Gateway, agent, ordinary_work

CALL = '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"search_documents"}}'
HEADERS = {
    "host": SERVICES,
    "accept": "application/json, text/event-stream",
    "content-type": "application/json",
}


@pytest.fixture(scope="module")
def sidecar(start_mesh: MeshFactory) -> Mesh:
    return start_mesh(gateway_config=ROOT / "envoy/sidecar.yaml")


def gateway_of(mesh: Mesh) -> Gateway:
    return Gateway(f"127.0.0.1:{mesh.port}", mesh.certificates)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_ordinary_work(sidecar: Mesh, mode: str) -> None:
    outcomes: list[str] = []

    def note(_who: object, _did: str, outcome: str, *_rest: str) -> None:
        outcomes.append(outcome)

    async def work() -> None:
        async with agent("researcher", gateway_of(sidecar), mode) as researcher:
            await ordinary_work(researcher, note)

    asyncio.run(work())
    assert outcomes == ["allowed", "allowed with less", "denied"]


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (f"[{CALL}]", {}),
        (CALL.replace('"name"', '"name":"delete_document","name"'), {}),
        ('{"hello":1}', {}),
        (CALL, {"accept": "text/html"}),
    ],
    ids=["batch", "duplicate key", "no JSON-RPC", "accepts no MCP"],
)
def test_envoy_refuses_what_is_no_mcp(sidecar: Mesh, body: str, headers: dict[str, str]) -> None:
    answer = post(sidecar, body, headers)
    assert answer.status_code == 400


def test_body_over_the_limit_is_refused(sidecar: Mesh) -> None:
    long = CALL.replace("search_documents", "x" * 300_000)
    assert post(sidecar, long, {}).status_code in {400, 413}


def post(mesh: Mesh, body: str, headers: dict[str, str]) -> httpx2.Response:
    gateway = gateway_of(mesh)
    with httpx2.Client(verify=gateway.tls("researcher"), trust_env=False) as client:
        return client.post(
            f"https://{gateway.address}/mcp", content=body.encode(), headers=HEADERS | headers
        )
