# SPDX-License-Identifier: Apache-2.0
"""Child processes that never outlive the program that started them."""

import contextlib
import ctypes
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

STOP_SECONDS = 10.0
TAIL_LINES = 15
PR_SET_PDEATHSIG = 1


class ProcessFailed(Exception):
    """A process ended or was not ready in time; the message holds the end of its log."""


class Process:
    """One program in a process group of its own, its output in a log file."""

    def __init__(self, name: str, command: Sequence[str | Path], log: Path, cwd: Path) -> None:
        self.name = name
        self.log = log
        with log.open("wb") as output:
            self.child = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )

    def wait_until(self, ready: Callable[[], bool], seconds: float, what: str) -> None:
        deadline = time.monotonic() + seconds
        while not ready():
            if self.child.poll() is not None:
                code = self.child.returncode
                raise ProcessFailed(f"{self.name} ended with {code}\n{self.tail()}")
            if time.monotonic() > deadline:
                raise ProcessFailed(f"{self.name}: {what} took over {seconds:g} s\n{self.tail()}")
            time.sleep(0.02)

    def port(self, seconds: float = 20.0) -> int:
        """The port of the line `listening on PORT` in the log."""
        found: list[int] = []

        def printed() -> bool:
            match = re.search(r"^listening on (\d+)$", self.log.read_text(), re.MULTILINE)
            if match:
                found.append(int(match[1]))
            return match is not None

        self.wait_until(printed, seconds, "listening")
        return found[0]

    def stop(self) -> int:
        """Ends the whole group, politely first; the exit code (negative: ended by that signal)."""
        if self.child.poll() is None:
            self.signal_group(signal.SIGTERM)
            try:
                self.child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.signal_group(signal.SIGKILL)
        self.signal_group(signal.SIGKILL)
        return self.child.wait()

    def signal_group(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.child.pid, number)

    def tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        return "\n".join(f"  {self.name}| {line}" for line in lines)


def die_with_parent() -> None:
    """Asks the kernel for SIGTERM when the parent is gone, even when it was killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
