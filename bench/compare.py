#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures Portcullis beside the bare C server, beside OPA's engine (PyPI has it, for x86-64), and
beside OPA-Envoy when OPA_ENVOY names its binary.

usage: compare.py --portcullis BINARY --limit BINARY --awake BINARY --load FOLDER
                  [--rounds N] [--seconds N] [--halting]

All servers answer the same load in turn, round by round, each right after the one that it is
compared with, in an order that changes. What a request costs is measured with the server pinned to
one core and h2load to the other; how many requests there are a second with all cores for both, as a
server runs: Portcullis with a loop on each core, the C server with its only thread. Time differs
from machine to machine and from second to second; the ratios are what counts, and many short rounds
say more than few long ones.
The log makes two files for 256 records, and ext4 without a journal makes files slowly for six
minutes after many were removed (it looks for inodes that are safe to use again): wait that long
after tests or another run, or let TMPDIR name a folder in memory. A virtual machine gets memory
from its host at the first touch, and may give it back when it is free: the log's pages would pay
for that, so memory is touched before each sample. Its cores halt when they have nothing to do, and
waking one takes the host tens of microseconds, which are charged to whoever sends something there:
a program that runs when nothing else wants to keeps each core awake, unless --halting is given.
Exit status: 0 when every ratio is met, 1 when one is not, 2 when something could not run.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import mmap
import os
import platform
import random
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import opa_engine

ROOT = Path(__file__).resolve().parent.parent
METHOD = "/envoy.service.auth.v3.Authorization/Check"
SERVER_CORE, LOAD_CORE = "0", "1"


@dataclass
class Sample:
    throughput: float
    cpu: float  # microseconds of server CPU a request


@dataclass
class Contender:
    name: str
    command: list[str]
    port: int
    body: Path
    folder: Path
    is_pinned: bool
    beside: Contender | None = None  # what it is compared with
    samples: list[Sample] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    # Both measured within the same second.
    pairs: list[tuple[Sample, Sample]] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None
    started_in: float = 0.0
    resident: float = 0.0

    def configure(self, binary: str, settings: dict[str, object]) -> None:
        """Makes it a Portcullis with these settings."""
        config = self.folder / "portcullis.yaml"
        common = {
            "listen": {"tcp": f"127.0.0.1:{self.port}"},
            "telemetry": {"level": "warning"},
        }
        config.write_text(json.dumps({**common, **settings}))
        self.command = [binary, "serve", "--config", str(config)]

    def start(self) -> None:
        begun = time.monotonic()
        output = (self.folder / "output.txt").open("wb")
        self.process = subprocess.Popen(
            [*self.pinned(SERVER_CORE), *self.command],
            cwd=self.folder,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        while not answers(self.port):
            if self.process.poll() is not None or time.monotonic() - begun > 60:
                sys.exit(f"{self.name} did not start:\n{(self.folder / 'output.txt').read_text()}")
            time.sleep(0.001)
        self.started_in = time.monotonic() - begun
        time.sleep(0.3)
        self.resident = self.memory()

    def pinned(self, core: str) -> list[str]:
        return ["taskset", "-c", core] if self.is_pinned else []

    def memory(self) -> float:
        """Resident MiB."""
        assert self.process
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", text)
        return int(found[1]) / 1024 if found else 0.0

    def cpu_seconds(self) -> float:
        assert self.process
        threads = Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((it / "schedstat").read_text().split()[0]) for it in threads) / 1e9

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()

    def throughput(self, seconds: float) -> Sample:
        """8 connections with 16 streams each."""
        touch_free_memory(seconds)
        before = self.cpu_seconds()
        text = h2load(self, ["-c", "8", "-m", "16", "-D", f"{seconds * 1000:.0f}ms"])
        done = int(re.search(r"(\d+) done", text)[1])  # type: ignore[index]
        failed = int(re.search(r"(\d+) failed", text)[1])  # type: ignore[index]
        if failed or not done:
            sys.exit(f"{self.name}: {failed} of {done} calls failed\n{text}")
        sample = Sample(done / seconds, (self.cpu_seconds() - before) * 1e6 / done)
        self.samples.append(sample)
        return sample

    def compare(self, seconds: float) -> None:
        """One round of throughput, the other's first."""
        assert self.beside
        other = self.beside.throughput(seconds)
        self.pairs.append((self.throughput(seconds), other))

    def ratio(self, of: str) -> float:
        """The median of the rounds' ratios."""
        return float(statistics.median(getattr(a, of) / getattr(b, of) for a, b in self.pairs))

    def latency(self, requests: int) -> None:
        """One stream: microseconds at the median."""
        log = self.folder / "latency.tsv"
        log.unlink(missing_ok=True)
        h2load(self, ["-c", "1", "-m", "1", "-n", str(requests), f"--log-file={log}"])
        times = [int(line.split("\t")[2]) for line in log.read_text().splitlines()]
        self.latencies.append(statistics.median(times))


def touch_free_memory(seconds: float) -> None:
    """As much as a server that logs takes in one sample, or what there is."""
    text = Path("/proc/meminfo").read_text()
    found = re.search(r"MemFree:\s+(\d+) kB", text)
    size = min((int(found[1]) << 10 if found else 0) // 2, int(seconds * (600 << 20)))
    if size <= 0:
        return
    with mmap.mmap(-1, size) as memory:
        for place in range(0, size, mmap.PAGESIZE):
            memory[place] = 1


@contextlib.contextmanager
def awake(binary: str) -> Iterator[None]:
    """No core halts."""
    keepers = [
        subprocess.Popen(["taskset", "-c", str(core), "chrt", "--idle", "0", binary])
        for core in sorted(os.sched_getaffinity(0))
    ]
    try:
        yield
        if any(keeper.poll() is not None for keeper in keepers):
            sys.exit(f"`{binary}` ended before the measurement")
    finally:
        for keeper in keepers:
            keeper.kill()
            keeper.wait()


def h2load(contender: Contender, options: list[str]) -> str:
    command = [
        *contender.pinned(LOAD_CORE),
        "h2load",
        *options,
        "-d",
        str(contender.body),
        "-H",
        "content-type: application/grpc",
        "-H",
        "te: trailers",
        f"http://127.0.0.1:{contender.port}{METHOD}",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode:
        sys.exit(f"h2load failed: {done.stdout}{done.stderr}")
    return done.stdout


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 0.2):
            return True
    except OSError:
        return False


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


CONSTANT: dict[str, object] = {
    "policies": [str(ROOT / "bench/policies")],
    "log": {"enabled": False},
    "agents": {"maximum": 0},
    "inspection": {"deny": []},
}
TEXTS: dict[str, object] = {
    "policies": [str(ROOT / "policies")],
    "data": [str(ROOT / "bench/agents")],
    "entrypoint": "routes/tools/decision",
}
DEMO: dict[str, object] = {**TEXTS, "log": {"content": "none"}}
# As for requests of which each is new to the policy; those of the load are all alike.
EVALUATED: dict[str, object] = {**DEMO, "limits": {"remembered": 0}}


def equal(load: Path) -> dict[str, object]:
    """The policy that OPA-Envoy is measured with."""
    return {
        "policies": [str(load.resolve() / "realistic.rego")],
        "entrypoint": "envoy/authz/result",
        "log": {"content": "none"},
    }


@dataclass
class Rivals:
    """The same servers with the same cores."""

    limit: Contender
    constant: Contender
    demo: Contender
    equal: Contender


class Field:
    """Who takes part."""

    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        self.options = options
        self.contenders: list[Contender] = []
        self.folder = folder
        self.load = Path(options.load)
        self.pinned = self.rivals(is_pinned=True)
        limit = self.pinned.limit
        self.portcullis("the same, evaluated each time", EVALUATED, limit)
        self.portcullis("the same, with texts for replay", TEXTS, limit)
        self.free = self.rivals(is_pinned=False)
        self.opa: Contender | None = None
        self.engine: opa_engine.Engine | None = None
        if binary := os.environ.get("OPA_ENVOY"):
            self.opa = self.opa_envoy(binary)
            self.opa.beside = self.free.equal

    def rivals(self, is_pinned: bool) -> Rivals:
        port = free_port()
        limit = self.add("limit", [self.options.limit, "-p", str(port)], port, is_pinned)
        return Rivals(
            limit,
            self.portcullis("constant policy, log off", CONSTANT, limit),
            self.portcullis("demo policy, context, log", DEMO, limit),
            self.portcullis("OPA-Envoy's policy, context, log", equal(self.load), limit),
        )

    def add(self, name: str, command: list[str], port: int, is_pinned: bool) -> Contender:
        folder = self.folder / str(len(self.contenders))
        folder.mkdir()
        body = self.load / "check-mcp.grpc"
        contender = Contender(name, command, port, body, folder, is_pinned)
        self.contenders.append(contender)
        return contender

    def portcullis(self, name: str, settings: dict[str, object], limit: Contender) -> Contender:
        port = free_port()
        contender = self.add(name, [], port, limit.is_pinned)
        contender.beside = limit
        loops: dict[str, object] = {"loops": 1} if limit.is_pinned else {}
        contender.configure(self.options.portcullis, {**loops, **settings})
        return contender

    def opa_envoy(self, binary: str) -> Contender:
        port = free_port()
        return self.add(
            "OPA-Envoy",
            [
                binary,
                "run",
                "--server",
                "--addr",
                f"127.0.0.1:{free_port()}",
                "--set",
                f"plugins.envoy_ext_authz_grpc.addr=127.0.0.1:{port}",
                "--set",
                "plugins.envoy_ext_authz_grpc.path=envoy/authz/result",
                "--set",
                "decision_logs.console=true",
                "--log-level",
                "error",
                str(self.load / "realistic.rego"),
            ],
            port,
            is_pinned=False,
        )


@dataclass
class Row:
    what: str
    value: float
    bound: float
    at_least: bool

    @property
    def is_met(self) -> bool:
        return self.value >= self.bound if self.at_least else self.value <= self.bound

    def text(self) -> str:
        sign = ">=" if self.at_least else "<="
        mark = "ok" if self.is_met else "MISSED"
        return f"{self.what:<58} {self.value:>8.2f}  {sign} {self.bound:<6g} {mark}"


def judge(field_: Field) -> list[Row]:
    pinned, free = field_.pinned, field_.free
    latencies = zip(pinned.demo.latencies, pinned.limit.latencies, strict=True)
    p50 = statistics.median(a / b for a, b in latencies)

    rows = [
        Row("constant policy: throughput / limit", free.constant.ratio("throughput"), 0.90, True),
        Row("constant policy: CPU per request / limit", pinned.constant.ratio("cpu"), 1.35, False),
        Row("demo policy, log on: throughput / limit", free.demo.ratio("throughput"), 0.75, True),
        Row("demo policy, log on: CPU per request / limit", pinned.demo.ratio("cpu"), 2.2, False),
        Row("demo policy: p50 at one stream / limit", p50, 1.5, False),
        Row("idle, resident MiB", free.demo.resident, 30, False),
        Row("exec to listening, ms", free.demo.started_in * 1000, 100, False),
    ]
    if field_.engine:
        ours = statistics.median(sample.cpu for sample in pinned.equal.samples)
        what = "OPA's policy: CPU of OPA's engine alone / ours with all"
        rows.append(Row(what, field_.engine.cpu / ours, 40, True))
    if field_.opa:
        value = 1 / field_.opa.ratio("throughput")
        rows.append(Row("equal policy: throughput / OPA-Envoy", value, 40, True))
    return rows


def machine() -> str:
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    processor = model[1] if model else platform.processor()
    return f"{processor}, {os.cpu_count()} cores, Linux {platform.release()}"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--portcullis", required=True)
    parser.add_argument("--limit", required=True)
    parser.add_argument("--awake", required=True)
    parser.add_argument(
        "--load", required=True, help="folder with check-mcp.grpc and realistic.rego"
    )
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=0.25, help="of each sample")
    parser.add_argument("--halting", action="store_true", help="idle cores may halt")
    options = parser.parse_args()
    options.portcullis = str(Path(options.portcullis).resolve())
    options.limit = str(Path(options.limit).resolve())
    options.awake = str(Path(options.awake).resolve())
    for tool in ("h2load", "taskset", "chrt"):
        if not shutil.which(tool):
            print(f"`{tool}` is not installed", file=sys.stderr)
            return 2
    with tempfile.TemporaryDirectory(prefix="portcullis-bench-") as folder:
        field_ = Field(options, Path(folder))
        try:
            for contender in field_.contenders:
                contender.start()
                contender.throughput(1)
                contender.samples.clear()
            if opa_engine.is_installed():
                field_.engine = opa_engine.Engine(
                    options.portcullis,
                    field_.load / "realistic.rego",
                    field_.load / "check-mcp.grpc",
                    Path(folder),
                )
            with contextlib.nullcontext() if options.halting else awake(options.awake):
                measure(field_, options)
        finally:
            for contender in field_.contenders:
                contender.stop()
            if field_.engine:
                field_.engine.stop()
        report(field_, options)
        rows = judge(field_)
        print()
        print("\n".join(row.text() for row in rows))
        return 0 if all(row.is_met for row in rows) else 1


def measure(field_: Field, options: argparse.Namespace) -> None:
    compared = [it for it in field_.contenders if it.beside]
    for _ in range(options.rounds):
        random.shuffle(compared)
        for contender in compared:
            contender.compare(options.seconds)
        for contender in (field_.pinned.limit, field_.pinned.demo):
            contender.latency(1000)
        if field_.engine:
            field_.engine.sample()


def report(field_: Field, options: argparse.Namespace) -> None:
    print(f"{machine()}; {options.rounds} interleaved rounds of {options.seconds:g} s")
    idle = "may halt" if options.halting else "are kept awake"
    print(f"8 connections x 16 streams; idle cores {idle}")
    for is_pinned in (True, False):
        cores = "server on one core, h2load on another" if is_pinned else "all cores for both"
        print(f"\n{cores:<46} {'req/s':>9} {'us CPU':>8} {'p50 us':>8}")
        for contender in field_.contenders:
            if contender.is_pinned == is_pinned:
                print(line(contender))
        if is_pinned and field_.engine:
            name = "OPA's engine alone with that policy"
            print(f"{name:<46} {'':>9} {field_.engine.cpu:>8.0f}")


def line(contender: Contender) -> str:
    rate = statistics.median(sample.throughput for sample in contender.samples)
    cpu = statistics.median(sample.cpu for sample in contender.samples)
    p50 = f"{statistics.median(contender.latencies):8.0f}" if contender.latencies else ""
    return f"{contender.name:<46} {rate:>9.0f} {cpu:>8.2f} {p50}".rstrip()


if __name__ == "__main__":
    sys.exit(main())
