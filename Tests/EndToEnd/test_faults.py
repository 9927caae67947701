# SPDX-License-Identifier: Apache-2.0
"""System calls of the running server fail or kill it, once each, under load (strace injects them).

Afterwards no answered decision may be missing, except for those that a loss record counts where
`on_failure` is open, and the log verifies. The log does not link.
"""

import os
import random
import re
import shutil
import signal
import time
from pathlib import Path

import grpc  # type: ignore[import-untyped]
import pytest
from conftest import MakeServer
from direct import Load, Server, sample

from demo.processes import ProcessFailed

CALLS = [
    "openat", "write", "pwritev", "renameat", "fsync", "fdatasync", "unlinkat", "mkdirat",
    "ftruncate", "pread64", "close",
]  # fmt: skip
FAULTS = ["error=EIO", "error=ENOSPC", "signal=KILL"]
MODES = [("buffered", "closed"), ("durable", "closed"), ("buffered", "open"), ("durable", "open")]
BUSY_LOG = {"checkpoint_interval": "20ms", "segment": "1MiB"}
SECONDS = 0.7
# What prints a crash's stack is traced too, and would not survive its own fault.
STRACE = ["env", "SWIFT_BACKTRACE=enable=no", "strace", "-f", "-qq"]


def combinations() -> list[tuple[str, str, str, str]]:
    """One of each call by default; PORTCULLIS_FAULTS=all for all."""
    every = [(call, fault, *mode) for call in CALLS for fault in FAULTS for mode in MODES]
    if os.environ.get("PORTCULLIS_FAULTS") == "all":
        return every
    chance = random.Random()
    return [chance.choice([it for it in every if it[0] == call]) for call in CALLS]


def calls_at_start(folder: Path, call: str) -> int:
    """How often the server makes a call before it listens."""
    trace = folder / "trace"
    server = Server(
        folder, wrapper=["strace", "-f", "-qq", "-o", str(trace), "-e", f"trace={call}"]
    )
    server.start()
    server.kill()
    return len(re.findall(rf"\b{call}\(", trace.read_text()))


def started(server: Server) -> bool:
    """False when the fault met it before it listened: then it said so, or was killed."""
    try:
        server.start()
    except ProcessFailed:
        assert server.process
        assert server.process.child.poll() in (1, -signal.SIGKILL), server.process.tail()
        return False
    return True


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
@pytest.mark.parametrize(("call", "fault", "durability", "on_failure"), combinations())
def test_fault_loses_no_answered_decision(
    tmp_path: Path, call: str, fault: str, durability: str, on_failure: str
) -> None:
    probe, folder = tmp_path / "probe", tmp_path / "server"
    probe.mkdir()
    folder.mkdir()
    moment = calls_at_start(probe, call) + random.randint(1, 40)
    options = {**BUSY_LOG, "durability": durability, "on_failure": on_failure}
    server = Server(folder, log=options)
    # The log is there: the fault meets it at work.
    server.start()
    server.terminate()
    server.wrapper = [
        *STRACE, "-o", "/dev/null", "-e", f"trace={call}",
        "-e", f"inject={call}:{fault}:when={moment}",
    ]  # fmt: skip
    ends_well = on_failure == "open" and fault != "signal=KILL"
    load = Load(server, sample(), connections=1)
    if started(server):
        with load:
            time.sleep(SECONDS)
            # In the open mode a kill may come before the loss record.
            if ends_well:
                server.end_wrapped()
            else:
                server.kill_all()
    server.wrapper = []
    server.start()
    assert server.terminate() == 0
    recorded = server.verify_log()
    answered = {answer.decision_id for answer in load.answers if answer.kind == "ok"}
    missing = answered - recorded
    losses = [it["loss"] for it in server.records() if it.get("kind") == "loss"]
    if ends_well:
        assert len(missing) <= sum(it["decisions"] for it in losses)
    elif on_failure == "closed":
        assert not missing, f"when={moment}: {len(missing)} of {len(answered)} are missing"
    codes = {error.code() for error in load.failures}
    assert codes <= {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_lost_wakes_hold_up_nothing(make_server: MakeServer) -> None:
    """Every third signal to a loop or a thread fails: all calls are answered, and the end comes."""
    server = make_server(log={**BUSY_LOG, "durability": "durable"})
    server.start()
    server.terminate()
    server.wrapper = [
        *STRACE, "-o", "/dev/null", "-P", "anon_inode:[eventfd]",
        "-e", "trace=write", "-e", "inject=write:error=EIO:when=2+3",
    ]  # fmt: skip
    server.start()
    with Load(server, sample(), connections=1) as load:
        load.wait_for_answers(500)
        server.end_wrapped()
    assert {answer.kind for answer in load.answers} == {"ok"}
    assert {error.code() for error in load.failures} <= {grpc.StatusCode.UNAVAILABLE}
    assert {answer.decision_id for answer in load.answers} <= server.verify_log()
