# SPDX-License-Identifier: Apache-2.0
"""Texts beside the log: erased without harm to it, and masked as a policy says."""

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from checks import tool_call
from direct import Client, Server
from test_replay import records, replay

from demo.mesh import ROOT, portcullis_binary

DECISION = """
package test

# METADATA
# entrypoint: true
decision := {"action": "allow", "headers": {"x-user": "someone"}}
"""

MASK = """
package system.log

mask contains "/input/attributes/request/http/headers/x-user"

mask contains {"op": "upsert", "path": "/input/parsed_body/params/arguments/ssn", "value": "gone"}

mask contains "/result/headers"

mask contains input.broken if input.input.action.tool == "broken"
"""


def serve(place: Path, policy: str = DECISION, mask: str = "") -> Server:
    (place / "policies").mkdir()
    (place / "policies/test.rego").write_text(policy)
    if mask:
        (place / "policies/mask.rego").write_text(mask)
    settings = {"policies": [str(place / "policies")], "data": [], "entrypoint": "test/decision"}
    return Server(place, settings=settings).start()


def kept(server: Server) -> bytes:
    return b"".join(it.read_bytes() for it in (server.folder / "log.content").glob("*.content"))


def erase(server: Server, *arguments: str) -> str:
    words = [portcullis_binary(), "log", "erase", "--config", server.config_file, *arguments]
    command = [str(word) for word in words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return str(done.stdout)


def test_erasing_leaves_every_proof_valid(tmp_path: Path) -> None:
    server = serve(tmp_path)
    client = Client(server)
    for agent in ("a", "a", "b"):
        client.check(tool_call(f"agent/{agent}", "read", {"text": f"words of {agent}"}))
    time.sleep(1.5)  # a checkpoint
    output = erase(server, "--agent", "spiffe://acme.example/agent/a", "--reason", "asked to")
    assert "erased: 2 texts" in output
    assert "the server that has the log records it" in output
    assert b"words of a" not in kept(server)
    assert b"words of b" in kept(server)
    assert server.terminate() == 0
    server.start()
    assert server.terminate() == 0
    server.verify_log()
    found = [it for it in records(server) if it["kind"] == "erasure"]
    assert [it["erased"] for it in found] == [2]
    assert found[0]["reason"] == "asked to"
    code, report, _ = replay(server)
    assert code == 0
    assert report["skipped"] == {"erased": 2}
    assert report["equal"] == 1
    last = [it for it in records(server) if it["kind"] == "decision"][-1]
    assert "recorded in the log" in erase(server, "--decision", last["decision_id"])
    server.verify_log()
    assert replay(server)[1]["skipped"] == {"erased": 3}
    server.stop()


def decide(server: Server, tool: str) -> dict[str, Any]:
    headers = {"x-user": "hunter2"}
    arguments: dict[str, object] = {"ssn": "hunter2", "other": "kept"}
    Client(server).check(tool_call("agent/a", tool, arguments, headers=headers))
    assert server.terminate() == 0
    record = records(server)[-1]
    assert "hunter2" not in json.dumps(record)
    return record


@pytest.mark.parametrize("tool", ["read", "broken"])
def test_policy_masks(tmp_path: Path, tool: str) -> None:
    server = serve(tmp_path, mask=MASK)
    record = decide(server, tool)
    assert b"hunter2" not in kept(server)
    if tool == "broken":
        # `input.broken` is undefined, so the rule adds nothing.
        assert "content" in record
    assert set(record["erased"]) == {
        "/input/attributes/request/http/headers/x-user",
        "/result/headers",
    }
    assert record["masked"] == ["/input/parsed_body/params/arguments/ssn"]
    assert record["mutations"]["headers"] == [{"name": "x-user", "masked": True}]
    assert b'"ssn":"gone"' in kept(server)
    assert b'"other":"kept"' in kept(server)
    # The decision looked at none of it.
    assert replay(server)[1]["equal"] == 1


@pytest.mark.parametrize(
    "mask",
    [
        "package system.log\n\nmask := 1",
        'package system.log\n\nmask contains "/input/nobody/knows"',
        'package system.log\n\nmask contains {"op": "upsert", "path": 1}',
    ],
)
def test_failing_mask_drops_the_text_and_keeps_the_record(tmp_path: Path, mask: str) -> None:
    server = serve(tmp_path, mask=mask)
    record = decide(server, "read")
    assert record["content"] == {"dropped": "mask_failed"}
    assert record["answer"] == {"action": "allow", "allowed": True}
    assert record["agent"]["id"] == "spiffe://acme.example/agent/a"
    assert "path" not in record["request"]
    assert b"hunter2" not in kept(server)
    assert replay(server)[1]["skipped"] == {"masked": 1}


MARKING = """
package test

# METADATA
# entrypoint: true
decision := {
	"action": "allow",
	"labels": [{"name": "tainted", "seconds": 3600}],
	"restrictions": [{"name": "no_egress", "seconds": 3600}],
}
"""


@pytest.mark.parametrize(
    "pointer", ["/result/labels", "/result/restrictions/0", "/result/action", "/input/agent/id"]
)
def test_mask_of_what_the_context_needs_is_refused_at_load(tmp_path: Path, pointer: str) -> None:
    for mask in [
        f'package system.log\n\nmask contains "{pointer}"',
        f'package system.log\n\nmask := [{{"op": "remove", "path": "{pointer}"}}]',
    ]:
        (tmp_path / "mask.rego").write_text(mask)
        (tmp_path / "test.rego").write_text(MARKING)
        config = tmp_path / "portcullis.yaml"
        settings = {"policies": [str(tmp_path)], "data": [], "entrypoint": "test/decision"}
        config.write_text(json.dumps(settings))
        command = [str(portcullis_binary()), "validate", "--config", str(config)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
        assert done.returncode == 3
        assert "mask.rego:3" in done.stderr
        assert "the agents' context is rebuilt from it" in done.stderr


def test_mask_of_what_the_context_needs_is_refused_when_it_comes_up(tmp_path: Path) -> None:
    mask = 'package system.log\n\nmask contains concat("/", ["", "result", "labels"])'
    server = serve(tmp_path, policy=MARKING, mask=mask)
    call = tool_call("agent/a", "read", {"text": "hunter2"})
    assert Client(server).check(call).kind == "error"
    assert server.terminate() == 0
    record = records(server)[-1]
    assert record["answer"]["allowed"] is False
    assert [it["code"] for it in record["answer"]["reasons"]] == ["mask_refused"]
    assert record["content"] == {"dropped": "mask_failed"}
    assert b"hunter2" not in kept(server)
    # What the decision put on the agent holds all the same, also after a restart.
    assert [it["name"] for it in record["labels"]] == ["tainted"]
    assert [it["name"] for it in record["restrictions"]] == ["no_egress"]
    assert replay(server)[1]["skipped"] == {"accident": 1}
