# SPDX-License-Identifier: Apache-2.0
"""Recorded decisions are made again: with their policy all come out equal, with another one
exactly those change that should."""

import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest
from checks import check, tool_call
from conftest import folder
from direct import IN_FLIGHT, Answer, Client, Server

from demo.mesh import ROOT, portcullis_binary

DECISIONS = 10_500
AGENTS = 24
SECRETS = ["Bearer good", "Bearer evil", "mode=safe", "sk-live-key", "never recorded"]
# Decisions that look at a credential or at the query: they cannot be made again.
MASKED = {"get", "put"}


def traffic(seed: int) -> list[bytes]:
    """Mixed calls of several agents: reads that taint, posts, what is refused, plain HTTP."""
    chance = random.Random(seed)
    calls = []
    for number in range(DECISIONS):
        agent = f"agent/{min(int(chance.expovariate(0.2)), AGENTS - 1)}"
        kind = chance.random()
        headers = {"x-agent-scopes": "read write", "x-api-key": "sk-live-key"}
        if kind < 0.5:
            path = chance.choice(["public/a", "secret/b", 'public/é"\\', "x" * 300])
            calls.append(tool_call(agent, "read", {"path": path, "n": number}, headers=headers))
        elif kind < 0.8:
            calls.append(tool_call(agent, "post", {"to": "x"}, headers=headers))
        elif kind < 0.9:
            calls.append(tool_call(agent, "drop", {}, headers=headers))
        elif kind < 0.95:
            secret = chance.choice(["Bearer good", "Bearer evil"])
            calls.append(check(agent, "/a", "GET", headers={"authorization": secret}))
        elif kind < 0.97:
            calls.append(check(agent, "/a?mode=safe", "PUT", body=b"{}"))
        else:
            calls.append(check(agent, "/a?mode=other", "DELETE"))
    return calls


def send(server: Server, calls: list[bytes]) -> int:
    """Sends all calls over three connections, many at once; how many were answered."""
    clients = [Client(server) for _ in range(3)]
    answered = 0
    for start in range(0, len(calls), IN_FLIGHT):
        pending = [
            clients[index % 3].method.future(call, timeout=30)
            for index, call in enumerate(calls[start : start + IN_FLIGHT])
        ]
        answered += len([Answer.parse(call.result()) for call in pending])
    for client in clients:
        client.close()
    return answered


def records(server: Server) -> list[dict[str, Any]]:
    """The log's records, read by nothing but their lengths."""
    tiles: dict[Path, Path] = {}
    files = (server.log_folder / "tile/entries").rglob("*")
    for file in sorted(it for it in files if it.is_file()):
        # Of a tile that is not full there may be several, the widest is the newest.
        is_part = file.parent.suffix == ".p"
        tile = file.parent.with_suffix("") if is_part else file
        known = tiles.get(tile)
        if not is_part or known is None or int(file.name) > int(known.name):
            tiles[tile] = file
    found = []
    for _, file in sorted(tiles.items()):
        data = file.read_bytes()
        while data:
            length = int.from_bytes(data[:2], "big")
            found.append(json.loads(data[2 : 2 + length]))
            data = data[2 + length :]
    return found


def replay(server: Server, *arguments: object) -> tuple[int, dict[str, Any], str]:
    command = [str(portcullis_binary()), "replay", "--config", str(server.config_file)]
    command += ["--format", "json", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    report = json.loads(done.stdout) if done.stdout.startswith("{") else {}
    return done.returncode, report, done.stderr


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Server:
    """A log of mixed traffic through two loops, with a restart in its middle."""
    place = tmp_path_factory.mktemp("replay")
    settings = {
        "policies": [str(folder("replay"))],
        "data": [],
        "entrypoint": "replay/decision",
        "loops": 2,
        "destinations": {"internal": ["acme.example"]},
    }
    server = Server(place, settings=settings)
    calls = traffic(seed=7)
    half = DECISIONS // 2
    try:
        server.start()
        assert send(server, calls[:half]) == half
        server.kill()
        server.start()
        assert send(server, calls[half:]) == DECISIONS - half
        assert server.terminate() == 0
    finally:
        server.stop()
    return server


def test_recorded_policy_decides_the_same(recorded: Server) -> None:
    code, report, errors = replay(recorded)
    assert code == 0, (report, errors)
    assert report["decisions"] == DECISIONS
    assert report["changed"] == 0
    # All but those that looked at what is masked.
    kept = [it for it in records(recorded) if it["action"].get("operation") not in MASKED]
    assert report["equal"] == len(kept)
    assert set(report["skipped"]) == {"masked"}
    assert report["adopted"] == 0
    answers = {it["answer"]["action"] for it in kept}
    assert answers == {"allow", "deny"}
    assert any("labels" in it for it in kept)
    assert any("restrictions" in it for it in kept)


def candidate(tmp_path: Path, old: str, new: str) -> Path:
    text = (folder("replay") / "policy.rego").read_text()
    assert old in text
    path = tmp_path / "policy.rego"
    path.write_text(text.replace(old, new))
    return tmp_path


def test_candidate_changes_exactly_what_it_should(recorded: Server, tmp_path: Path) -> None:
    policy = candidate(tmp_path, 'tool == "drop"', 'tool in {"drop", "read"}')
    code, report, _ = replay(recorded, "--policy", policy)
    assert code == 1
    expected = {
        it["decision_id"]
        for it in records(recorded)
        if it["action"].get("tool") == "read" and it["answer"]["allowed"]
    }
    assert report["changed"] == len(expected)
    assert report["equal"] == report["decisions"] - len(expected) - sum(report["skipped"].values())
    for change in report["changes"]:
        assert (change["from"], change["to"]) == ("allow", "deny")
        assert "+forbidden" in change["rules"]
        assert change["route"] == "replay/decision"
        assert expected.issuperset(change["examples"])
    assert replay(recorded, "--policy", policy, "--threshold", "100%")[0] == 0


def test_text_report_names_rule_route_and_examples(recorded: Server, tmp_path: Path) -> None:
    policy = candidate(tmp_path, '"forbidden"', '"banned"')
    words = [portcullis_binary(), "replay", "--config", recorded.config_file, "--policy", policy]
    command = [str(word) for word in words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 1
    assert "+banned -forbidden" in done.stdout
    assert "replay/decision" in done.stdout
    assert "were made by `sha256:" in done.stdout


def test_own_log_is_known_by_any_name(recorded: Server) -> None:
    place = recorded.log_folder
    for name in (place, f"{place}/", f"{place}/../{place.name}//"):
        code, report, errors = replay(recorded, name)
        assert code == 0, errors
        assert report["equal"] > 0


def test_threshold_fails_when_nothing_is_compared(recorded: Server, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    words = ["--content", tmp_path / "none"]
    code, report, _ = replay(recorded, *words)
    assert code == 0
    assert report["equal"] + report["changed"] == 0
    code, _, errors = replay(recorded, *words, "--threshold", "100%")
    assert code == 1
    assert "no decision could be compared" in errors


def test_errors_exit_with_2(recorded: Server, tmp_path: Path) -> None:
    assert replay(recorded, tmp_path / "nothing")[0] == 2
    (tmp_path / "broken.rego").write_text("package broken\n\nx := ")
    assert replay(recorded, "--policy", tmp_path)[0] == 2


def test_no_credential_is_kept(recorded: Server) -> None:
    place = recorded.folder
    kept = b"".join(it.read_bytes() for it in (place / "log.content").iterdir())
    kept += b"".join(it.read_bytes() for it in place.glob("log/**/*") if it.is_file())
    assert b"public/a" in kept
    for secret in SECRETS:
        assert secret.encode() not in kept, secret
