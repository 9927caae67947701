# SPDX-License-Identifier: Apache-2.0
"""The mesh: certificates, upstreams, Portcullis and Envoy, started and stopped together."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from demo.envoy_config import localised
from demo.processes import Process, ProcessFailed

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 30.0
LOG_ORIGIN = "acme.example/decisions"


def portcullis_binary() -> Path:
    """The server to run: PORTCULLIS names another than the release build."""
    return Path(os.environ.get("PORTCULLIS") or ROOT / ".build/release/portcullis")


@dataclass
class Mesh:
    """Everything that runs, in `folder`; a context manager that leaves nothing behind but logs."""

    folder: Path
    policies: Path = ROOT / "policies"
    entrypoint: str = "portcullis/authz/decision"
    route_entrypoints: list[str] = field(
        default_factory=lambda: ["routes/tools/decision", "routes/payments/decision"]
    )
    gateway_config: Path = ROOT / "envoy/gateway.yaml"
    processes: list[Process] = field(default_factory=list)
    port: int = 0

    @property
    def certificates(self) -> Path:
        return self.folder / "certificates"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log_folder(self) -> Path:
        return self.data / "log"

    @property
    def config_file(self) -> Path:
        return self.folder / "portcullis.yaml"

    def __enter__(self) -> "Mesh":
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        self.prepare()
        run([ROOT / "Scripts/certificates", self.certificates])
        python = Path(sys.executable)
        tools = self.launch("tools", [python, "-m", "demo.tools_server"])
        web: list[str | Path] = [python, "-m", "demo.web_server", "--name"]
        payments = self.launch("payments", [*web, "payments"])
        partner = self.launch("partner", [*web, "partner", *self.tls_options("partner")])
        self.start_portcullis()
        upstreams = {"tools": tools, "payments": payments, "partner": partner}
        self.start_envoy({name: ("127.0.0.1", it.port()) for name, it in upstreams.items()})

    def prepare(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.data.mkdir(parents=True)
        # A Unix socket's path holds 107 bytes: too few for a deep checkout.
        self.sockets = tempfile.TemporaryDirectory(prefix="portcullis-")

    def start_portcullis(self) -> None:
        binary = portcullis_binary()
        if not binary.exists():
            raise ProcessFailed(f"no server at `{binary}`; `make build` makes it")
        self.config_file.write_text(json.dumps(self.portcullis_config(), indent=2))
        server = self.launch("portcullis", [binary, "serve", "--config", self.config_file])
        server.wait_until(self.portcullis_listens, START_SECONDS, "listening")

    def start_envoy(self, endpoints: dict[str, tuple[str, int]]) -> None:
        config = localised(self.gateway_config, self.certificates, self.authz_socket, endpoints)
        file = self.folder / "envoy.json"
        file.write_text(json.dumps(config, indent=2))
        admin = self.folder / "envoy-admin.txt"
        # Without --disable-hot-restart two of them on one machine fight over shared memory.
        options = ["--disable-hot-restart", "--concurrency", "1", "--log-level", "warning"]
        program = Path(sys.executable).parent / "envoy"
        envoy = self.launch("envoy", [program, "-c", file, "--admin-address-path", admin, *options])
        envoy.wait_until(lambda: admin_ready(admin), START_SECONDS, "starting")
        self.port = self.listener_port()

    def listener_port(self, name: str = "") -> int:
        """The port that Envoy picked for a listener; for the first one when none is named."""
        admin = (self.folder / "envoy-admin.txt").read_text()
        listeners = json.loads(ask(f"http://{admin}/listeners?format=json"))
        for status in listeners["listener_statuses"]:
            if not name or status["name"] == name:
                port: int = status["local_address"]["socket_address"]["port_value"]
                return port
        raise ProcessFailed(f"Envoy has no listener `{name}`")

    def portcullis_config(self) -> dict[str, Any]:
        return {
            "listen": {"unix": str(self.socket_path)},
            "policies": [str(self.policies)],
            "entrypoint": self.entrypoint,
            "route_entrypoints": self.route_entrypoints,
            "log": {"directory": str(self.log_folder), "origin": LOG_ORIGIN},
        }

    @property
    def socket_path(self) -> Path:
        return Path(self.sockets.name) / "authz.sock"

    @property
    def authz_socket(self) -> Path | None:
        """Where Envoy asks; None: at the address of `portcullis` among its upstreams."""
        return self.socket_path

    def portcullis_listens(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.socket_path)) == 0

    def tls_options(self, name: str) -> list[str | Path]:
        certificate = self.certificates / f"{name}.pem"
        return ["--certificate", certificate, "--key", certificate.with_suffix(".key")]

    def launch(self, name: str, command: Sequence[str | Path]) -> Process:
        process = Process(name, command, self.folder / f"{name}.log", cwd=ROOT)
        self.processes.append(process)
        return process

    def stop(self) -> dict[str, int]:
        """Stops all, last started first; exit codes by name."""
        codes = {process.name: process.stop() for process in reversed(self.processes)}
        self.processes.clear()
        self.sockets.cleanup()
        return codes

    def stop_one(self, name: str) -> int:
        process = next(process for process in self.processes if process.name == name)
        self.processes.remove(process)
        return process.stop()

    def tails(self) -> str:
        """The ends of all logs, for a person who must find out what went wrong."""
        return "\n".join(process.tail() for process in self.processes)

    def wait_for_records(self, decision_ids: Sequence[str], seconds: float = 5) -> None:
        """Waits for the next checkpoint: until it covers the records of all these decisions."""
        deadline = time.monotonic() + seconds
        while missing := [id for id in decision_ids if id.encode() not in self.log_entries()]:
            if time.monotonic() > deadline:
                raise ProcessFailed(f"not in the log after {seconds} s: {', '.join(missing)}")
            time.sleep(0.05)

    def log_entries(self) -> bytes:
        """All entry bundles, one after the other."""
        files = sorted((self.log_folder / "tile/entries").rglob("*"))
        return b"".join(file.read_bytes() for file in files if file.is_file())

    def verify_log(self) -> str:
        """What `portcullis log verify` prints, given the folder and the verifier key alone."""
        binary = portcullis_binary()
        key = run([binary, "log", "vkey", "--config", self.config_file]).strip()
        return run([binary, "log", "verify", self.log_folder, "--vkey", key]).strip()


def run(command: Sequence[str | Path]) -> str:
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, timeout=60)
    if done.returncode != 0:
        output = done.stderr + done.stdout
        raise ProcessFailed(f"`{' '.join(words)}` ended with {done.returncode}\n{output}")
    return done.stdout


def ask(url: str) -> str:
    with urllib.request.urlopen(url, timeout=2) as answer:
        text: str = answer.read().decode()
    return text


def admin_ready(admin: Path) -> bool:
    try:
        return admin.exists() and ask(f"http://{admin.read_text()}/ready").strip() == "LIVE"
    except (OSError, ValueError):
        return False
