# SPDX-License-Identifier: Apache-2.0
"""Decisions are made again with the threat lists that counted when they were made."""

import random
import time
from pathlib import Path
from typing import Any

import pytest
from checks import tool_call
from direct import Server
from test_replay import records, replay, send

POLICY = """
package test

# METADATA
# entrypoint: true
default decision := {"action": "allow"}

decision := {
	"action": "deny",
	"reasons": [{"code": code} | some code in {it.category | some it in input.threat.matches}],
	"labels": [{"name": "threatened", "seconds": 60}],
} if {
	input.threat.severity > 50
}
"""
HOSTS = ["good.example", "evil.example", "new.example", "10.1.2.3"]
LISTS = [
    "evil.example severity=90 category=phishing\n",
    "new.example severity=80 category=malware\n10.1.2.0/24 severity=70 category=scanner\n",
    "# nothing\nelsewhere.example\n",
]


def calls(seed: int) -> list[bytes]:
    chance = random.Random(seed)
    return [
        tool_call(f"agent/{chance.randrange(5)}", "post", {"to": f"https://{host}/{number}"})
        for number, host in enumerate(chance.choices(HOSTS, k=400))
    ]


class Recorded:
    """A server whose list changes twice while it serves, and once between two runs."""

    def __init__(self, place: Path) -> None:
        self.list = place / "threats.txt"
        (place / "policies").mkdir()
        (place / "policies/test.rego").write_text(POLICY)
        self.put(LISTS[0])
        settings: dict[str, Any] = {
            "policies": [str(place / "policies")],
            "data": [],
            "entrypoint": "test/decision",
            "threat": {"files": [str(self.list)], "interval": "1s"},
        }
        self.server = Server(place, settings=settings)

    def put(self, text: str) -> None:
        new = self.list.with_suffix(".new")
        new.write_text(text)
        new.rename(self.list)

    def change(self, text: str, count: int) -> None:
        self.put(text)
        deadline = time.monotonic() + 20
        while (self.server.folder / "output.txt").read_text().count("threats_reloaded") < count:
            assert time.monotonic() < deadline, "the lists are not read again"
            time.sleep(0.05)

    def run(self) -> None:
        self.server.start()
        send(self.server, calls(1))
        self.change(LISTS[1], 1)
        send(self.server, calls(2))
        assert self.server.terminate() == 0
        self.put(LISTS[2])
        self.server.start()
        send(self.server, calls(3))
        # The first ones count again: they are kept once.
        self.change(LISTS[0], 1)
        send(self.server, calls(4))
        assert self.server.terminate() == 0


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Server:
    recorded = Recorded(tmp_path_factory.mktemp("threats"))
    try:
        recorded.run()
    finally:
        recorded.server.stop()
    return recorded.server


def revisions(server: Server) -> list[str]:
    return [str(it["policy"]["threats"]) for it in records(server) if it["kind"] == "decision"]


def test_recorded_lists_decide_the_same(recorded: Server) -> None:
    code, report, errors = replay(recorded)
    assert code == 0, (report, errors)
    assert report["decisions"] == report["equal"] == 1600
    assert report["skipped"] == {}
    denied = [it for it in records(recorded) if it["answer"]["action"] == "deny"]
    codes = {reason["code"] for it in denied for reason in it["answer"]["reasons"]}
    assert codes == {"phishing", "malware", "scanner"}
    assert len(set(revisions(recorded))) == 3
    kept = {it.name.removesuffix(".gz") for it in (recorded.folder / "log.threats").iterdir()}
    assert kept == set(revisions(recorded))


def test_current_lists_tell_what_they_would_change(recorded: Server) -> None:
    code, report, _ = replay(recorded, "--current-threats")
    assert code == 1
    rules = {rule for group in report["changes"] for rule in group["rules"]}
    assert rules == {"+phishing", "-malware", "-scanner"}


def test_lists_that_are_gone_are_counted_apart(recorded: Server) -> None:
    gone = revisions(recorded)[400]
    path = recorded.folder / "log.threats" / f"{gone}.gz"
    whole = path.read_bytes()
    for spoiled in [None, b"", whole[:-9], whole[:20] + b"x" + whole[21:]]:
        path.unlink(missing_ok=True)
        if spoiled is not None:
            path.write_bytes(spoiled)
        code, report, errors = replay(recorded)
        assert code == 0, (report, errors)
        assert report["skipped"] == {"threats": 400}
        assert report["equal"] == 1200
    path.write_bytes(whole)
