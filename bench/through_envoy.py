#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a request through Envoy pays for being authorized.

usage: through_envoy.py --envoy BINARY --portcullis BINARY --limit BINARY --awake BINARY
                        --load FOLDER [--rounds N]

One Envoy with one worker has a listener for each contender: without authorization, with the bare C
server that answers a constant, with Portcullis (OPA-Envoy's policy, context, every decision in the
log), and with OPA-Envoy when OPA_ENVOY names its binary. Envoy answers allowed requests itself, so
no upstream blurs the difference. In each round all of them get the same MCP call, one at a time
for the latency, then on 8 connections of 16 streams, in an order that changes.
Exit status: 0, or 2 when something could not run.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import compare
from compare import Contender

TYPES = "type.googleapis.com/envoy.extensions"
AGENT = "spiffe://acme.example/ns/agents/sa/research-agent"
CALL = {
    "jsonrpc": "2.0",
    "id": 7,
    "method": "tools/call",
    "params": {
        "name": "search_documents",
        "arguments": {"query": "quarterly revenue forecast for the EMEA region", "limit": 25},
    },
}


@dataclass
class Way:
    """A listener of Envoy, and who authorizes there."""

    name: str
    authorizer: Contender | None
    port: int = field(default_factory=compare.free_port)
    latencies: list[float] = field(default_factory=list)
    # Microseconds more than without authorization in the same round.
    added: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)

    @property
    def cluster_name(self) -> str:
        """Envoy sends it as `:authority`."""
        return f"authorizer-{self.port}"

    def listener(self) -> dict[str, Any]:
        router = {"@type": f"{TYPES}.filters.http.router.v3.Router"}
        filters = [{"name": "envoy.filters.http.router", "typed_config": router}]
        if self.authorizer:
            filters.insert(0, authorization(self.cluster_name))
        answer = {"status": 200, "body": {"inline_string": "done"}}
        host = {
            "name": "all",
            "domains": ["*"],
            "routes": [{"match": {"prefix": "/"}, "direct_response": answer}],
        }
        manager = {
            "@type": f"{TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": "bench",
            "http_filters": filters,
            "route_config": {"virtual_hosts": [host]},
        }
        network = {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}
        return {
            "name": self.name,
            "address": address(self.port),
            "filter_chains": [{"filters": [network]}],
        }

    def cluster(self) -> dict[str, Any]:
        assert self.authorizer
        endpoint = {"endpoint": {"address": address(self.authorizer.port)}}
        options = {
            "@type": f"{TYPES}.upstreams.http.v3.HttpProtocolOptions",
            "explicit_http_config": {"http2_protocol_options": {}},
        }
        return {
            "name": self.cluster_name,
            "type": "STATIC",
            "load_assignment": {
                "cluster_name": self.cluster_name,
                "endpoints": [{"lb_endpoints": [endpoint]}],
            },
            "typed_extension_protocol_options": {
                f"{TYPES.split('/')[1]}.upstreams.http.v3.HttpProtocolOptions": options
            },
        }


def address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def authorization(cluster: str) -> dict[str, Any]:
    return {
        "name": "envoy.filters.http.ext_authz",
        "typed_config": {
            "@type": f"{TYPES}.filters.http.ext_authz.v3.ExtAuthz",
            "transport_api_version": "V3",
            "grpc_service": {"envoy_grpc": {"cluster_name": cluster}, "timeout": "5s"},
            "with_request_body": {"max_request_bytes": 8192, "allow_partial_message": True},
        },
    }


@contextlib.contextmanager
def envoy(binary: str, ways: list[Way], folder: Path) -> Iterator[None]:
    config = folder / "envoy.json"
    resources = {
        "listeners": [way.listener() for way in ways],
        "clusters": [way.cluster() for way in ways if way.authorizer],
    }
    config.write_text(json.dumps({"static_resources": resources}))
    output = folder / "envoy.txt"
    process = subprocess.Popen(
        [binary, "--concurrency", "1", "-c", str(config), "--use-dynamic-base-id", "-l", "warn"],
        stdout=output.open("wb"),
        stderr=subprocess.STDOUT,
    )
    try:
        begun = time.monotonic()
        while not all(compare.answers(way.port) for way in ways):
            if process.poll() is not None or time.monotonic() - begun > 60:
                sys.exit(f"Envoy did not start:\n{output.read_text()}")
            time.sleep(0.01)
        yield
    finally:
        process.terminate()
        process.wait(30)


def h2load(way: Way, body: Path, options: list[str]) -> str:
    command = ["h2load", *options, "-d", str(body), "-H", f"x-spiffe: {AGENT}"]
    command += ["-H", "content-type: application/json", f"http://127.0.0.1:{way.port}/mcp"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode:
        sys.exit(f"h2load failed: {done.stdout}{done.stderr}")
    if f"status codes: {options[1]} 2xx" not in done.stdout:
        sys.exit(f"{way.name}: not every call was allowed\n{done.stdout}")
    return done.stdout


def latency(way: Way, body: Path, folder: Path) -> float:
    log = folder / "latency.tsv"
    log.unlink(missing_ok=True)
    h2load(way, body, ["-n", "500", "-c", "1", "-m", "1", f"--log-file={log}"])
    return statistics.median(int(line.split("\t")[2]) for line in log.read_text().splitlines())


def rate(way: Way, body: Path) -> float:
    text = h2load(way, body, ["-n", "4000", "-c", "8", "-m", "16"])
    return float(re.search(r"([\d.]+) req/s", text)[1])  # type: ignore[index]


def measure(ways: list[Way], body: Path, folder: Path, rounds: int) -> None:
    for way in ways:
        rate(way, body)
    for _ in range(rounds):
        random.shuffle(ways)
        for way in ways:
            way.latencies.append(latency(way, body, folder))
        alone = next(way for way in ways if not way.authorizer).latencies[-1]
        for way in ways:
            way.added.append(way.latencies[-1] - alone)
            way.rates.append(rate(way, body))


def contenders(options: argparse.Namespace, folder: Path) -> list[Way]:
    rivals = compare.Field(options, folder)
    ways = [Way("Envoy alone", None)]
    ways.append(Way("limit", rivals.free.limit))
    ways.append(Way("Portcullis: OPA-Envoy's policy, context, log", rivals.free.equal))
    settings = compare.equal(rivals.load)
    rivals.free.equal.configure(
        options.portcullis, {**settings, "agents": {"key": "header:x-spiffe"}}
    )
    if rivals.opa:
        ways.append(Way("OPA-Envoy", rivals.opa))
    return ways


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    for name in ("envoy", "portcullis", "limit", "awake"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--load", required=True, help="folder with realistic.rego")
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    for name in ("portcullis", "limit", "awake"):
        setattr(options, name, str(Path(getattr(options, name)).resolve()))
    if not shutil.which("h2load"):
        print("`h2load` is not installed", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="portcullis-bench-") as name:
        folder = Path(name)
        body = folder / "call.json"
        body.write_text(json.dumps(CALL))
        ways = contenders(options, folder)
        shown = list(ways)
        authorizers = [way.authorizer for way in ways if way.authorizer]
        try:
            for authorizer in authorizers:
                authorizer.start()
            with envoy(options.envoy, ways, folder), compare.awake(options.awake):
                measure(ways, body, folder, options.rounds)
        finally:
            for authorizer in authorizers:
                authorizer.stop()
    print(f"{compare.machine()}; {options.rounds} interleaved rounds; Envoy with one worker")
    print(f"\n{'through Envoy':<46} {'p50 us':>8} {'added us':>9} {'req/s':>8}")
    for way in shown:
        p50, rates = statistics.median(way.latencies), statistics.median(way.rates)
        added = f"{statistics.median(way.added):.0f}" if way.authorizer else ""
        print(f"{way.name:<46} {p50:>8.0f} {added:>9} {rates:>8.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
