# SPDX-License-Identifier: Apache-2.0
"""A real Envoy asks over mutual TLS, as envoy/clusters/portcullis-tls.yaml says."""

import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from conftest import Partner
from test_envoy_configs import with_tls_cluster
from test_operators import free_port, wait_until

from demo.mesh import ROOT, Mesh, run

CLIENTS = ["spiffe://acme.example/gateway"]


@dataclass
class RemoteMesh(Mesh):
    """The demo's mesh, whose gateway asks over mutual TLS with the certificate `asks_as`."""

    asks_as: str | None = "gateway"
    authz_port: int = 0

    def prepare(self) -> None:
        super().prepare()
        self.authz_port = free_port()
        document = with_tls_cluster(ROOT / "envoy/gateway.yaml")
        cluster = next(
            it for it in document["static_resources"]["clusters"] if it["name"] == "portcullis"
        )
        tls = cluster["transport_socket"]["typed_config"]["common_tls_context"]
        if self.asks_as is None:
            del tls["tls_certificates"]
        else:
            for part in tls["tls_certificates"][0].values():
                part["filename"] = part["filename"].replace("gateway", self.asks_as)
        self.gateway_config = self.folder / "gateway.json"
        self.gateway_config.write_text(json.dumps(document))

    def start_portcullis(self) -> None:
        # A second authority that all trust, for the certificate to come.
        run([ROOT / "Scripts/certificates", self.next_certificates])
        first = (self.certificates / "ca.pem").read_text()
        self.trusted.write_text(first)
        both = first + (self.next_certificates / "ca.pem").read_text()
        (self.certificates / "ca.pem").write_text(both)
        super().start_portcullis()

    @property
    def next_certificates(self) -> Path:
        return self.folder / "next"

    @property
    def trusted(self) -> Path:
        """Portcullis's authorities of clients."""
        return self.folder / "trusted.pem"

    @property
    def authz_socket(self) -> Path | None:
        return None

    def portcullis_config(self) -> dict[str, Any]:
        tls = {
            "certificate": str(self.certificates / "portcullis.pem"),
            "key": str(self.certificates / "portcullis.key"),
            "client_authorities": str(self.trusted),
            "clients": CLIENTS,
        }
        listen = {"tcp": f"127.0.0.1:{self.authz_port}", "tls": tls}
        operators = {"unix": str(self.socket_path)}
        return {**super().portcullis_config(), "listen": listen, "operators": operators}

    def start_envoy(self, endpoints: dict[str, tuple[str, int]]) -> None:
        super().start_envoy({**endpoints, "portcullis": ("127.0.0.1", self.authz_port)})

    def metric(self, name: str) -> float:
        """The sum of the metrics whose name and labels begin so."""
        transport = httpx2.HTTPTransport(uds=str(self.socket_path))
        with httpx2.Client(transport=transport) as client:
            lines = client.get("http://operators/metrics").text.splitlines()
        return sum(float(it.rsplit(" ", 1)[1]) for it in lines if it.startswith(name))


@pytest.fixture
def start_remote(tmp_path: Path) -> Iterator[Callable[..., RemoteMesh]]:
    started: list[RemoteMesh] = []

    def start(asks_as: str | None = "gateway") -> RemoteMesh:
        started.append(RemoteMesh(tmp_path / "mesh", asks_as=asks_as))
        started[-1].start()
        return started[-1]

    yield start
    for mesh in started:
        mesh.stop()


def failed(reason: str) -> str:
    return f'portcullis_tls_handshake_failures_total{{reason="{reason}"}}'


@pytest.mark.parametrize(
    ("asks_as", "reason"),
    [("researcher", "client_unknown"), ("rogue", "certificate_untrusted"),
     (None, "certificate_missing")],
)  # fmt: skip
def test_others_are_refused(
    start_remote: Callable[..., RemoteMesh], asks_as: str | None, reason: str
) -> None:
    mesh = start_remote(asks_as)
    assert Partner(mesh).request("GET", "/rates").status_code == 503
    assert mesh.metric(failed(reason)) > 0
    assert mesh.metric("portcullis_calls_total") == 0


def test_checks_are_answered_while_certificates_change(
    start_remote: Callable[..., RemoteMesh],
) -> None:
    mesh = start_remote()
    partner = Partner(mesh)
    assert partner.request("GET", "/rates").status_code == 200
    statuses: list[int] = []
    is_over = threading.Event()

    def ask() -> None:
        while not is_over.is_set():
            statuses.append(partner.request("GET", "/rates").status_code)

    clients = [threading.Thread(target=ask) for _ in range(3)]
    for client in clients:
        client.start()
    try:
        wait_until(lambda: len(statuses) > 20)
        opened = mesh.metric("portcullis_connections_accepted_total")
        for kind in ("pem", "key"):
            new = mesh.next_certificates / f"portcullis.{kind}"
            os.replace(new, mesh.certificates / new.name)
        # Other authorities have Envoy connect anew, to the other certificate.
        shutil.copy(mesh.certificates / "ca.pem", mesh.trusted)
        wait_until(lambda: mesh.metric("portcullis_connections_accepted_total") > opened)
        before = len(statuses)
        wait_until(lambda: len(statuses) > before + 50)
    finally:
        is_over.set()
        for client in clients:
            client.join()
    assert set(statuses) == {200}
    assert mesh.metric("portcullis_tls_handshake_failures_total") == 0
    codes = mesh.stop()
    assert codes["portcullis"] == 0
