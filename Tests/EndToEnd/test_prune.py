# SPDX-License-Identifier: Apache-2.0
"""A log whose old records were deleted still knows what holds."""

import json
import re
import subprocess
import time
import urllib.parse
from pathlib import Path

import pytest
from conftest import MakeServer
from direct import Client, Load, Server, sample
from operators import Operators
from test_log import AGENT, fill, log, vkey

from demo.mesh import ROOT, portcullis_binary

RESTRICTIONS = f"/v1/agents/{urllib.parse.quote(AGENT, safe='')}/restrictions"


def restrict(server: Server, name: str, seconds: int = 86_400) -> None:
    body = {"name": name, "seconds": seconds, "reason": "a test"}
    status, _, text = Operators(server).request("POST", RESTRICTIONS, body)
    assert status == 201, text


def release(server: Server) -> None:
    status, _, text = Operators(server).request("DELETE", RESTRICTIONS)
    assert status == 200, text


def prune(server: Server, *words: object) -> str:
    config = ["--config", server.config_file]
    return log("prune", server.log_folder, "--keep", 0, *words, *config)


def is_refused(server: Server) -> bool:
    return Client(server).check(sample()).kind == "denied"


@pytest.mark.parametrize("action", ["delete", "move"])
def test_isolated_agent_stays_isolated(
    make_server: MakeServer, tmp_path: Path, action: str
) -> None:
    words = ["--delete"] if action == "delete" else ["--move-to", tmp_path / "archive"]
    server = make_server().start()
    # What has ended by then is not kept.
    restrict(server, "no_delegation", seconds=1)
    restrict(server, "isolate")
    server.terminate()
    fill(server, 600)
    time.sleep(1.1)
    report = prune(server, *words)
    assert "kept: 1 of the records" in report
    assert "younger than agents.look_back" in report

    key = vkey(server)
    verified = json.loads(log("verify", server.log_folder, "--vkey", key, "--format", "json"))
    assert verified["absent"] >= 512
    assert verified["kept"] == 1
    restricted = log("grep", server.log_folder, "--kind", "operation", "--format", "json")
    assert json.loads(restricted)["restriction"]["name"] == "isolate"
    id = json.loads(restricted)["id"]
    assert json.loads(log("show", server.log_folder, id, "--format", "json"))["id"] == id

    server.start()
    assert is_refused(server)
    # A second time, from what is kept.
    server.terminate()
    fill(server, 300)
    assert "kept: 1 of the records" in prune(server, *words)
    server.start()
    assert is_refused(server)
    release(server)
    assert not is_refused(server)
    server.terminate()
    fill(server, 300)
    prune(server, *words)
    server.start()
    assert not is_refused(server), "what was released comes back"
    log("verify", server.log_folder, "--vkey", key)


def test_kept_records_cannot_be_taken_away(make_server: MakeServer) -> None:
    server = make_server().start()
    restrict(server, "isolate")
    server.terminate()
    fill(server, 300)
    prune(server, "--delete")
    [kept] = (server.log_folder / "kept").iterdir()
    whole, key = kept.read_bytes(), vkey(server)
    for spoiled in [b"", whole[:-1], whole.replace(b"isolate", b"ISOLATE")]:
        kept.write_bytes(spoiled)
        log("verify", server.log_folder, "--vkey", key, code=1)
        process = server.launch()
        assert process.child.wait(20) == 1
        assert "is not what the log keeps" in process.log.read_text()
    kept.unlink()
    assert "log_missing" in log("verify", server.log_folder, "--vkey", key, code=1)
    assert server.launch().child.wait(20) == 1


def test_nothing_goes_that_responders_need(make_server: MakeServer) -> None:
    nowhere = {"name": "nowhere", "url": "http://127.0.0.1:1/", "on": ["isolate"]}
    server = make_server(
        settings={"responders": [nowhere]}, log={"checkpoint_interval": "50ms"}
    ).start()
    with Load(server, sample(), connections=1) as load:
        load.wait_for_answers(300)
    restrict(server, "isolate")
    with Load(server, sample(), connections=1) as load:
        load.wait_for_answers(600)
    assert server.terminate() == 0
    report = prune(server, "--delete")
    found = re.search(
        r"not touched: entries from (\d+) on, because responders are at (\d+)", report
    )
    assert found
    bound, position = int(found[1]), int(found[2])
    assert bound == position // 256 * 256
    isolation = json.loads(
        log("grep", server.log_folder, "--kind", "operation", "--format", "json")
    )
    assert json.loads(log("show", server.log_folder, position, "--format", "json")) == isolation
    # The call is still to be made.
    server.start()
    assert server.terminate() == 0
    assert "responders_failing" not in (server.folder / "output.txt").read_text()


def test_replay_and_erasure_of_a_pruned_log(make_server: MakeServer) -> None:
    server = make_server().start()
    restrict(server, "no_egress")
    server.terminate()
    ids = fill(server, 700)
    # Pruning leaves the unfinished bundle, and the load may have ended at its beginning.
    while int((server.log_folder / "checkpoint").read_text().split("\n")[1]) % 256 < 30:
        ids = fill(server, 30)
    prune(server, "--delete")
    config = ["--config", server.config_file]
    assert "erased: 1" in log("erase", "--decision", ids[-1], *config)
    command = [str(portcullis_binary()), "replay", "--format", "json", *map(str, config)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["decisions"] == report["equal"] + sum(report["skipped"].values()) > 20
    # What was known of the agent before is not there: said, and not guessed.
    assert report["adopted"] == 1
    assert report["changed"] == 0
