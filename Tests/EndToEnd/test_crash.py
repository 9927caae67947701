# SPDX-License-Identifier: Apache-2.0
"""The server is killed, drained and starved under load: no answered decision may be lost."""

import os
import random
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import grpc  # type: ignore[import-untyped]
import pytest
from conftest import MakeServer
from direct import Client, Load, sample

# Short intervals, so that a kill often meets a checkpoint or a change of the journal's segment.
BUSY_LOG = {"checkpoint_interval": "50ms", "segment": "1MiB"}
DISK = 64 << 20  # bytes of the small file system
LEFT = 256 << 10  # bytes of it that are left free


@pytest.mark.parametrize(("durability", "kills"), [("buffered", 8), ("durable", 3)])
def test_kill_loses_no_answered_decision(
    make_server: MakeServer, durability: str, kills: int
) -> None:
    """PORTCULLIS_KILLS names another number of kills."""
    server = make_server(log={**BUSY_LOG, "durability": durability})
    seed = random.randrange(1 << 32)
    moments = random.Random(seed)
    answered: set[str] = set()
    rounds = int(os.environ.get("PORTCULLIS_KILLS", kills))
    for round in range(rounds):
        server.start()
        with Load(server, sample()) as load:
            load.wait_for_answers(1)
            time.sleep(moments.uniform(0, 0.8))
            server.kill()
        assert {answer.kind for answer in load.answers} == {"ok"}
        answered |= {answer.decision_id for answer in load.answers}
        server.start()
        # The whole log is read each time: many kills have it read now and then.
        if rounds > 20 and round % 20 != 19 and round != rounds - 1:
            server.kill()
            continue
        lost = answered - server.verify_log()
        assert not lost, f"kill {round}, seed {seed}: {len(lost)} of {len(answered)}: {min(lost)}"
        server.kill()


def test_drain_answers_every_decided_call(make_server: MakeServer) -> None:
    server = make_server().start()
    with Load(server, sample()) as load:
        load.wait_for_answers(500)
        assert server.terminate() == 0, "SIGTERM drains and exits with 0"
    # What came too late was refused as a whole: each decision in the log was also answered.
    answered = {answer.decision_id for answer in load.answers}
    assert answered == server.verify_log()
    assert {error.code() for error in load.failures} <= {grpc.StatusCode.UNAVAILABLE}


def test_log_belongs_to_one_process(make_server: MakeServer) -> None:
    server = make_server().start()
    second = server.launch()
    assert second.child.wait(20) == 1
    assert "is in use by another process" in second.log.read_text()
    assert Client(server).check(sample()).kind == "ok"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"cannot mount a small file system here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill_disk(folder: Path) -> Path:
    """Leaves little space, by a file that can be removed."""
    ballast = folder / "ballast"
    with ballast.open("wb") as file:
        space = os.statvfs(folder)
        file.write(bytes(max(0, space.f_bavail * space.f_frsize - LEFT)))
    return ballast


@pytest.mark.parametrize("durability", ["buffered", "durable"])
def test_full_disk_refuses_and_recovers(
    make_server: MakeServer, small_disk: Path, durability: str
) -> None:
    server = make_server(small_disk, log={**BUSY_LOG, "durability": durability}).start()
    client = Client(server)
    answers = [client.check(sample())]
    ballast = fill_disk(small_disk)

    with Load(server, sample(), connections=1) as load:
        deadline = time.monotonic() + 20
        while not any(answer.kind == "error" for answer in load.answers):
            assert time.monotonic() < deadline, "the disk is full and checks are still allowed"
            time.sleep(0.01)
        load.wait_for_answers(100)
    assert all(answer.kind == "ok" or answer.is_refusal for answer in load.answers)
    assert not load.failures

    ballast.unlink()
    deadline = time.monotonic() + 20
    while (answer := client.check(sample())).kind != "ok":
        assert time.monotonic() < deadline, "there is space again and checks are still refused"
        time.sleep(0.05)
    answers += [answer, *load.answers]
    assert server.terminate() == 0
    assert {answer.decision_id for answer in answers if answer.kind == "ok"} <= server.verify_log()


@pytest.mark.parametrize("durability", ["buffered", "durable"])
def test_full_disk_is_answered_and_counted(
    make_server: MakeServer, small_disk: Path, durability: str
) -> None:
    """With `on_failure: open` each decision is in the log, or a loss record counts it."""
    # Texts beside the log would fill the disk again before the end.
    options = {**BUSY_LOG, "durability": durability, "on_failure": "open", "content": "none"}
    server = make_server(small_disk, log=options).start()
    ballast = fill_disk(small_disk)
    with Load(server, sample(), connections=1) as load:
        deadline = time.monotonic() + 20
        while "log_storage_full" not in (small_disk / "output.txt").read_text():
            assert time.monotonic() < deadline, "the disk does not get full"
            time.sleep(0.05)
        load.wait_for_answers(500)
        ballast.unlink()
        load.wait_for_answers(500)
        time.sleep(1)
    assert server.terminate() == 0
    assert not load.failures
    assert {answer.kind for answer in load.answers} == {"ok"}
    recorded = server.verify_log()
    answered = {answer.decision_id for answer in load.answers}
    losses = [it["loss"] for it in server.records() if it.get("kind") == "loss"]
    assert losses
    assert len(answered - recorded) == sum(loss["decisions"] for loss in losses)
    assert all(loss["from"] <= loss["to"] for loss in losses)
    assert {reason["code"] for loss in losses for reason in loss["reasons"]} <= {
        "log_storage_full",
        "log_journal_full",
        "log_storage_failed",
    }
