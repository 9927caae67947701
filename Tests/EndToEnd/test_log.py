# SPDX-License-Identifier: Apache-2.0
"""The verbs that read and keep the log, on logs that the server writes."""

import json
import os
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import MakeServer
from direct import Client, Load, Server, sample

from demo.mesh import ROOT, portcullis_binary

AGENT = "spiffe://acme.example/ns/agents/sa/research-agent"


def log(verb: str, *words: object, code: int = 0) -> str:
    """Runs `portcullis log`, which must end with `code`; standard output, or else the error."""
    command = [str(portcullis_binary()), "log", verb, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == code, done.stderr + done.stdout
    return done.stdout or done.stderr


def fill(server: Server, count: int) -> list[str]:
    """Starts the server, has it decide `count` checks or more, stops it; their ids."""
    server.start()
    with Load(server, sample(), connections=1) as load:
        load.wait_for_answers(count)
    assert server.terminate() == 0
    return [answer.decision_id for answer in load.answers]


def vkey(server: Server) -> str:
    return log("vkey", "--config", server.config_file).strip()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Server, str, list[str]]:
    """A log of some 700 decisions, its key, and the decisions' ids."""
    server = Server(tmp_path_factory.mktemp("log"))
    ids = fill(server, 700)
    return server, vkey(server), ids


@pytest.fixture
def copy(filled: tuple[Server, str, list[str]], tmp_path: Path) -> Path:
    """A copy of that log, to be spoiled."""
    return Path(shutil.copytree(filled[0].log_folder, tmp_path / "copy"))


def independent(folder: Path, *words: object) -> int:
    """The exit code of the verifier in Python."""
    program = ROOT / "Tests/Independent/verify_tlog.py"
    command = [sys.executable, str(program), str(folder), *map(str, words)]
    return subprocess.run(command, capture_output=True, timeout=60).returncode


def both_refuse(folder: Path, key: str, *, saved: Path | None = None) -> str:
    """Our verifier and the independent one refuse the log; the code of our refusal."""
    assert independent(folder, key, *([saved] if saved else [])) == 1
    words = ["--checkpoint", saved] if saved else []
    report = log("verify", folder, "--vkey", key, "--format", "json", *words, code=1)
    return str(json.loads(report)["code"])


def test_show_finds_a_decision_by_index_and_id(filled: tuple[Server, str, list[str]]) -> None:
    server, key, ids = filled
    for id in (ids[0], ids[300], ids[-1]):
        record = json.loads(log("show", server.log_folder, id, "--vkey", key, "--format", "json"))
        assert record["decision_id"] == id
    assert "`portcullis.local/decisions`" in log("show", server.log_folder, 0)
    assert "no record with the id" in log("show", server.log_folder, ids[0][:-4] + "0000", code=1)
    assert "the log has" in log("show", server.log_folder, 10**6, code=1)


def test_grep_by_agent_tool_decision_and_time(filled: tuple[Server, str, list[str]]) -> None:
    server, _, ids = filled
    folder = server.log_folder

    def count(*words: str, code: int = 0) -> int:
        return int(log("grep", folder, "--count", *words, code=code))

    assert count() == len(ids)
    assert count("--agent", AGENT, "--tool", "search_*", "--decision", "allow") == len(ids)
    assert count("--agent", "*/research-agent", "--since", "10m") == len(ids)
    assert count("--decision", "refused", code=1) == 0
    assert count("--until", "10m", code=1) == 0
    first = json.loads(log("show", folder, 100, "--format", "json"))["time"]
    assert count("--until", first) + count("--since", first) == len(ids)
    assert log("grep", folder, "--since", "yesterday", code=2)
    assert "there is no log at" in log("grep", folder.parent / "none", code=2)
    assert "expected one of decision, approval" in log("grep", folder, "--kind", "foo", code=2)
    assert "{" not in log("grep", folder, "-m", 0, "--format", "json", code=1)
    assert len(log("grep", folder, "-m", "3").splitlines()) == 3


def test_proof_stands_alone(filled: tuple[Server, str, list[str]], tmp_path: Path) -> None:
    server, key, ids = filled
    proof, record = tmp_path / "proof", tmp_path / "record"
    words = ["--vkey", key, "-o", proof, "--record", record]
    log("prove", server.log_folder, "--decision", ids[41], *words)
    assert proof.read_text().startswith("c2sp.org/tlog-proof@v1\nindex ")
    assert "proof holds" in log("verify-proof", proof, "--vkey", key, "--record", record)
    record.write_bytes(record.read_bytes().replace(b'"allowed":true', b'"allowed":false'))
    assert "log_proof_fails" in log(
        "verify-proof", proof, "--vkey", key, "--record", record, code=1
    )


def test_export_to_lines_and_ocsf(filled: tuple[Server, str, list[str]]) -> None:
    server, _, ids = filled
    lines = log("export", server.log_folder).splitlines()
    assert {json.loads(line)["decision_id"] for line in lines} == set(ids)
    for line in log("export", server.log_folder, "--format", "ocsf").splitlines():
        event = json.loads(line)
        assert event["class_uid"] == 6003
        assert event["type_uid"] == 600300 + event["activity_id"]
        assert event["metadata"]["version"] == "1.5.0"
        # What OCSF requires of an API Activity.
        assert {"activity_id", "actor", "api", "category_uid", "severity_id", "time"} <= set(event)
        assert event["src_endpoint"]["uid"] == AGENT
        assert json.loads(event["raw_data"])["decision_id"] == event["metadata"]["uid"]


def test_graph_in_three_languages(filled: tuple[Server, str, list[str]]) -> None:
    server, _, _ = filled
    words = [server.log_folder, "--agent", AGENT, "--limit", "12", "--format"]
    root = ElementTree.fromstring(log("graph", *words, "svg"))  # noqa: S314
    texts = [text.text or "" for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "search_documents" in texts
    assert sum(text.startswith("#") for text in texts) == 12
    assert log("graph", *words, "dot").startswith("digraph")
    assert log("graph", *words, "mermaid").startswith("flowchart LR")
    assert log("graph", server.log_folder, "--agent", "nobody", code=1)


def test_tail_follows_a_log_that_is_written(make_server: MakeServer) -> None:
    server = make_server(log={"checkpoint_interval": "50ms"}).start()
    client = Client(server)
    first = client.check(sample())
    command = [str(portcullis_binary()), "log", "tail", str(server.log_folder)]
    command += ["-f", "--format", "json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as tail:
        assert tail.stdout
        seen = []
        for number in range(600):
            seen.append(client.check(sample()).decision_id)
            if number % 100 == 0:
                time.sleep(0.1)
        wanted = [first.decision_id, *seen]
        got = [json.loads(tail.stdout.readline())["decision_id"] for _ in wanted]
        tail.terminate()
    assert got == wanted
    log("verify", server.log_folder, "--vkey", vkey(server))


def test_tail_ends_when_nobody_reads(filled: tuple[Server, str, list[str]]) -> None:
    command = [str(portcullis_binary()), "log", "tail", str(filled[0].log_folder), "-f"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as tail:
        assert tail.stdout
        assert tail.stdout.readline()
        time.sleep(0.5)
        tail.stdout.close()
        # No record comes any more.
        assert tail.wait(timeout=30) == 0


def test_wrong_arguments_end_with_2(filled: tuple[Server, str, list[str]]) -> None:
    server, key, _ = filled
    nonsense = log("verify", server.log_folder, "--vkey", "nonsense", code=2)
    assert nonsense.startswith("error: --vkey: ")
    assert "\nUsage: portcullis log verify " in nonsense
    assert log("grep", server.log_folder, "--since", "x", code=2).startswith("error: --since: ")
    log("verify", server.log_folder, code=2)
    log("prove", server.log_folder, "--vkey", key, code=2)
    log("prune", server.log_folder, "--config", server.config_file, code=2)


def test_flipped_bytes_are_refused(filled: tuple[Server, str, list[str]], copy: Path) -> None:
    _, key, _ = filled
    for path in sorted(copy.rglob("*")):
        if not path.is_file():
            continue
        whole = path.read_bytes()
        for place in {0, len(whole) // 3, len(whole) // 2, len(whole) - 1}:
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            both_refuse(copy, key)
        path.write_bytes(whole)
    assert independent(copy, key) == 0


def test_truncated_removed_shrunk_forked_and_strange_are_refused(
    filled: tuple[Server, str, list[str]], copy: Path, make_server: MakeServer, tmp_path: Path
) -> None:
    server, key, ids = filled
    bundle = copy / "tile/entries/001"
    whole = bundle.read_bytes()
    bundle.write_bytes(whole[:-100])
    assert both_refuse(copy, key) == "log_malformed_bundle"
    length = int.from_bytes(whole[:2], "big")
    bundle.write_bytes(whole[2 + length :])
    assert both_refuse(copy, key) in ("log_entry_differs", "log_malformed_bundle")
    bundle.unlink()
    assert both_refuse(copy, key) == "log_missing"
    bundle.write_bytes(whole)

    # An older copy, and another log with the same key, against a checkpoint that was kept.
    other = tmp_path / "other"
    other.mkdir()
    fork = make_server(other)
    shutil.copy(server.folder / "log.key", other / "log.key")
    log("create", "--config", fork.config_file)
    small = Path(shutil.copytree(fork.log_folder, tmp_path / "small"))
    fill(fork, len(ids) + 1)
    assert independent(fork.log_folder, key) == 0
    assert both_refuse(fork.log_folder, key, saved=copy / "checkpoint") == "log_forked"
    assert both_refuse(small, key, saved=copy / "checkpoint") == "log_shrunk"

    # Another log's key; it signs well, and not this one.
    apart = tmp_path / "apart"
    apart.mkdir()
    stranger = make_server(apart)
    log("create", "--config", stranger.config_file)
    assert both_refuse(copy, vkey(stranger)) == "log_unsigned"


def test_prune_compresses_moves_and_deletes(make_server: MakeServer, tmp_path: Path) -> None:
    server = make_server()
    ids = fill(server, 1100)
    folder, key, archive = server.log_folder, vkey(server), tmp_path / "archive"
    config = ["--config", server.config_file]
    proof, record = tmp_path / "proof", tmp_path / "record"

    log("prune", folder, "--keep", 600, "--compress", *config)
    assert (folder / "tile/entries/000.gz").exists()
    assert not (folder / "tile/entries/000").exists()
    log("verify", folder, "--vkey", key)
    log("show", folder, 0)
    log("prove", folder, "--index", 0, "--vkey", key, "-o", proof, "--record", record)

    log("prune", folder, "--keep", 600, "--move-to", archive, *config)
    assert "not here:" in log("verify", folder, "--vkey", key)
    assert "not here:" not in log("verify", folder, "--vkey", key, "--archive", archive)
    assert "was pruned" in log("show", folder, 0, code=1)
    log("show", folder, 0, "--archive", archive)
    # What was proven stays proven, and what is left can be.
    log("verify-proof", proof, "--vkey", key, "--record", record)
    log("prove", folder, "--index", 0, "--vkey", key, "-o", proof)
    log("verify-proof", proof, "--vkey", key, "--record", record)

    log("prune", folder, "--keep", 300, "--delete", *config)
    report = json.loads(log("verify", folder, "--vkey", key, "--format", "json"))
    assert 256 < report["absent"] <= len(ids) - 300
    assert int(log("grep", folder, "--count")) == report["size"] - report["absent"]
    # A bundle that is gone without the log's word is a loss all the same.
    (folder / f"tile/entries/{report['absent'] // 256:03d}").unlink()
    assert "log_missing" in log("verify", folder, "--vkey", key, code=1)


def test_server_goes_on_with_a_pruned_log(make_server: MakeServer) -> None:
    server = make_server()
    fill(server, 600)
    log("prune", server.log_folder, "--keep", 0, "--compress", "--config", server.config_file)
    fill(server, 600)
    log("verify", server.log_folder, "--vkey", vkey(server))


def test_key_rotation_keeps_history_verifiable(make_server: MakeServer, tmp_path: Path) -> None:
    server = make_server(log={"checkpoints": {"file": str(tmp_path / "kept"), "interval": "1s"}})
    fill(server, 300)
    old, kept = vkey(server), Path(shutil.copy(tmp_path / "kept", tmp_path / "older"))
    server.start()
    assert "is in use by another" in log("rotate-key", "--config", server.config_file, code=1)
    assert server.terminate() == 0
    new = log("rotate-key", "--config", server.config_file).splitlines()[0]
    assert new == vkey(server) != old
    folder = server.log_folder
    # Until the next checkpoint both keys vouch for the tree; then the new one alone.
    log("verify", folder, "--vkey", old)
    log("verify", folder, "--vkey", new)
    fill(server, 300)
    assert "log_unsigned" in log("verify", folder, "--vkey", old, code=1)
    log("verify", folder, "--vkey", old, "--follow-rotation", "--checkpoint", kept)
    log("verify", folder, "--vkey", old, "--vkey", new, "--checkpoint", kept)
    log("verify", folder, "--vkey", new)
    # Both keys vouched for some 300 entries: the new one alone cannot begin anew.
    statement = next((folder / "succession").iterdir())
    (tmp_path / "other").mkdir()
    other = make_server(tmp_path / "other")
    shutil.copy(server.folder / "log.key", other.folder / "log.key")
    log("create", "--config", other.config_file)
    for count, refusal in [(100, "log_shrunk"), (400, "log_forked")]:
        fill(other, count)
        shutil.copytree(folder / "succession", other.log_folder / "succession", dirs_exist_ok=True)
        log("verify", other.log_folder, "--vkey", new)
        words = ["--vkey", old, "--follow-rotation"]
        assert refusal in log("verify", other.log_folder, *words, code=1)
        assert refusal in log("verify", other.log_folder, "--vkey", old, "--vkey", new, code=1)
    # A statement that the old key did not sign leads nowhere.
    statement.write_text(statement.read_text().replace(new, old))
    log("verify", folder, "--vkey", old, "--follow-rotation", code=1)


def test_rolled_back_log_is_not_continued(make_server: MakeServer, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    server = make_server(log={"checkpoints": {"file": str(kept), "interval": "1s"}})
    fill(server, 300)
    parts = ["log", "log.journal"]
    for part in parts:
        shutil.copytree(tmp_path / part, tmp_path / "before" / part)
    fill(server, 300)
    for part in parts:
        shutil.rmtree(tmp_path / part)
        shutil.copytree(tmp_path / "before" / part, tmp_path / part)
    process = server.launch()
    assert process.child.wait(20) == 1
    assert "log_checkpoint_differs" in process.log.read_text()


@pytest.mark.parametrize(
    ("part", "code"), [("log", "log_missing"), ("log.journal", "log_journal_missing")]
)
def test_part_that_is_gone_is_not_made_anew(
    make_server: MakeServer, tmp_path: Path, part: str, code: str
) -> None:
    server = make_server()
    fill(server, 10)
    shutil.rmtree(tmp_path / part)
    process = server.launch()
    assert process.child.wait(20) == 1
    assert code in process.log.read_text()
    assert not (tmp_path / part).exists()


def test_lost_key_is_not_made_anew(make_server: MakeServer, tmp_path: Path) -> None:
    server = make_server()
    fill(server, 10)
    (tmp_path / "log.key").rename(tmp_path / "elsewhere")
    for words in (["create"], ["vkey"], ["rotate-key"]):
        assert "restore it from a copy" in log(*words, "--config", server.config_file, code=1)
        assert not (tmp_path / "log.key").exists()
    process = server.launch()
    assert process.child.wait(20) == 1
    assert "restore it from a copy" in process.log.read_text()


def test_hostile_folders_are_refused_at_once(
    filled: tuple[Server, str, list[str]], copy: Path
) -> None:
    _, key, _ = filled
    verbs = [["verify", "--vkey", key], ["show", "0"], ["grep", "--since", "1h"], ["stats"]]

    def refused(code: str) -> None:
        for verb, *words in verbs:
            status = 2 if verb == "grep" else 1
            assert code in log(verb, copy, *words, code=status)

    checkpoint = (copy / "checkpoint").read_text()
    for size in (2**63 - 1, 2**62):
        lines = checkpoint.split("\n")
        (copy / "checkpoint").write_text("\n".join([lines[0], str(size), *lines[2:]]))
        for verb, *words in verbs[1:]:
            status = 2 if verb == "grep" else 1
            assert "log_malformed_checkpoint" in log(verb, copy, *words, code=status)
    (copy / "checkpoint").unlink()
    os.mkfifo(copy / "checkpoint")
    refused("must be a regular file")
    (copy / "checkpoint").unlink()
    (copy / "checkpoint").write_text(checkpoint)
    os.mkfifo(copy / "pruned")
    refused("must be a regular file")
    (copy / "pruned").unlink()
    os.truncate(copy / "tile/0/000", 1 << 40)
    refused("log_malformed_tile")
    (copy / "tile/0/000").unlink()
    os.mkfifo(copy / "tile/0/000")
    refused("must be a regular file")


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[tuple[str, str, Callable[[str], None]]]:
    """A C2SP witness that runs: its key, its URL, and how to have it trust a log's key."""
    program = os.environ.get("PORTCULLIS_WITNESS") or shutil.which("aics-witness")
    if not program:
        pytest.skip("no aics-witness; PORTCULLIS_WITNESS names one")
    config = tmp_path / "witness.json"

    def run(*words: str) -> str:
        command = [program, *words, "--config", str(config)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    key = run("init", "--name", "witness.example/w1").split()[0]
    port = 7400 + os.getpid() % 500
    started: list[subprocess.Popen[bytes]] = []

    def trust(vkey: str) -> None:
        run("add-log", "--origin", vkey.split("+")[0], "--vkey", vkey)
        command = [program, "serve", "--config", str(config), "--listen", f"127.0.0.1:{port}"]
        started.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))
        time.sleep(1.5)

    yield key, f"http://127.0.0.1:{port}", trust
    for process in started:
        process.terminate()
        process.wait()


def test_witness_cosigns(
    make_server: MakeServer, witness: tuple[str, str, Callable[[str], None]], tmp_path: Path
) -> None:
    key, url, trust = witness
    server = make_server(log={"witnesses": [f"{key} {url}"], "checkpoints": {"interval": "1s"}})
    log("create", "--config", server.config_file)
    own = vkey(server)
    trust(own)
    fill(server, 300)
    fill(server, 300)
    folder = server.log_folder
    assert "witnessed by" in log("verify", folder, "--vkey", own, "--witness", key)
    words = [
        "--vkey",
        own,
        "--witnessed",
        "-o",
        tmp_path / "proof",
        "--record",
        tmp_path / "record",
    ]
    log("prove", folder, "--index", 5, *words)
    words = ["--vkey", own, "--record", tmp_path / "record", "--witness", key]
    log("verify-proof", tmp_path / "proof", *words)
    note = folder / "checkpoint.witnessed"
    assert independent(folder, own, note) == 0
    # A cosignature under another time is none.
    lines = note.read_text().splitlines(keepends=True)
    lines[-1] = lines[-1].replace("A=\n", "Q=\n").replace("AAAAB", "AAAAC")
    note.write_text("".join(lines))
    log("verify", folder, "--vkey", own, "--witness", key, code=1)
