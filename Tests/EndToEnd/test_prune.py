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
    assert re.search(r"erased: \d{3} texts of the records", prune(server, "--delete"))
    config = ["--config", server.config_file]
    erased = log("erase", "--decision", ids[-1], *config)
    assert "erased: 1 texts; gone before: 0" in erased
    # Of those that were pruned no text is left, so that all that is about the agent can go.
    assert log("grep", server.log_folder, "--kind", "erasure", "--count").strip() == "2"
    command = [str(portcullis_binary()), "replay", "--format", "json", *map(str, config)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["decisions"] == report["equal"] + sum(report["skipped"].values()) > 20
    # What was known of the agent before is not there: said, and not guessed.
    assert report["adopted"] == 1
    assert report["changed"] == 0


def texts(server: Server) -> int:
    """Texts that are there, by their segments: a header of 32 bytes, then 48 and a text each."""
    count = 0
    for file in (server.folder / "log.content").glob("*.content"):
        data = file.read_bytes()[32:]
        while data:
            count += data[:4] == b"PCE1"
            data = data[48 + int.from_bytes(data[4:8], "little") :]
    return count


def test_texts_of_moved_records_can_be_erased(make_server: MakeServer, tmp_path: Path) -> None:
    server = make_server()
    ids = fill(server, 600)
    archive, config = tmp_path / "archive", ["--config", server.config_file]
    prune(server, "--move-to", archive)
    before = texts(server)
    assert before == len(ids)
    assert "erased: 1 texts" in log("erase", "--decision", ids[0], *config)
    assert "gone before: 1" in log("erase", "--decision", ids[0], *config)
    assert texts(server) == before - 1
    # Whose the others are only the archive tells.
    report = log("erase", "--agent", AGENT, *config, code=1)
    assert "erased: " in report
    assert 512 <= texts(server) + 1 <= len(ids)
    left = texts(server)
    stderr = log("erase", "--agent", "*/nobody", *config, code=1)
    assert "erasure_incomplete" in stderr
    assert f"{left} texts may be left" in stderr
    assert f"erased: {left} texts" in log("erase", "--agent", "*", *config, "--archive", archive)
    assert texts(server) == 0
    lines = log("grep", server.log_folder, "--kind", "erasure", "--format", "json")
    records = [json.loads(it) for it in lines.splitlines()]
    assert [it["erased"] for it in records] == [1, 0, before - 1 - left, left]


def test_texts_by_time_need_no_records(make_server: MakeServer, tmp_path: Path) -> None:
    server = make_server()
    fill(server, 600)
    prune(server, "--move-to", tmp_path / "archive")
    config = ["--config", server.config_file]
    before = texts(server)
    for words in (["--until", "2000-01-01"], ["--until", "1h"], ["--since", "0s"]):
        assert "erasure_empty" in log("erase", *words, *config, code=1)
    assert log("erase", "--until", "9999-12-31T23:59:59Z", *config, code=2)
    assert texts(server) == before
    assert f"erased: {before} texts" in log("erase", "--from", "1h", *config)
    assert texts(server) == 0


def test_archive_with_a_gap_is_read(make_server: MakeServer, tmp_path: Path) -> None:
    server = make_server()
    ids = fill(server, 1100)
    folder, archive = server.log_folder, tmp_path / "archive"
    config = ["--config", server.config_file]
    log("prune", folder, "--keep", len(ids) - 512, "--move-to", archive, *config)
    log("prune", folder, "--keep", len(ids) - 768, "--delete", *config)
    with_archive = ["--archive", archive]
    log("verify", folder, "--vkey", vkey(server), *with_archive)
    wanted = len(ids) - 256
    assert int(log("grep", folder, "--count", *with_archive)) == wanted
    assert len(log("export", folder, *with_archive).splitlines()) == wanted
    assert f"erased: {wanted} texts" in log("erase", "--agent", "*", *config, *with_archive)
    command = [str(portcullis_binary()), "replay", "--format", "json", *map(str, config)]
    command += [*map(str, with_archive), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["decisions"] == wanted
    # Another log's records are not written over.
    (tmp_path / "other").mkdir()
    other = make_server(tmp_path / "other")
    fill(other, 300)
    words = ["--keep", 0, "--move-to", archive, "--config", other.config_file]
    assert "holds other records" in log("prune", other.log_folder, *words, code=1)
    log("verify", folder, "--vkey", vkey(server), *with_archive)
    assert "own folder" in log("prune", folder, "--keep", 0, "--move-to", folder, *config, code=1)


def test_only_what_is_older_goes(make_server: MakeServer) -> None:
    server = make_server()
    fill(server, 300)
    time.sleep(1.2)
    fill(server, 300)
    config = ["--config", server.config_file]
    report = log("prune", server.log_folder, "--before", "10m", "--delete", *config)
    assert report.startswith("0 bundles")
    assert "because 0 is not older" in report
    report = log("prune", server.log_folder, "--before", "1s", "--delete", *config)
    assert report.startswith("1 bundles")


def test_erasure_that_fails_is_recorded(make_server: MakeServer) -> None:
    server = make_server()
    fill(server, 600)
    config, bundle = ["--config", server.config_file], server.log_folder / "tile/entries/001"
    whole = bundle.read_bytes()
    bundle.unlink()
    assert "erased: 256 texts" in log("erase", "--agent", "*", *config, code=1)
    bundle.write_bytes(whole)
    log("verify", server.log_folder, "--vkey", vkey(server))
    record = json.loads(log("grep", server.log_folder, "--kind", "erasure", "--format", "json"))
    assert record["erased"] == 256
    assert record["selection"] == {"agent": "*"}
