# SPDX-License-Identifier: Apache-2.0
"""Every call of the official clients is seen as what it is, through the real Envoy."""

from pathlib import Path
from typing import Any

import pytest
from clients.calls import Call, all_calls
from clients.mesh import ClientMesh


@pytest.fixture(scope="module")
def client_mesh(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with ClientMesh(Path(tmp_path_factory.mktemp("clients"))) as mesh:
        yield mesh


def test_every_call_is_what_it_is(
    client_mesh: ClientMesh, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, wrong = [], []
    for call in all_calls(client_mesh):
        seen = run(client_mesh, call)
        action = next((it for it in seen if matches(it, call.action)), None)
        if action is None:
            wrong.append(f"{call.client} {call.does}: expected {call.action}, got {seen}")
        rows.append([call.client, call.does, *columns(action or {})])
    with capsys.disabled():
        print_table(["client", "call", "protocol", "operation", "effect", "what", "with"], rows)
    assert not wrong, "\n".join(wrong)


def run(mesh: ClientMesh, call: Call) -> list[dict[str, Any]]:
    """The actions of the requests that the call made; all of them certain."""
    before = mesh.requests()
    call.run()
    seen = mesh.seen_by_upstream(before)
    assert seen, f"{call.client} {call.does}: nothing reached the upstream"
    for request in seen:
        assert request["action"]["certain"], f"{call.client} {call.does}: {request}"
        assert request["agent"]["id"] == "spiffe://acme.example/agent/researcher"
        assert request["agent"]["provenance"] == "attested"
    return [request["action"] for request in seen]


def matches(seen: object, expected: object) -> bool:
    """True when `seen` has everything that is expected; it may have more keys."""
    if expected is ...:
        return True
    if isinstance(expected, dict):
        return isinstance(seen, dict) and all(
            key in seen and matches(seen[key], value) for key, value in expected.items()
        )
    return seen == expected


def columns(action: dict[str, Any]) -> list[str]:
    what = action.get("tool") or action.get("model") or action.get("resource", "")
    parts = [action[key] for key in ["arguments", "tools", "tool_results"] if key in action]
    parts += [it.get("host", "?") for it in action.get("destinations", [])]
    words = [action.get(key, "?") for key in ["protocol", "operation", "effect"]]
    return [*words, what, " ".join(str(part) for part in parts)]


def print_table(heads: list[str], rows: list[list[str]], width: int = 60) -> None:
    lines = [[cell[:width] for cell in row] for row in [heads, *rows]]
    widths = [max(len(line[index]) for line in lines) for index in range(len(heads))]
    print()
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print("  ".join(cells).rstrip())
