#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts what one check costs and holds it against bench/thresholds.json.

usage: counts.py --bench BINARY --portcullis BINARY --load FOLDER

Counts do not depend on how fast or busy the machine is: heap allocations are counted in the
program, instructions by callgrind. Each case runs twice with different numbers of rounds, so that
what starting costs cancels out.
Exit status: 0 when no count is over its threshold, 1 when one is, 2 when something could not run.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
METHOD = "/envoy.service.auth.v3.Authorization/Check"
FEW, MANY = 1500, 4500  # rounds; both warm up alike
CALLGRIND = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]


def fail(message: str) -> None:
    print(f"counts: {message}", file=sys.stderr)
    sys.exit(2)


def stripped(binary: Path, folder: Path) -> Path:
    """A copy without debug information, which valgrind 3.19 cannot read."""
    copy = folder / binary.name
    shutil.copy(binary, copy)
    subprocess.run(["strip", "--strip-debug", copy], check=True)
    return copy


def collected(output: str) -> int:
    found = re.search(r"Collected : (\d+)", output)
    if not found:
        fail(f"no count in callgrind's output:\n{output}")
    assert found
    return int(found[1])


class Check:
    """One check without the transport: `bench check`."""

    def __init__(self, binary: Path, load: Path, case: dict[str, Any]) -> None:
        self.command = [binary, "check", load / case["frame"]]
        self.words = [case["entrypoint"], *case["paths"]]
        self.environment = {
            **os.environ,
            "CONTENT": case.get("content", "none"),
            "ANSWERS": case.get("answers", "remembered"),
        }

    def run(self, prefix: list[str], rounds: int) -> str:
        command = [*prefix, *self.command, str(rounds), *map(str, self.words)]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            fail(f"`bench check` ended with {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def allocations(self) -> float:
        output = self.run([], MANY)
        found = re.search(r"allocations/check ([\d.]+)", output)
        if not found:
            fail(f"no count in the output of `bench check`:\n{output}")
        assert found
        return float(found[1])

    def instructions(self) -> float:
        few, many = (collected(self.run(CALLGRIND, rounds)) for rounds in (FEW, MANY))
        return (many - few) / (MANY - FEW)


class Threat(Check):
    """One check whose policy looks up every part in threat lists: `bench threat`."""

    def __init__(self, binary: Path, load: Path, case: dict[str, Any]) -> None:
        super().__init__(binary, load, {"entrypoint": "", **case})
        self.command = [binary, "threat", load / case["frame"]]
        self.words = [case["threat_entries"], *case["paths"]]


class Served:
    """One check through the server: instructions of the process between two numbers of calls."""

    def __init__(self, binary: Path, load: Path, case: dict[str, Any], folder: Path) -> None:
        self.body = load / case["frame"]
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        config = folder / "portcullis.yaml"
        settings = {"listen": {"tcp": f"127.0.0.1:{self.port}"}, "loops": 1, **case["settings"]}
        config.write_text(json.dumps(settings))
        self.command = [*CALLGRIND, str(binary), "serve", "--config", str(config)]

    def run(self, calls: int) -> int:
        output = self.folder / "output.txt"
        with output.open("wb") as file:
            server = subprocess.Popen(self.command, cwd=ROOT, stdout=file, stderr=file)
        try:
            self.wait(server, output)
            load = ["h2load", "-n", str(calls), "-c", "1", "-m", "1", "-d", str(self.body)]
            load += ["-H", "content-type: application/grpc", "-H", "te: trailers"]
            load.append(f"http://127.0.0.1:{self.port}{METHOD}")
            done = subprocess.run(load, capture_output=True, text=True, timeout=300, check=False)
            if f" {calls} succeeded" not in done.stdout:
                fail(f"h2load: {done.stdout}{done.stderr}")
            server.send_signal(signal.SIGTERM)
            server.wait(60)
        finally:
            server.kill()
        return collected(output.read_text())

    def wait(self, server: subprocess.Popen[bytes], output: Path) -> None:
        deadline = time.monotonic() + 120
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if server.poll() is not None or time.monotonic() > deadline:
                fail(f"the server did not start:\n{output.read_text()}")
            time.sleep(0.05)

    def instructions(self) -> float:
        few, many = (self.run(calls) for calls in (FEW, MANY))
        return (many - few) / (MANY - FEW)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("bench", "portcullis", "load"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    options = parser.parse_args()
    cases = json.loads((ROOT / "bench/thresholds.json").read_text())
    is_over = False
    counted: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bench = stripped(options.bench, folder)
        portcullis = stripped(options.portcullis, folder)
        for title, case in cases.items():
            measured = {}
            if "settings" in case:
                served = Served(portcullis, options.load, case, folder)
                measured["instructions"] = served.instructions()
            else:
                kind = Threat if "threat_entries" in case else Check
                check = kind(bench, options.load, case)
                measured["allocations"] = check.allocations()
                measured["instructions"] = check.instructions()
            counted[title] = measured["instructions"]
            if "beside" in case:
                measured["ratio"] = counted[title] / counted[case["beside"]]
            for what, count in measured.items():
                limit = case[what]
                word = "OVER" if count > limit else "ok"
                is_over = is_over or count > limit
                print(f"{title:<44} {what:<12} {count:>10.1f}  at most {limit:>8}  {word}")
    print("a count is over its threshold" if is_over else "all counts are within their thresholds")
    return 1 if is_over else 0


if __name__ == "__main__":
    sys.exit(main())
