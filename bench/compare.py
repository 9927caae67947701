#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures Portcullis beside the bare C server, and beside OPA-Envoy when OPA_ENVOY names it.

usage: compare.py --portcullis BINARY --limit BINARY --load FOLDER [--rounds N] [--seconds N]

All servers answer the same load in turn, round by round, each pinned to one core and h2load to the
other. Time differs from machine to machine and from minute to minute; the ratios are what counts.
The log makes two files for 256 records, and ext4 makes files slowly for a minute after many were
removed (it looks for inodes that are safe to use again): wait that long after tests or another run.
Exit status: 0 when every ratio is met, 1 when one is not, 2 when something could not run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

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
    samples: list[Sample] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None
    started_in: float = 0.0
    resident: float = 0.0

    def start(self) -> None:
        begun = time.monotonic()
        output = (self.folder / "output.txt").open("wb")
        self.process = subprocess.Popen(
            ["taskset", "-c", SERVER_CORE, *self.command],
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

    def memory(self) -> float:
        """Resident MiB."""
        assert self.process
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", text)
        return int(found[1]) / 1024 if found else 0.0

    def cpu_seconds(self) -> float:
        assert self.process
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()

    def throughput(self, seconds: float) -> None:
        """8 connections with 16 streams each."""
        before = self.cpu_seconds()
        text = h2load(self, ["-c", "8", "-m", "16", "-D", f"{seconds:.0f}"])
        done = int(re.search(r"(\d+) done", text)[1])  # type: ignore[index]
        failed = int(re.search(r"(\d+) failed", text)[1])  # type: ignore[index]
        if failed or not done:
            sys.exit(f"{self.name}: {failed} of {done} calls failed\n{text}")
        rate = float(re.search(r"([\d.]+) req/s", text)[1])  # type: ignore[index]
        self.samples.append(Sample(rate, (self.cpu_seconds() - before) * 1e6 / done))

    def latency(self, requests: int) -> None:
        """One stream: microseconds at the median."""
        log = self.folder / "latency.tsv"
        log.unlink(missing_ok=True)
        h2load(self, ["-c", "1", "-m", "1", "-n", str(requests), f"--log-file={log}"])
        times = [int(line.split("\t")[2]) for line in log.read_text().splitlines()]
        self.latencies.append(statistics.median(times))


def h2load(contender: Contender, options: list[str]) -> str:
    command = [
        "taskset",
        "-c",
        LOAD_CORE,
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


class Field:
    """Who takes part."""

    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        self.options = options
        self.contenders: list[Contender] = []
        self.folder = folder
        self.load = Path(options.load)
        port = free_port()
        self.limit = self.add("limit", [options.limit, "-p", str(port)], port, "check-mcp.grpc")
        self.constant = self.portcullis(
            "constant policy, log off",
            "check-mcp.grpc",
            {
                "policies": [str(ROOT / "bench/policies")],
                "log": {"enabled": False},
                "agents": {"maximum": 0},
                "inspection": {"deny": []},
            },
        )
        self.demo = self.portcullis(
            "demo policy, context, log",
            "check-mcp.grpc",
            {
                "policies": [str(ROOT / "policies")],
                "data": [str(ROOT / "bench/agents")],
                "entrypoint": "routes/tools/decision",
                "log": {"content": "none"},
            },
        )
        self.portcullis(
            "the same, with texts for replay",
            "check-mcp.grpc",
            {
                "policies": [str(ROOT / "policies")],
                "data": [str(ROOT / "bench/agents")],
                "entrypoint": "routes/tools/decision",
            },
        )
        self.opa: Contender | None = None
        self.equal: Contender | None = None
        if binary := os.environ.get("OPA_ENVOY"):
            self.opa = self.opa_envoy(binary)
        self.equal = self.portcullis(
            "OPA-Envoy's policy, context, log",
            "check-mcp.grpc",
            {
                "policies": [str(self.load / "realistic.rego")],
                "entrypoint": "envoy/authz/result",
                "log": {"content": "none"},
            },
        )

    def add(self, name: str, command: list[str], port: int, body: str) -> Contender:
        folder = self.folder / str(len(self.contenders))
        folder.mkdir()
        contender = Contender(name, command, port, self.load / body, folder)
        self.contenders.append(contender)
        return contender

    def portcullis(self, name: str, body: str, settings: dict[str, object]) -> Contender:
        port = free_port()
        contender = self.add(name, [], port, body)
        config = contender.folder / "portcullis.yaml"
        config.write_text(
            json.dumps(
                {
                    "listen": {"tcp": f"127.0.0.1:{port}"},
                    "loops": 1,
                    "telemetry": {"level": "warning"},
                    **settings,
                }
            )
        )
        contender.command = [self.options.portcullis, "serve", "--config", str(config)]
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
            "check-mcp.grpc",
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


def ratio(contender: Contender, limit: Contender, get: str) -> float:
    """The median of the rounds' ratios: both sides of one were measured side by side."""
    pairs = zip(contender.samples, limit.samples, strict=True)
    return float(statistics.median(getattr(a, get) / getattr(b, get) for a, b in pairs))


def judge(field_: Field) -> list[Row]:
    limit, constant, demo = field_.limit, field_.constant, field_.demo
    p50 = statistics.median(a / b for a, b in zip(demo.latencies, limit.latencies, strict=True))
    rows = [
        Row(
            "constant policy: throughput / limit", ratio(constant, limit, "throughput"), 0.90, True
        ),
        Row("constant policy: CPU per request / limit", ratio(constant, limit, "cpu"), 1.35, False),
        Row(
            "demo policy, log on: throughput / limit", ratio(demo, limit, "throughput"), 0.75, True
        ),
        Row("demo policy, log on: CPU per request / limit", ratio(demo, limit, "cpu"), 2.2, False),
        Row("demo policy: p50 at one stream / limit", p50, 1.5, False),
        Row("idle, resident MiB", demo.resident, 30, False),
        Row("exec to listening, ms", demo.started_in * 1000, 100, False),
    ]
    if field_.opa and field_.equal:
        rows.append(
            Row(
                "equal policy: throughput / OPA-Envoy",
                ratio(field_.equal, field_.opa, "throughput"),
                40,
                True,
            )
        )
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
    parser.add_argument(
        "--load", required=True, help="folder with check-mcp.grpc and realistic.rego"
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=3)
    options = parser.parse_args()
    options.portcullis = str(Path(options.portcullis).resolve())
    options.limit = str(Path(options.limit).resolve())
    for tool in ("h2load", "taskset"):
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
            for _ in range(options.rounds):
                for contender in field_.contenders:
                    contender.throughput(options.seconds)
                for contender in (field_.limit, field_.demo):
                    contender.latency(5000)
        finally:
            for contender in field_.contenders:
                contender.stop()
        report(field_, options)
        rows = judge(field_)
        print()
        print("\n".join(row.text() for row in rows))
        return 0 if all(row.is_met for row in rows) else 1


def report(field_: Field, options: argparse.Namespace) -> None:
    print(f"{machine()}; {options.rounds} interleaved rounds of {options.seconds:g} s")
    print(
        f"{'server, one core, 8 connections x 16 streams':<46} "
        f"{'req/s':>9} {'us CPU':>8} {'p50 us':>8}"
    )
    for contender in field_.contenders:
        rate = statistics.median(sample.throughput for sample in contender.samples)
        cpu = statistics.median(sample.cpu for sample in contender.samples)
        p50 = (
            f"{statistics.median(contender.latencies):8.0f}" if contender.latencies else f"{'':>8}"
        )
        print(f"{contender.name:<46} {rate:>9.0f} {cpu:>8.2f} {p50}")


if __name__ == "__main__":
    sys.exit(main())
