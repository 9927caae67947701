# SPDX-License-Identifier: Apache-2.0
"""A mesh for each module of tests, and a plain client through it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest

from demo.mesh import Mesh
from demo.story import PARTNER, Gateway

if TYPE_CHECKING:
    from direct import Server

# gRPC's own handling of forks now and then ends a child before it becomes the server.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"

MeshFactory = Callable[..., Mesh]
MakeServer = Callable[..., "Server"]


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[MakeServer]:
    """Makes servers, in the test's folder or another one, that end with the test."""
    # It imports gRPC, which looks at the environment as it is then.
    from direct import Server

    servers: list[Server] = []

    def make(folder: Path = tmp_path, **options: object) -> Server:
        servers.append(Server(folder, **options))  # type: ignore[arg-type]
        return servers[-1]

    yield make
    for server in servers:
        server.stop()


@pytest.fixture(scope="module")
def start_mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MeshFactory]:
    """Starts meshes that end with the module; keywords are Mesh's own."""
    started: list[Mesh] = []

    def start(**options: object) -> Mesh:
        mesh = Mesh(tmp_path_factory.mktemp("mesh"), **options)  # type: ignore[arg-type]
        started.append(mesh.__enter__())
        return mesh

    yield start
    for mesh in started:
        mesh.stop()


@pytest.fixture(scope="module")
def mesh(start_mesh: MeshFactory) -> Mesh:
    """The mesh of the demo."""
    return start_mesh()


class Partner:
    """The partner's web server as the researcher reaches it; it answers with what it saw."""

    def __init__(self, mesh: Mesh) -> None:
        self.gateway = Gateway(f"127.0.0.1:{mesh.port}", mesh.certificates)

    def request(self, method: str, path: str, **options: object) -> httpx2.Response:
        url = f"https://{self.gateway.address}{path}"
        headers = {"host": PARTNER, **options.pop("headers", {})}  # type: ignore[dict-item]
        with httpx2.Client(verify=self.gateway.tls("researcher"), trust_env=False) as client:
            return client.request(method, url, headers=headers, **options)  # type: ignore[arg-type]


def folder(name: str) -> Path:
    return Path(__file__).resolve().parent / name
