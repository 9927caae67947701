# SPDX-License-Identifier: Apache-2.0
"""Portcullis alone, without Envoy: a server on a log of its own, and checks sent as raw bytes."""

import json
import os
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest

from demo.mesh import ROOT, START_SECONDS, portcullis_binary, run
from demo.processes import Process, ProcessFailed

METHOD = "/envoy.service.auth.v3.Authorization/Check"
GRPC_PREFIX = 5  # bytes before a message: compression flag and length
IN_FLIGHT = 96  # calls per connection under load; HTTP/2 peers usually allow 100 streams
INTERNAL = 13  # the gRPC status code of our own failures


def sample(name: str = "check-mcp.grpc") -> bytes:
    """A CheckRequest as Envoy sends it, from the material beside the checkout."""
    folder = Path(os.environ.get("PORTCULLIS_SHARED") or ROOT.parent / "shared") / "bench"
    if not folder.is_dir():
        pytest.fail(f"no test material at `{folder}`; PORTCULLIS_SHARED names its parent")
    return (folder / name).read_bytes()[GRPC_PREFIX:]


@dataclass
class Server:
    """`portcullis serve` in `folder`; can be killed and started again on the same log."""

    folder: Path
    log: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    wrapper: list[str] = field(default_factory=list)  # a program that runs the server
    process: Process | None = None

    def __post_init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        config = {
            "listen": {"tcp": f"127.0.0.1:{self.port}"},
            "policies": [str(ROOT / "policies")],
            "data": [str(ROOT / "bench/agents")],
            "entrypoint": "routes/tools/decision",
            "log": {"directory": str(self.log_folder), **self.log},
            **self.settings,
        }
        self.config_file.write_text(json.dumps(config))

    @property
    def config_file(self) -> Path:
        return self.folder / "portcullis.yaml"

    @property
    def log_folder(self) -> Path:
        return self.folder / "log"

    def launch(self) -> Process:
        command: list[str | Path] = [*self.wrapper, portcullis_binary(), "serve"]
        command += ["--config", self.config_file]
        return Process("portcullis", command, self.folder / "output.txt", cwd=ROOT)

    def start(self) -> "Server":
        self.process = self.launch()
        self.process.wait_until(self.listens, START_SECONDS, "listening")
        return self

    def listens(self) -> bool:
        """At all of its addresses: those of the operators' API come last, one by one."""
        ports = [self.port]
        if tcp := self.settings.get("operators", {}).get("tcp"):
            ports.append(int(tcp.rpartition(":")[2]))
        for port in ports:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) != 0:
                    return False
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(self.operators_socket) == 0

    @property
    def operators_socket(self) -> str:
        """Where the operators' API is for this machine's users."""
        return f"{self.log_folder}.operators.sock"

    def kill(self) -> None:
        assert self.process
        self.process.signal_group(signal.SIGKILL)
        assert self.process.child.wait() == -signal.SIGKILL

    def kill_all(self) -> None:
        """SIGKILL for the server and its wrapper, whichever of them is still there."""
        assert self.process
        self.process.signal_group(signal.SIGKILL)
        self.process.child.wait()
        # The wrapper is gone before what it ran is.
        deadline = time.monotonic() + 10
        while self.listens():
            assert time.monotonic() < deadline, "the server outlives SIGKILL"
            time.sleep(0.02)

    def end_wrapped(self) -> None:
        """SIGTERM for the server alone; its wrapper ends after it."""
        assert self.process
        pid = self.process.child.pid
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            os.kill(int(child), signal.SIGTERM)
        self.process.child.wait(30)

    def terminate(self) -> int:
        """SIGTERM; the exit code."""
        assert self.process
        self.process.signal_group(signal.SIGTERM)
        return self.process.child.wait(30)

    def stop(self) -> int:
        return self.process.stop() if self.process else 0

    def records(self) -> list[dict[str, Any]]:
        """All records of the published log."""
        command: list[str | Path] = [portcullis_binary(), "log", "export", self.log_folder]
        return [json.loads(line) for line in run(command).splitlines()]

    def verify_log(self) -> set[str]:
        """The log by our own verifier and by an independent one; the decisions in it."""
        key = run([portcullis_binary(), "log", "vkey", "--config", self.config_file]).strip()
        run([portcullis_binary(), "log", "verify", self.log_folder, "--vkey", key])
        run([sys.executable, ROOT / "Tests/Independent/verify_tlog.py", self.log_folder, key])
        ids = re.findall(rb'"decision_id":"([0-9a-f-]{36})"', b"".join(self.entries()))
        return {id.decode() for id in ids}

    def entries(self) -> list[bytes]:
        """All entries of the published log, in their order."""
        bundles: dict[str, bytes] = {}
        root = self.log_folder / "tile/entries"
        for file in sorted(root.rglob("*")):
            if not file.is_file():
                continue
            name = str(file.relative_to(root))
            # A full bundle, or the widest partial one.
            tile = name.split(".p/")[0]
            content = file.read_bytes()
            if len(content) > len(bundles.get(tile, b"")):
                bundles[tile] = content
        found = []
        for tile in sorted(bundles):
            bundle = bundles[tile]
            while bundle:
                length = int.from_bytes(bundle[:2], "big")
                found.append(bundle[2 : 2 + length])
                bundle = bundle[2 + length :]
        return found


@dataclass(frozen=True)
class Answer:
    """What the tests ask of a CheckResponse."""

    code: int
    kind: str  # ok, denied or error
    decision_id: str

    @staticmethod
    def parse(message: bytes) -> "Answer":
        kinds = {2: "denied", 3: "ok", 5: "error"}
        fields = dict(protobuf(message))
        assert 1 in fields, "an absent status allows"
        kind = next((word for number, word in kinds.items() if number in fields), "")
        found = re.search(rb"\x0bdecision_id\x12.\x1a\x24([0-9a-f-]{36})", fields[4])
        assert found, "no decision id in the metadata"
        code = dict(protobuf(fields[1])).get(1, 0)
        return Answer(code, kind, found[1].decode())

    @property
    def is_refusal(self) -> bool:
        return self.code != 0 and self.kind in ("denied", "error")


def protobuf(message: bytes) -> Iterator[tuple[int, Any]]:
    """Field numbers and values of a message: varints and length-delimited fields."""
    offset = 0

    def varint() -> int:
        nonlocal offset
        value = shift = 0
        while True:
            byte = message[offset]
            offset += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while offset < len(message):
        tag = varint()
        value: int | bytes = varint()
        if tag & 7 == 2:
            assert isinstance(value, int)
            offset += value
            value = message[offset - value : offset]
        yield tag >> 3, value


class Client:
    """One connection."""

    def __init__(self, server: Server, *more: tuple[str, int]) -> None:
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", 0), *more]
        self.channel = grpc.insecure_channel(f"127.0.0.1:{server.port}", options=options)
        self.method = self.channel.unary_unary(METHOD)

    def check(self, message: bytes, seconds: float = 10) -> Answer:
        return Answer.parse(self.method(message, timeout=seconds))

    def close(self) -> None:
        self.channel.close()


class Load:
    """Many calls at once on several connections, until it is told to end.

    `answers` holds what came back, `failures` the calls that ended without an answer.
    """

    def __init__(self, server: Server, message: bytes, connections: int = 3) -> None:
        self.message = message
        self.clients = [Client(server) for _ in range(connections)]
        self.answers: list[Answer] = []
        self.failures: list[grpc.RpcError] = []
        self.ends = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=[it]) for it in self.clients]

    def __enter__(self) -> "Load":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ends.set()
        for thread in self.threads:
            thread.join()
        for client in self.clients:
            client.close()

    def run(self, client: Client) -> None:
        slots = threading.Semaphore(IN_FLIGHT)

        def done(call: "Future[bytes]") -> None:
            slots.release()
            try:
                self.answers.append(Answer.parse(call.result()))
            except grpc.RpcError as error:
                self.failures.append(error)

        while not self.ends.is_set():
            slots.acquire()
            client.method.future(self.message, timeout=10).add_done_callback(done)
        for _ in range(IN_FLIGHT):
            slots.acquire()

    def wait_for_answers(self, count: int, seconds: float = 20) -> None:
        """Until this many more answers have come."""
        wanted = len(self.answers) + count
        deadline = time.monotonic() + seconds
        while len(self.answers) < wanted:
            if time.monotonic() > deadline:
                failed = self.failures[-1].details() if self.failures else "none failed"
                raise ProcessFailed(f"{len(self.answers)} of {wanted} answers; {failed}")
            time.sleep(0.005)
