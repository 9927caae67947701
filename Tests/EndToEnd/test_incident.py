# SPDX-License-Identifier: Apache-2.0
"""An incident through the real Envoy: suspicion, approval, isolation, a kill, and the release."""

import asyncio
import json
import signal
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import MeshFactory
from mcp import MCPError
from operators import Operators

from demo.mesh import Mesh
from demo.story import DECISION_HEADER, PARTNER, Agent, Gateway, agent, refused_tool

RESEARCHER = "spiffe://acme.example/agent/researcher"
PAYROLL = "payroll/2026-11.csv"


def operators_of(mesh: Mesh) -> Operators:
    server = SimpleNamespace(operators_socket=f"{mesh.log_folder}.operators.sock")
    return Operators(server)  # type: ignore[arg-type]


def restart(mesh: Mesh) -> None:
    """kill -9, and a new start on the same log."""
    server = next(process for process in mesh.processes if process.name == "portcullis")
    server.signal_group(signal.SIGKILL)
    assert server.child.wait() == -signal.SIGKILL
    mesh.processes.remove(server)
    mesh.start_portcullis()


async def approval_of(researcher: Agent, path: str) -> str:
    """The approval that a refused read waits for, as the MCP client is told."""
    with pytest.raises(MCPError) as refusal:
        await researcher.call_tool("read_document", "documents.read", path=path)
    data: Any = refusal.value.error.data
    assert data["action"] == "require_approval"
    approval: str = data["approval"]["id"]
    return approval


async def isolated(researcher: Agent) -> None:
    await refused_tool(researcher, "agent_isolated", "search_documents", query="travel")
    answer = await researcher.request("GET", PARTNER, "/rates")
    assert answer.status_code == 403
    assert [it["code"] for it in answer.json()["reasons"]] == ["agent_isolated"]


async def incident(mesh: Mesh, operators: Operators) -> str:
    gateway = Gateway(f"127.0.0.1:{mesh.port}", mesh.certificates)
    async with agent("researcher", gateway, "legacy") as researcher:
        text, _ = await researcher.call_tool("read_document", "documents.read", path=PAYROLL)
        assert "ada" in text

        weight = ["--severity", "90", "--confidence", "80", "--for", "1h"]
        operators.run("signals", "send", RESEARCHER, "prompt_injection", *weight)
        approval = await approval_of(researcher, PAYROLL)
        assert await approval_of(researcher, PAYROLL) == approval

        operators.run("approvals", "grant", approval, "--reason", "the story")
        assert await approval_of(researcher, "payroll/2026-10.csv") != approval
        text, _ = await researcher.call_tool("read_document", "documents.read", path=PAYROLL)
        assert "ada" in text
        assert await approval_of(researcher, PAYROLL) != approval

        answer = await researcher.request("POST", PARTNER, "/upload", json={"salaries": [1, 2]})
        assert answer.status_code == 403
        assert answer.headers[DECISION_HEADER]
        assert [it["code"] for it in answer.json()["reasons"]] == ["suspected_exfiltration"]
        await isolated(researcher)
        restart(mesh)
        await isolated(researcher)

        operators.run("agents", "release", RESEARCHER, "--reason", "a false alarm")
        await researcher.call_tool("search_documents", "documents.read", query="travel")
        return approval


def test_incident(start_mesh: MeshFactory) -> None:
    mesh = start_mesh()
    approval = asyncio.run(incident(mesh, operators_of(mesh)))
    assert mesh.stop_one("portcullis") == 0
    assert mesh.verify_log()
    entries = mesh.log_entries()
    for step in [
        b'"kind":"signal"',
        b'"kind":"operation"',
        b'"operation":"release"',
        b"a false alarm",
        f'"approval":{{"id":"{approval}","state":"used"}}'.encode(),
        b'"state":"granted"',
        b'"action":"isolate","allowed":false',
        b"agent_isolated",
    ]:
        assert step in entries, f"not in the log: {json.dumps(step.decode())}"
